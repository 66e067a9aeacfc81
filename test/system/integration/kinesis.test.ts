import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  CreateStreamCommand,
  DescribeStreamCommand,
  ListShardsCommand,
  MergeShardsCommand,
  PutRecordsCommand,
  SplitShardCommand,
  UpdateShardCountCommand,
} from '@aws-sdk/client-kinesis'
import {
  CreateEventSourceMappingCommand,
  GetEventSourceMappingCommand,
  ListEventSourceMappingsCommand,
  UpdateEventSourceMappingCommand,
} from '@aws-sdk/client-lambda'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { ok } from '../../support/functions/behaviour.ts'
import { startKinesisService, type KinesisService, type KinesisStack } from './kinesis-stack.ts'
import { queueArn } from './queue-stack.ts'
import { until } from '../../support/until.ts'

let service: KinesisService
let stack: KinesisStack
let folder: string

beforeAll(async () => {
  service = await startKinesisService()
  folder = await mkdtemp(join(tmpdir(), 'millrace-kinesis-'))
})

afterAll(async () => {
  await service.stop()
  await rm(folder, { recursive: true })
})

afterEach(() => stack.stop())

async function stackOf(shards = 1): Promise<KinesisStack> {
  stack = await service.stackOf(shards)
  return stack
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
    const { put, run, seen, name, events, untilActive } = await stackOf()
    await run({ BatchSize: 5 })
    await put('a1', 'b1', 'c1')
    const [parent] = (await service.client.send(new ListShardsCommand({ StreamName: name }))).Shards ?? []
    await service.client.send(
      new SplitShardCommand({
        StreamName: name,
        ShardToSplit: parent?.ShardId,
        NewStartingHashKey: String(2n ** 127n),
      }),
    )
    await untilActive('the split is done')
    await put('a2', 'b2', 'c2', 'd2')
    await until(() => seen().length === 7, 'the records of the children')
    const children = (await service.client.send(new ListShardsCommand({ StreamName: name }))).Shards?.slice(1, 3) ?? []
    await service.client.send(
      new MergeShardsCommand({
        StreamName: name,
        ShardToMerge: children[0]?.ShardId,
        AdjacentShardToMerge: children[1]?.ShardId,
      }),
    )
    await untilActive('the merge is done')
    await put('a3', 'b3', 'c3', 'd3')
    await until(() => seen().length === 11, 'the records of the merged shard')
    for (const key of ['a', 'b', 'c', 'd']) {
      const own = seen().filter((each) => each.startsWith(key))
      expect(own).toEqual(own.toSorted())
    }
    const shards = new Set(events().flatMap(({ Records }) => Records.map((each) => each.eventID.split(':')[0])))
    expect(shards.size).toBe(4)
  })

  // proves: stream.reshard@Kinesis
  it('goes through UpdateShardCount, up and down, with a restart between: each record once, each key in order', async () => {
    const { put, runWith, seen, name, untilActive } = await stackOf()
    const store = `sqlite:${join(folder, 'reshard.db')}`
    const resize = async (TargetShardCount: number) => {
      const ScalingType = 'UNIFORM_SCALING'
      await service.client.send(new UpdateShardCountCommand({ StreamName: name, TargetShardCount, ScalingType }))
      await untilActive('the shards are there')
    }
    const keys = ['a', 'b', 'c', 'd', 'e']
    const round = (n: number) => put(...keys.map((key) => `${key}${n}`))
    const first = await runWith({ store }, { BatchSize: 3 })
    await round(1)
    await resize(2)
    await round(2)
    await until(() => seen().length === 10, 'the records of two shards')
    await first.stop()
    await resize(1)
    await round(3)
    await runWith({ store }, { BatchSize: 3 })
    await until(() => seen().length >= 15, 'the records of the one shard again')
    for (const key of keys) {
      expect(seen().filter((each) => each.startsWith(key))).toEqual([`${key}1`, `${key}2`, `${key}3`])
    }
  })

  // proves: stream.factor@Kinesis
  it('keeps the order of each key while ParallelizationFactor changes under load', async () => {
    const { put, run, seen } = await stackOf()
    const millrace = await run({ BatchSize: 1, ParallelizationFactor: 1 })
    const keys = ['a', 'b', 'c', 'd']
    const round = (n: number) => put(...keys.map((key) => `${key}${String(n).padStart(2, '0')}`))
    const { EventSourceMappings: [mapping] = [] } = await millrace.lambda.send(new ListEventSourceMappingsCommand({}))
    for (const [index, ParallelizationFactor] of [4, 10, 2].entries()) {
      for (let n = 0; n < 5; n += 1) await round(index * 5 + n)
      await until(async () => {
        const { State } = await millrace.lambda.send(new GetEventSourceMappingCommand({ UUID: mapping?.UUID }))
        return State === 'Enabled'
      }, 'the last update has ended')
      await millrace.lambda.send(new UpdateEventSourceMappingCommand({ UUID: mapping?.UUID, ParallelizationFactor }))
    }
    await until(() => seen().length >= 60, 'every record')
    for (const key of keys) {
      const own = seen().filter((each) => each.startsWith(key))
      expect(own).toEqual(Array.from({ length: 15 }, (_, n) => `${key}${String(n).padStart(2, '0')}`))
    }
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

  it('is attached by its name when it appears', async () => {
    const { start, endpoints, functions, name: other } = await stackOf()
    const name = `later-${other}`
    const { lambda } = await start({
      aws: {
        region: 'us-east-1',
        account: '000000000000',
        endpoints: { ...endpoints, kinesis: service.service.endpoint },
      },
      mappings: [{ EventSourceArn: `kinesis:${name}`, FunctionName: 'orders', StartingPosition: 'TRIM_HORIZON' }],
    })
    await service.client.send(new CreateStreamCommand({ StreamName: name, ShardCount: 1 }))
    await until(async () => {
      const found = await service.client.send(new DescribeStreamCommand({ StreamName: name }))
      return found.StreamDescription?.StreamStatus === 'ACTIVE'
    }, 'the stream is active')
    await service.client.send(
      new PutRecordsCommand({ StreamName: name, Records: [{ Data: Buffer.from('x'), PartitionKey: 'x' }] }),
    )
    await functions.untilInvoked(1)
    expect(functions.invocations).toHaveLength(1)
    const EventSourceArn = `arn:aws:kinesis:us-east-1:000000000000:stream/${name}`
    const { EventSourceMappings: listed } = await lambda.send(new ListEventSourceMappingsCommand({ EventSourceArn }))
    expect(listed).toMatchObject([{ EventSourceArn }])
    const again = new CreateEventSourceMappingCommand({
      EventSourceArn,
      FunctionName: 'orders',
      StartingPosition: 'LATEST',
    })
    await expect(lambda.send(again)).rejects.toThrow(`existing mapping with UUID ${listed?.[0]?.UUID}`)
  })
})
