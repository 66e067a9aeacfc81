import {
  CreateStreamCommand,
  DescribeStreamCommand,
  KinesisClient,
  ListShardsCommand,
  MergeShardsCommand,
  PutRecordsCommand,
  SplitShardCommand,
} from '@aws-sdk/client-kinesis'
import { NodeHttpHandler } from '@smithy/node-http-handler'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { ok } from '../fakes/functions/behaviour.ts'
import type { ChildService } from '../fakes/sources/child-service.ts'
import { startKinesisLocal } from '../fakes/sources/kinesis-local.ts'
import { queueArn, startQueueStack, until, type QueueStack } from './queue-stack.ts'

let service: ChildService
let kinesis: KinesisClient
let stack: QueueStack
let streams = 0

beforeAll(async () => {
  service = await startKinesisLocal()
  const credentials = { accessKeyId: 'test', secretAccessKey: 'test' }
  kinesis = new KinesisClient({
    endpoint: service.endpoint,
    region: 'us-east-1',
    credentials,
    requestHandler: new NodeHttpHandler(),
  })
})

afterAll(async () => {
  kinesis.destroy()
  await service.stop()
})

afterEach(() => stack.stop())

interface KinesisEvent {
  readonly Records: readonly {
    readonly eventID: string
    readonly kinesis: { readonly data: string; readonly partitionKey: string }
  }[]
}

async function stackOf(shards = 1) {
  stack = await startQueueStack({ functions: { orders: { timeoutS: 3 }, invoices: { timeoutS: 3 } } })
  const { functions, start, endpoints } = stack
  const name = `stream-${++streams}`
  await kinesis.send(new CreateStreamCommand({ StreamName: name, ShardCount: shards }))
  await until(async () => {
    const found = await kinesis.send(new DescribeStreamCommand({ StreamName: name }))
    return found.StreamDescription?.StreamStatus === 'ACTIVE'
  }, 'the stream is active')
  const arn = `arn:aws:kinesis:us-east-1:000000000000:stream/${name}`
  const events = () => functions.invocations.map(({ payload }) => JSON.parse(payload) as KinesisEvent)
  return {
    ...stack,
    name,
    arn,
    put: (...data: string[]) =>
      kinesis.send(
        new PutRecordsCommand({
          StreamName: name,
          Records: data.map((each) => ({ Data: Buffer.from(each), PartitionKey: each.slice(0, 1) })),
        }),
      ),
    run: (...mappings: object[]) =>
      start({
        aws: { region: 'us-east-1', account: '000000000000', endpoints: { ...endpoints, kinesis: service.endpoint } },
        mappings: mappings.map((mapping) => ({
          EventSourceArn: arn,
          FunctionName: 'orders',
          StartingPosition: 'TRIM_HORIZON',
          ...mapping,
        })),
      }),
    seen: (functionName = 'orders') =>
      functions.invocations
        .filter((invocation) => invocation.functionName === functionName)
        .flatMap(({ payload }) => (JSON.parse(payload) as KinesisEvent).Records)
        .map((record) => Buffer.from(record.kinesis.data, 'base64').toString()),
    events,
  }
}

describe('a Kinesis stream', () => {
  // proves: stream.start.horizon@Kinesis
  it('is read from its horizon, in batches, in order', async () => {
    const { put, run, seen, events } = await stackOf()
    await put(...Array.from({ length: 25 }, (_, index) => `a${index}`))
    await run({ BatchSize: 10 })
    await until(() => seen().length === 25, 'all records')
    expect(seen()).toEqual(Array.from({ length: 25 }, (_, index) => `a${index}`))
    expect(events().every(({ Records }) => Records.length <= 10)).toBe(true)
  })

  // proves: unique.qualified@Kinesis, unique.qualified@DynamoDB
  it('gives two mappings every record each (LocalStack#4513)', async () => {
    const { put, run, seen } = await stackOf()
    await run({}, { FunctionName: 'invoices' })
    await put('a', 'b')
    await until(() => seen().length === 2 && seen('invoices').length === 2, 'both have both')
    expect(seen('invoices')).toEqual(['a', 'b'])
  })

  // proves: stream.start.latest@Kinesis
  it('from LATEST shows what was written after the mapping was made, and nothing older', async () => {
    const { put, run, seen } = await stackOf()
    await put('old')
    const writtenMs = Date.now()
    await until(() => Date.now() > writtenMs, 'the next millisecond')
    await run({ StartingPosition: 'LATEST' })
    await put('new')
    await until(() => seen().length > 0, 'the new record')
    expect(seen()).toEqual(['new'])
  })

  // proves: stream.reshard@Kinesis
  it('reads the children of a split and of a merge after their parents, from their beginning', async () => {
    const { put, run, seen, name, events } = await stackOf()
    await run({ BatchSize: 5 })
    await put('a1', 'b1', 'c1')
    const [parent] = (await kinesis.send(new ListShardsCommand({ StreamName: name }))).Shards ?? []
    await kinesis.send(
      new SplitShardCommand({
        StreamName: name,
        ShardToSplit: parent?.ShardId,
        NewStartingHashKey: String(2n ** 127n),
      }),
    )
    const active = async () => {
      const found = await kinesis.send(new DescribeStreamCommand({ StreamName: name }))
      return found.StreamDescription?.StreamStatus === 'ACTIVE'
    }
    await until(active, 'the split is done')
    await put('a2', 'b2', 'c2', 'd2')
    await until(() => seen().length === 7, 'the records of the children')
    const children = (await kinesis.send(new ListShardsCommand({ StreamName: name }))).Shards?.slice(1, 3) ?? []
    await kinesis.send(
      new MergeShardsCommand({
        StreamName: name,
        ShardToMerge: children[0]?.ShardId,
        AdjacentShardToMerge: children[1]?.ShardId,
      }),
    )
    await until(active, 'the merge is done')
    await put('a3', 'b3', 'c3', 'd3')
    await until(() => seen().length === 11, 'the records of the merged shard')
    for (const key of ['a', 'b', 'c', 'd']) {
      const own = seen().filter((each) => each.startsWith(key))
      expect(own).toEqual(own.toSorted())
    }
    const shards = new Set(events().flatMap(({ Records }) => Records.map((each) => each.eventID.split(':')[0])))
    expect(shards.size).toBe(4)
  })

  // proves: stream.discard-order@Kinesis
  it('retries a failing batch in place, then tells the failure destination and goes on', async () => {
    const { put, run, seen, functions, queue, queues } = await stackOf()
    queue('failures')
    functions.behave(({ payload }) =>
      payload.includes(Buffer.from('poison').toString('base64'))
        ? { kind: 'error', errorType: 'Error', message: 'boom' }
        : ok(),
    )
    await run({
      BatchSize: 1,
      MaximumRetryAttempts: 1,
      DestinationConfig: { OnFailure: { Destination: queueArn('failures') } },
    })
    await put('poison', 'after')
    await until(() => seen().includes('after'), 'the record after')
    expect(seen()).toEqual(['poison', 'poison', 'after'])
    await until(() => queues.inspectQueue('failures')?.messages.ready.length === 1, 'the failure record')
    const body = JSON.parse(queues.inspectQueue('failures')?.messages.ready[0]?.body ?? '') as object
    expect(body).toMatchObject({
      requestContext: { condition: 'RetryAttemptsExhausted', approximateInvokeCount: 2 },
      KinesisBatchInfo: { batchSize: 1 },
    })
  })

  it('is attached by its name when it appears (issue 4, names)', async () => {
    const { start, endpoints, functions } = await stackOf()
    const name = `later-${streams}`
    await start({
      aws: { region: 'us-east-1', account: '000000000000', endpoints: { ...endpoints, kinesis: service.endpoint } },
      mappings: [{ EventSourceArn: `kinesis:${name}`, FunctionName: 'orders', StartingPosition: 'TRIM_HORIZON' }],
    })
    await kinesis.send(new CreateStreamCommand({ StreamName: name, ShardCount: 1 }))
    await until(async () => {
      const found = await kinesis.send(new DescribeStreamCommand({ StreamName: name }))
      return found.StreamDescription?.StreamStatus === 'ACTIVE'
    }, 'the stream is active')
    await kinesis.send(
      new PutRecordsCommand({ StreamName: name, Records: [{ Data: Buffer.from('x'), PartitionKey: 'x' }] }),
    )
    await functions.untilInvoked(1, 10_000)
    expect(functions.invocations).toHaveLength(1)
  })
})
