import { Agent } from 'node:http'
import { SQSClient } from '@aws-sdk/client-sqs'
import { NodeHttpHandler } from '@smithy/node-http-handler'
import { Consumer } from 'sqs-consumer'
import { serveCommands } from './child.ts'
import type { Route } from './contender.ts'
import { post } from './post.ts'
import { queueEvent } from './queue-event.ts'

/** The library most people would take: one consumer per concurrent batch, a lean keep-alive request per invocation. */
let consumers: readonly Consumer[] = []

const commands = {
  start(work: Route) {
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
          await post(work.functionUrl, {}, queueEvent(messages, work.queueArn))
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

serveCommands(commands)
