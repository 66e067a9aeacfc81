import {
  CreateStreamCommand,
  DescribeStreamSummaryCommand,
  ListShardsCommand,
  MergeShardsCommand,
  PutRecordsCommand,
  SplitShardCommand,
  type Shard,
} from '@aws-sdk/client-kinesis'
import assert from 'node:assert/strict'
import type { ScriptedFunction } from '../functions/scripted-functions.ts'
import { until } from '../../../support/until.ts'
import type { World } from '../world.ts'
import type { Behaviour } from './behaviour.ts'
import { inputFor, streamBehaviours } from './stream-behaviours.ts'
import { doneOf, labels, untilDone, type Stream, type StreamKind } from './stream.ts'

export const kinesisKind: StreamKind = {
  source: 'kinesis',
  create: (world, id) => createStream(world, id),
  labelOf: ({ kinesis }) => Buffer.from(kinesis?.data ?? '', 'base64').toString(),
  sequenceOf: ({ kinesis }) => kinesis?.sequenceNumber ?? '',
  batchInfo: 'KinesisBatchInfo',
}

/** A label's partition key is what stands before the point. */
const keyOf = (label: string): string => label.split('.', 1)[0] ?? ''
const keyed = (keys: number, from: number, to: number): readonly string[] =>
  labels(from, to).flatMap((number) => labels(0, keys).map((key) => `k${key}.${number}`))

export const kinesisStream: readonly Behaviour[] = [
  {
    source: 'kinesis',
    name: 'happy path',
    smoke: true,
    async run(world, id) {
      const stream = await createStream(world, id, 2)
      const fn = await world.function(id)
      await world.withMapping(inputFor(stream.arn, id, { BatchSize: 10 }), async () => {
        await stream.write(keyed(8, 0, 5))
        await untilDone(kinesisKind, fn, 40)
        checkOrder(fn, keyed(8, 0, 5))
        const shards = new Set<string>()
        for (const { event } of fn.invocations) {
          assert.ok(event.Records.length <= 10, 'no batch over BatchSize')
          for (const record of event.Records) {
            assert.equal(record.eventSource, 'aws:kinesis')
            assert.equal(record.eventSourceARN, stream.arn)
            assert.equal(record.kinesis?.partitionKey, keyOf(kinesisKind.labelOf(record)))
            const [shard = '', sequence] = (record.eventID ?? '').split(':')
            assert.equal(sequence, kinesisKind.sequenceOf(record))
            shards.add(shard)
          }
        }
        assert.equal(shards.size, 2, 'records of both shards')
      })
    },
  },
  ...streamBehaviours(kinesisKind),
  {
    source: 'kinesis',
    name: 'reshard',
    async run(world, id) {
      const stream = await createStream(world, id)
      await stream.write(keyed(5, 0, 4))
      await split(world, id)
      await stream.write(keyed(5, 4, 8))
      const fn = await world.function(id)
      await world.withMapping(inputFor(stream.arn, id, { BatchSize: 7 }), async () => {
        // Not the usual patience: where a backend is known to lose the parent, every run waits this long.
        await untilDone(kinesisKind, fn, 40, 60)
        checkOrder(fn, keyed(5, 0, 8))
        await merge(world, id)
        await stream.write(keyed(5, 8, 12))
        await untilDone(kinesisKind, fn, 60)
        checkOrder(fn, keyed(5, 0, 12))
      })
    },
  },
  {
    source: 'kinesis',
    name: 'restart',
    async run(world, id) {
      const before = await createStream(world, id)
      const fn = await world.function(id)
      await world.withMapping(inputFor(before.arn, id), async (uuid) => {
        await before.write(labels(0, 5))
        await untilDone(kinesisKind, fn, 5)
        await world.restarted()
        const after = await createStream(world, id)
        assert.equal(after.arn, before.arn)
        await world.function(id)
        await after.write(labels(5, 8))
        await untilDone(kinesisKind, fn, 8)
        assert.equal(await world.stateOf(uuid), 'Enabled')
        assert.ok(world.logOf(uuid).length > 0, 'the log says what became of the stream')
      })
    },
  },
]

/** Each record once, and those of one key in the order in which they were written. */
function checkOrder(fn: ScriptedFunction, written: readonly string[]): void {
  const done = doneOf(kinesisKind, fn.invocations)
  for (const key of new Set(written.map(keyOf))) {
    const ofKey = (label: string): boolean => keyOf(label) === key
    assert.deepEqual(done.filter(ofKey), written.filter(ofKey), `key ${key} in order, each record once`)
  }
}

async function createStream(world: World, id: string, shards = 1): Promise<Stream> {
  const { kinesis } = world.clients
  await kinesis.send(new CreateStreamCommand({ StreamName: id, ShardCount: shards })).catch((error: Error) => {
    if (error.name !== 'ResourceInUseException') throw error
  })
  const arn = await untilActive(world, id)
  return {
    arn,
    async write(written) {
      const Records = written.map((label) => ({ Data: Buffer.from(label), PartitionKey: keyOf(label) }))
      const { FailedRecordCount = 0 } = await kinesis.send(new PutRecordsCommand({ StreamName: id, Records }))
      assert.equal(FailedRecordCount, 0, 'the stream takes the records')
    },
  }
}

async function untilActive({ clients: { kinesis } }: World, id: string): Promise<string> {
  let arn = ''
  await until(async () => {
    const { StreamDescriptionSummary: now } = await kinesis.send(new DescribeStreamSummaryCommand({ StreamName: id }))
    arn = now?.StreamARN ?? ''
    return now?.StreamStatus === 'ACTIVE'
  }, `stream ${id} is active`)
  return arn
}

async function openShards({ clients: { kinesis } }: World, id: string): Promise<readonly Shard[]> {
  const { Shards = [] } = await kinesis.send(new ListShardsCommand({ StreamName: id }))
  return Shards.filter(({ SequenceNumberRange }) => SequenceNumberRange?.EndingSequenceNumber === undefined)
}

const middleOfAllHashes = 2n ** 127n

async function split(world: World, id: string): Promise<void> {
  const [parent] = await openShards(world, id)
  await world.clients.kinesis.send(
    new SplitShardCommand({
      StreamName: id,
      ShardToSplit: parent?.ShardId,
      NewStartingHashKey: String(middleOfAllHashes),
    }),
  )
  await untilActive(world, id)
}

async function merge(world: World, id: string): Promise<void> {
  const [one, other] = await openShards(world, id)
  await world.clients.kinesis.send(
    new MergeShardsCommand({ StreamName: id, ShardToMerge: one?.ShardId, AdjacentShardToMerge: other?.ShardId }),
  )
  await untilActive(world, id)
}
