import {
  CreateStreamCommand,
  DescribeStreamSummaryCommand,
  KinesisClient,
  PutRecordsCommand,
} from '@aws-sdk/client-kinesis'
import { NodeHttpHandler } from '@smithy/node-http-handler'
import { afterEach, beforeEach, expect, it } from 'vitest'
import type { ChildService } from '../../support/sources/child-service.ts'
import { startKinesisLocal } from '../../support/sources/kinesis-local.ts'
import { account, startQueueStack, type QueueStack } from '../integration/queue-stack.ts'
import { until } from '../../support/until.ts'

let service: ChildService
let kinesis: KinesisClient
let stack: QueueStack

beforeEach(async () => {
  service = await startKinesisLocal()
  kinesis = new KinesisClient({
    endpoint: service.endpoint,
    region: 'us-east-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    requestHandler: new NodeHttpHandler(),
  })
  stack = await startQueueStack({ functions: { orders: { timeoutS: 3 } } })
})

afterEach(async () => {
  await stack.stop()
  kinesis.destroy()
  await service.stop()
})

const StreamName = 'clicks'

async function createStream(): Promise<void> {
  await kinesis.send(new CreateStreamCommand({ StreamName, ShardCount: 1 }))
  await until(async () => {
    const found = await kinesis.send(new DescribeStreamSummaryCommand({ StreamName }))
    return found.StreamDescriptionSummary?.StreamStatus === 'ACTIVE'
  }, 'the stream is active')
}

const put = (...data: string[]) =>
  kinesis.send(
    new PutRecordsCommand({
      StreamName,
      Records: data.map((each) => ({ Data: Buffer.from(each), PartitionKey: 'key' })),
    }),
  )

interface KinesisEvent {
  readonly Records: readonly { readonly kinesis: { readonly data: string } }[]
}

it('an emulator that is restarted under a running mapping is read from its new beginning (floci#2076)', async () => {
  const seen = () =>
    stack.functions.invocations
      .flatMap(({ payload }) => (JSON.parse(payload) as KinesisEvent).Records)
      .map(({ kinesis: { data } }) => Buffer.from(data, 'base64').toString())
  await createStream()
  await put('old 1', 'old 2')
  await stack.start({
    aws: { region: 'us-east-1', account, endpoints: { ...stack.endpoints, kinesis: service.endpoint } },
    mappings: [
      {
        EventSourceArn: `arn:aws:kinesis:us-east-1:${account}:stream/${StreamName}`,
        FunctionName: 'orders',
        StartingPosition: 'LATEST',
      },
    ],
  })
  await put('old 3')
  await until(() => seen().includes('old 3'), 'the records of the first life')
  await service.restart()
  await createStream()
  await put('new 1', 'new 2')
  await until(() => seen().includes('new 2'), 'the records of the second life')
  expect(seen().filter((each) => each.startsWith('new'))).toEqual(['new 1', 'new 2'])
})
