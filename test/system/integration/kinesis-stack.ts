import { CreateStreamCommand, DescribeStreamCommand, KinesisClient, PutRecordsCommand } from '@aws-sdk/client-kinesis'
import { NodeHttpHandler } from '@smithy/node-http-handler'
import type { ChildService } from '../../support/sources/child-service.ts'
import { startKinesisLocal } from '../../support/sources/kinesis-local.ts'
import { startQueueStack, type Millrace, type QueueStack } from './queue-stack.ts'
import { until } from '../../support/until.ts'

export interface KinesisEvent {
  readonly Records: readonly {
    readonly eventID: string
    readonly kinesis: { readonly data: string; readonly partitionKey: string; readonly sequenceNumber: string }
  }[]
}

export interface WindowEvent extends KinesisEvent {
  readonly window: { readonly start: string; readonly end: string }
  readonly state: Readonly<Record<string, unknown>>
  readonly shardId: string
  readonly eventSourceARN: string
  readonly isFinalInvokeForWindow: boolean
  readonly isWindowTerminatedEarly: boolean
}

export interface KinesisService {
  readonly service: ChildService
  readonly client: KinesisClient
  /** A queue stack with a new stream beside it. */
  stackOf(shards?: number): Promise<KinesisStack>
  stop(): Promise<void>
}

export interface KinesisStack extends QueueStack {
  readonly name: string
  readonly arn: string
  /** The partition key of a record is its first letter. */
  put(...data: string[]): Promise<void>
  run(...mappings: object[]): Promise<Millrace>
  runWith(options: object, ...mappings: object[]): Promise<Millrace>
  /** What the function has had, in the order it had it. */
  seen(functionName?: string): readonly string[]
  events(): readonly KinesisEvent[]
  untilActive(what: string): Promise<void>
}

/** kinesis-local for one test file. */
export async function startKinesisService(): Promise<KinesisService> {
  const service = await startKinesisLocal()
  const client = new KinesisClient({
    endpoint: service.endpoint,
    region: 'us-east-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    requestHandler: new NodeHttpHandler(),
  })
  let streams = 0
  return {
    service,
    client,
    stackOf: async (shards = 1) => {
      const stack = await startQueueStack({ functions: { orders: { timeoutS: 3 }, invoices: { timeoutS: 3 } } })
      return stackWith(stack, { service, client, name: `stream-${++streams}`, shards })
    },
    async stop() {
      client.destroy()
      await service.stop()
    },
  }
}

export function dataOf(event: KinesisEvent): readonly string[] {
  return event.Records.map((record) => Buffer.from(record.kinesis.data, 'base64').toString())
}

interface Parts {
  readonly service: ChildService
  readonly client: KinesisClient
  readonly name: string
  readonly shards: number
}

async function stackWith(stack: QueueStack, { service, client, name, shards }: Parts): Promise<KinesisStack> {
  const { functions, start, endpoints } = stack
  const untilActive = (what: string): Promise<void> =>
    until(async () => {
      const found = await client.send(new DescribeStreamCommand({ StreamName: name }))
      return found.StreamDescription?.StreamStatus === 'ACTIVE'
    }, what)
  await client.send(new CreateStreamCommand({ StreamName: name, ShardCount: shards }))
  await untilActive('the stream is active')
  const arn = `arn:aws:kinesis:us-east-1:000000000000:stream/${name}`
  const runWith = (options: object, ...mappings: object[]): Promise<Millrace> =>
    start({
      aws: {
        region: 'us-east-1',
        account: '000000000000',
        endpoints: { ...endpoints, sns: endpoints.sqs, kinesis: service.endpoint },
      },
      mappings: mappings.map((mapping) => ({
        EventSourceArn: arn,
        FunctionName: 'orders',
        StartingPosition: 'TRIM_HORIZON',
        ...mapping,
      })),
      ...options,
    })
  return {
    ...stack,
    name,
    arn,
    untilActive,
    async put(...data) {
      const Records = data.map((each) => ({ Data: Buffer.from(each), PartitionKey: each.slice(0, 1) }))
      await client.send(new PutRecordsCommand({ StreamName: name, Records }))
    },
    run: (...mappings) => runWith({}, ...mappings),
    runWith,
    seen: (functionName = 'orders') =>
      functions.invocations
        .filter((invocation) => invocation.functionName === functionName)
        .flatMap(({ payload }) => dataOf(JSON.parse(payload) as KinesisEvent)),
    events: () => functions.invocations.map(({ payload }) => JSON.parse(payload) as KinesisEvent),
  }
}
