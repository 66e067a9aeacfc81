import { CreateStreamCommand, DescribeStreamCommand, PutRecordsCommand } from '@aws-sdk/client-kinesis'
import { startDynamoStreamServer, type DynamoStreamServer } from '../../../support/dynamodb-stream-server.ts'
import type { Handler } from '../../../support/functions/server.ts'
import { ok, raw } from '../../../support/functions/behaviour.ts'
import type { Cause, Finding } from '../../../../src/api/why/finding.ts'
import type { ServiceOptions } from './options.ts'
import { startKinesisService } from '../kinesis-stack.ts'
import { account, queueArn, startQueueStack, type Millrace, type QueueStack } from '../queue-stack.ts'
import { until } from '../../../support/until.ts'

/** Real queues, streams and functions, one of each kind, and a Millrace for every cause. */
export interface WhyWorld extends Omit<QueueStack, 'start'> {
  readonly tables: DynamoStreamServer
  /** A new queue with a redrive policy (three receives) and a visibility of 30 s. */
  newQueue(attributes?: Record<string, string>): { readonly name: string; readonly arn: string }
  /** A new table with a stream. */
  newTable(shards?: number): { readonly name: string; readonly arn: string }
  /** A new Kinesis stream of one shard, with these records in it. */
  newStream(...data: readonly string[]): Promise<{ readonly name: string; readonly arn: string }>
  name(prefix: string): string
  /** What the function `orders` does from now on. */
  behave(handler: Handler): void
  /** The function `orders` is deleted, for this cause. */
  removeFunction(): void
  /** Millrace with these mappings; stopped when the cause has been seen. */
  start(mappings: readonly object[], options?: ServiceOptions): Promise<Millrace>
  /** Done when the cause has been seen, before Millrace is stopped. */
  afterwards(action: () => unknown): void
}

/** One row of the table: a cause that is provoked, and the sentence that says it. */
export interface Row {
  readonly what: string
  readonly cause: Cause
  /** false: something else is the answer, and this is said below it. */
  readonly isAnswer?: boolean
  readonly says: string
  /** Brings it about; answers with what to ask `why` about, if not about all. */
  readonly provoke: (world: WhyWorld) => Promise<{ readonly endpoint: string; readonly about?: string }>
}

export interface Explained {
  readonly uuid: string
  readonly cause: string
  readonly answer: string
  readonly findings: readonly Finding[]
}

export async function startWhyWorld(): Promise<WhyWorld & { seen(): Promise<void> }> {
  const functions: Record<string, { readonly timeoutS: number }> = { orders: { timeoutS: 3 } }
  const stack = await startQueueStack({ functions })
  const tables = await startDynamoStreamServer()
  const kinesis = await startKinesisService()
  const endpoints = {
    ...stack.endpoints,
    sns: stack.endpoints.sqs,
    dynamodb: tables.endpoint,
    dynamodbstreams: tables.endpoint,
    kinesis: kinesis.service.endpoint,
  }
  let names = 0
  let running: Millrace[] = []
  let after: (() => unknown)[] = []
  const name = (prefix: string): string => `${prefix}-${++names}`
  const deadLetters = stack.queue('dead-letters')
  const deadLettersFifo = stack.queue('dead-letters.fifo', { FifoQueue: 'true' })
  return {
    ...stack,
    tables,
    name,
    newQueue(attributes = {}) {
      const isFifo = attributes['FifoQueue'] === 'true'
      const made = `${name('queue')}${isFifo ? '.fifo' : ''}`
      const deadLetterTargetArn = isFifo ? deadLettersFifo : deadLetters
      const RedrivePolicy = JSON.stringify({ deadLetterTargetArn, maxReceiveCount: 3 })
      stack.queue(made, { VisibilityTimeout: '30', RedrivePolicy, ...attributes })
      return { name: made, arn: queueArn(made) }
    },
    newTable(shards = 1) {
      const made = name('table')
      return { name: made, arn: tables.createTable(made, { shards }) }
    },
    async newStream(...data) {
      const made = name('clicks')
      await kinesis.client.send(new CreateStreamCommand({ StreamName: made, ShardCount: 1 }))
      await until(async () => {
        const found = await kinesis.client.send(new DescribeStreamCommand({ StreamName: made }))
        return found.StreamDescription?.StreamStatus === 'ACTIVE'
      }, 'the stream is active')
      const Records = data.map((each) => ({ Data: Buffer.from(each), PartitionKey: each }))
      if (Records.length > 0) await kinesis.client.send(new PutRecordsCommand({ StreamName: made, Records }))
      return { name: made, arn: `arn:aws:kinesis:us-east-1:${account}:stream/${made}` }
    },
    behave: (handler) => stack.functions.behave(handler),
    removeFunction() {
      delete functions['orders']
      stack.functions.behave(() => notFound)
    },
    async start(mappings, options = {}) {
      const { endpoints: others, ...rest } = options
      const millrace = await stack.start({
        aws: { region: 'us-east-1', account, endpoints: { ...endpoints, ...others } },
        mappings: [...mappings] as never,
        ...rest,
      })
      running.push(millrace)
      return millrace
    },
    afterwards: (action) => void after.push(action),
    async seen() {
      for (const action of after) await action()
      for (const millrace of running) {
        millrace.abort()
        await millrace.stop()
      }
      stack.functions.behave(() => ok())
      functions['orders'] = { timeoutS: 3 }
      tables.refusals.clear()
      after = []
      running = []
    },
    async stop() {
      await stack.stop()
      await tables.close()
      await kinesis.stop()
    },
  }
}

const notFound = raw(404, '{"Message":"Function not found"}', {
  'content-type': 'application/json',
  'x-amzn-errortype': 'ResourceNotFoundException',
})

export const ofQueue = (EventSourceArn: string, more: object = {}) => ({
  EventSourceArn,
  FunctionName: 'orders',
  ...more,
})

export const ofStream = (EventSourceArn: string, more: object = {}) => ({
  EventSourceArn,
  FunctionName: 'orders',
  StartingPosition: 'TRIM_HORIZON',
  ...more,
})

/** A sentence without what differs from run to run: moments, lengths of time, ids, ports. */
export function timeless(sentence: string): string {
  return sentence
    .replaceAll(/\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/g, 'ID')
    .replaceAll(/\d\d:\d\d:\d\d UTC/g, 'TIME')
    .replaceAll(/\((in )?(\d+ (s|min)|less than 1 s)\)/g, '($1N s)')
    .replaceAll(/(\d+ s|less than 1 s) ago/g, 'N s ago')
    .replaceAll(/for \d+ s\b/g, 'for N s')
    .replaceAll(/127\.0\.0\.1:\d+/g, 'HOST')
    .replaceAll(/shardId-[0-9a-f-]+/g, 'SHARD')
    .replaceAll(/\b(?!0{12}\b)\d{10,}\b/g, 'SEQUENCE')
    .replaceAll(/\b(queue|table|clicks)-\d+\b/g, '$1-N')
    .replaceAll(/\b\d+ attempts? failed/g, 'N attempts failed')
}
