import { createSigner } from '../../../src/auth/signature.ts'
import { serveCommands } from './child.ts'
import type { Route } from './contender.ts'
import { post } from './post.ts'
import { queueEvent } from './queue-event.ts'

/**
 * The loop that one would write by hand, so many at once: ReceiveMessage, the event, Invoke, DeleteMessageBatch, again. Its calls
 * are signed and nothing else: it looks at no limit, retries nothing, reads no answer of the function.
 */
interface Message {
  readonly MessageId: string
  readonly ReceiptHandle: string
  readonly Body: string
  readonly Attributes: Readonly<Record<string, string>>
  readonly MD5OfBody: string
}

const identity = { accessKeyId: 'bench', secretAccessKey: 'bench' }
const signer = createSigner({ service: 'sqs', region: 'us-east-1' })

const commands = {
  start(route: Route) {
    for (let loops = 0; loops < route.concurrency; loops += 1) void carry(route)
  },
}

export type QueueLoopCommands = typeof commands

async function carry({ endpoint, queueUrl, queueArn, functionUrl }: Route): Promise<void> {
  const receive = JSON.stringify({
    QueueUrl: queueUrl,
    MaxNumberOfMessages: 10,
    WaitTimeSeconds: 20,
    AttributeNames: ['All'],
    MessageAttributeNames: ['All'],
  })
  for (;;) {
    const { Messages: messages = [] } = JSON.parse(await call(endpoint, 'ReceiveMessage', receive)) as {
      Messages?: readonly Message[]
    }
    if (messages.length === 0) continue
    await post(functionUrl, {}, queueEvent(messages, queueArn))
    const entries = messages.map(({ ReceiptHandle }, index) => ({ Id: String(index), ReceiptHandle }))
    await call(endpoint, 'DeleteMessageBatch', JSON.stringify({ QueueUrl: queueUrl, Entries: entries }))
  }
}

function call(endpoint: string, operation: string, body: string): Promise<string> {
  const headers = {
    'content-type': 'application/x-amz-json-1.0',
    host: new URL(endpoint).host,
    'x-amz-target': `AmazonSQS.${operation}`,
  }
  return post(endpoint, signer.sign({ method: 'POST', path: '/', headers, body }, identity, Date.now()), body)
}

serveCommands(commands)
