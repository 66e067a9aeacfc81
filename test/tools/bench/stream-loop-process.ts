import { GetRecordsCommand, GetShardIteratorCommand, KinesisClient } from '@aws-sdk/client-kinesis'
import { NodeHttpHandler } from '@smithy/node-http-handler'
import { Agent } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { serveCommands } from './child.ts'
import { post } from './post.ts'
import { machineMs } from './usage.ts'

/**
 * The loop that one would write by hand, one per shard: GetRecords, the event, Invoke, again. It keeps no checkpoint, checks no
 * limit, retries nothing. `sdk` reads with the AWS SDK; `http` with one bare, unsigned request: about what reading costs at least.
 */
interface Work {
  readonly endpoint: string
  readonly streamArn: string
  readonly shardIds: readonly string[]
  readonly functionUrl: string
  readonly reader: 'sdk' | 'http'
}

interface KinesisRecord {
  readonly SequenceNumber: string
  readonly PartitionKey: string
  readonly Data: string
  readonly ApproximateArrivalTimestamp: number
}

interface Page {
  readonly records: readonly KinesisRecord[]
  readonly next: string
}

interface Reader {
  open(streamArn: string, shardId: string): Promise<string>
  read(iterator: string): Promise<Page>
}

const batchSize = 100

const commands = {
  start(work: Work) {
    const reader = readerOf(work)
    for (const shardId of work.shardIds) void follow(reader, work, shardId)
  },
  /** What one read of an idle shard takes, from asking to its answer: median of `count`. */
  async readMs({ count, ...work }: Work & { count: number }) {
    const reader = readerOf(work)
    const iterator = await reader.open(work.streamArn, work.shardIds[0] ?? '')
    const tookMs: number[] = []
    for (let index = 0; index < count + 10; index += 1) {
      const beganMs = machineMs()
      await reader.read(iterator)
      if (index >= 10) tookMs.push(machineMs() - beganMs)
    }
    return tookMs.toSorted((a, b) => a - b)[Math.floor(count / 2)] ?? Number.NaN
  },
}

export type StreamLoopCommands = typeof commands

async function follow(reader: Reader, work: Work, shardId: string): Promise<void> {
  let iterator = await reader.open(work.streamArn, shardId)
  for (;;) {
    const { records, next } = await reader.read(iterator)
    iterator = next
    if (records.length === 0) await sleep(10)
    else await post(work.functionUrl, {}, eventOf(records, work.streamArn, shardId))
  }
}

function readerOf({ endpoint, reader }: Work): Reader {
  return reader === 'sdk' ? sdkReader(endpoint) : httpReader(endpoint)
}

function sdkReader(endpoint: string): Reader {
  const client = new KinesisClient({
    endpoint,
    region: 'us-east-1',
    credentials: { accessKeyId: 'bench', secretAccessKey: 'bench' },
    requestHandler: new NodeHttpHandler({ httpAgent: new Agent({ keepAlive: true }) }),
  })
  return {
    async open(StreamARN, ShardId) {
      const { ShardIterator: iterator } = await client.send(
        new GetShardIteratorCommand({ StreamARN, ShardId, ShardIteratorType: 'TRIM_HORIZON' }),
      )
      return iterator ?? ''
    },
    async read(ShardIterator) {
      const page = await client.send(new GetRecordsCommand({ ShardIterator, Limit: batchSize }))
      const records = (page.Records ?? []).map((record) => ({
        SequenceNumber: record.SequenceNumber ?? '',
        PartitionKey: record.PartitionKey ?? '',
        Data: Buffer.from(record.Data ?? []).toString('base64'),
        ApproximateArrivalTimestamp: (record.ApproximateArrivalTimestamp?.getTime() ?? 0) / 1_000,
      }))
      return { records, next: page.NextShardIterator ?? '' }
    },
  }
}

function httpReader(endpoint: string): Reader {
  const call = async (operation: string, input: object): Promise<Record<string, unknown>> => {
    const headers = { 'x-amz-target': `Kinesis_20131202.${operation}`, 'content-type': 'application/x-amz-json-1.1' }
    return JSON.parse(await post(endpoint, headers, JSON.stringify(input))) as Record<string, unknown>
  }
  return {
    async open(StreamARN, ShardId) {
      const answer = await call('GetShardIterator', { StreamARN, ShardId, ShardIteratorType: 'TRIM_HORIZON' })
      return String(answer['ShardIterator'])
    },
    async read(ShardIterator) {
      const answer = await call('GetRecords', { ShardIterator, Limit: batchSize })
      return { records: answer['Records'] as readonly KinesisRecord[], next: String(answer['NextShardIterator']) }
    },
  }
}

function eventOf(records: readonly KinesisRecord[], eventSourceARN: string, shardId: string): string {
  return JSON.stringify({
    Records: records.map((record) => ({
      kinesis: {
        kinesisSchemaVersion: '1.0',
        partitionKey: record.PartitionKey,
        sequenceNumber: record.SequenceNumber,
        data: record.Data,
        approximateArrivalTimestamp: record.ApproximateArrivalTimestamp,
      },
      eventSource: 'aws:kinesis',
      eventVersion: '1.0',
      eventID: `${shardId}:${record.SequenceNumber}`,
      eventName: 'aws:kinesis:record',
      invokeIdentityArn: 'arn:aws:iam::000000000000:role/bench',
      awsRegion: 'us-east-1',
      eventSourceARN,
    })),
  })
}

serveCommands(commands)
