import { Agent, request } from 'node:http'
import { SQSClient, type Message } from '@aws-sdk/client-sqs'
import { NodeHttpHandler } from '@smithy/node-http-handler'
import { Consumer } from 'sqs-consumer'
import { serveCommands } from './child.ts'

/** The library most people would take: one consumer per concurrent batch, a lean keep-alive request per invocation. */
const agent = new Agent({ keepAlive: true })
let consumers: readonly Consumer[] = []

interface Work {
  readonly endpoint: string
  readonly queueUrl: string
  readonly queueArn: string
  readonly functionUrl: string
  readonly concurrency: number
}

const commands = {
  start(work: Work) {
    const client = new SQSClient({
      endpoint: work.endpoint,
      region: 'us-east-1',
      credentials: { accessKeyId: 'bench', secretAccessKey: 'bench' },
      useQueueUrlAsEndpoint: false,
      requestHandler: new NodeHttpHandler({
        httpAgent: new Agent({ keepAlive: true, maxSockets: work.concurrency * 2 }),
      }),
    })
    consumers = Array.from({ length: work.concurrency }, () =>
      Consumer.create({
        sqs: client,
        queueUrl: work.queueUrl,
        batchSize: 10,
        waitTimeSeconds: 20,
        messageSystemAttributeNames: ['All'],
        handleMessageBatch: async (messages) => {
          await invoke(work.functionUrl, eventOf(messages, work.queueArn))
          return messages
        },
      }),
    )
    for (const consumer of consumers) {
      consumer.on('error', (error) => process.stderr.write(`sqs-consumer: ${error.message}\n`))
      consumer.start()
    }
  },
}

export type SqsConsumerCommands = typeof commands

function eventOf(messages: readonly Message[], eventSourceARN: string): string {
  return JSON.stringify({
    Records: messages.map((message) => ({
      messageId: message.MessageId,
      receiptHandle: message.ReceiptHandle,
      body: message.Body,
      attributes: message.Attributes,
      messageAttributes: {},
      md5OfBody: message.MD5OfBody,
      eventSource: 'aws:sqs',
      eventSourceARN,
      awsRegion: 'us-east-1',
    })),
  })
}

function invoke(url: string, event: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const sent = request(
      url,
      { agent, method: 'POST', headers: { 'content-type': 'application/json' } },
      (response) => {
        response.resume()
        response.on('end', resolve)
        response.on('error', reject)
      },
    )
    sent.on('error', reject)
    sent.end(event)
  })
}

serveCommands(commands)
