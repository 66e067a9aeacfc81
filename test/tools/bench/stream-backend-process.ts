import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { json } from 'node:stream/consumers'
import { serveCommands } from './child.ts'
import { machineMs } from './usage.ts'

/**
 * A server that speaks as much of the Kinesis API as a poller needs, in a process of its own. Its records are made up while they
 * are read, so that neither writing nor storing them costs anything: an emulator would be what is measured.
 */
interface Stream {
  readonly createdS: number
  readonly shards: number
  /** Records of each shard that are there to be read. */
  count: number
  /** One record's members from Data on. */
  rest: string
  /** How many partition keys there are; 0: one, and no record of its own at the beginning. */
  keys: number
}

const streams = new Map<string, Stream>()
let reads = 0

const arnOf = (name: string): string => `arn:aws:kinesis:us-east-1:000000000000:stream/${name}`
const shardName = (index: number): string => `shardId-${String(index).padStart(12, '0')}`
const sequenceNumber = (index: number): string => `4966${String(index).padStart(52, '0')}`

function shardsOf({ shards }: Stream): object[] {
  const width = 2n ** 128n / BigInt(shards)
  return Array.from({ length: shards }, (_, index) => ({
    ShardId: shardName(index),
    HashKeyRange: {
      StartingHashKey: String(width * BigInt(index)),
      EndingHashKey: String(width * BigInt(index + 1) - 1n),
    },
    SequenceNumberRange: { StartingSequenceNumber: sequenceNumber(0) },
  }))
}

interface Input {
  readonly StreamName?: string
  readonly StreamARN?: string
  readonly ShardIteratorType?: string
  readonly StartingSequenceNumber?: string
  readonly ShardIterator?: string
  readonly Limit?: number
}

function answer(operation: string, input: Input): string | null {
  const name = input.ShardIterator?.split('|')[0] ?? input.StreamName ?? input.StreamARN?.split('/').at(-1) ?? ''
  const stream = streams.get(name)
  if (stream === undefined) return null
  switch (operation) {
    case 'DescribeStreamSummary':
      return JSON.stringify({
        StreamDescriptionSummary: {
          StreamName: name,
          StreamARN: arnOf(name),
          StreamStatus: 'ACTIVE',
          RetentionPeriodHours: 24,
          StreamCreationTimestamp: stream.createdS,
          OpenShardCount: stream.shards,
        },
      })
    case 'ListShards':
      return JSON.stringify({ Shards: shardsOf(stream) })
    case 'GetShardIterator':
      return JSON.stringify({ ShardIterator: `${name}|${placeOf(input, stream)}` })
    case 'GetRecords':
      return page(name, stream, Number(input.ShardIterator?.split('|')[1]), input.Limit ?? 10_000)
    default:
      return null
  }
}

function placeOf({ ShardIteratorType: type, StartingSequenceNumber: number }: Input, { count }: Stream): number {
  if (type === 'AFTER_SEQUENCE_NUMBER') return Number(number?.slice(4)) + 1
  return type === 'TRIM_HORIZON' ? 0 : count
}

function page(name: string, { count, keys, rest }: Stream, from: number, limit: number): string {
  reads += 1
  const to = Math.min(count, from + limit)
  const arrival = `"ApproximateArrivalTimestamp":${(Date.now() / 1_000).toFixed(3)},`
  const records: string[] = []
  for (let index = from; index < to; index += 1) {
    const key = keys === 0 ? 'key' : index === 0 ? 'poison' : `key-${index % keys}`
    records.push(`{"SequenceNumber":"${sequenceNumber(index)}","PartitionKey":"${key}",${arrival}${rest}`)
  }
  const behindMs = to < count ? 1 : 0
  return `{"Records":[${records.join(',')}],"NextShardIterator":"${name}|${to}","MillisBehindLatest":${behindMs}}`
}

function reply(response: ServerResponse, status: number, body: string): void {
  response.writeHead(status, {
    'content-type': 'application/x-amz-json-1.1',
    'content-length': Buffer.byteLength(body),
  })
  response.end(body)
}

const server = createServer((request, response) => {
  const operation = String(request.headers['x-amz-target']).split('.')[1] ?? ''
  void json(request).then((input) => {
    const body = answer(operation, input as Input)
    if (body === null) reply(response, 400, '{"__type":"ResourceNotFoundException","message":"Not here."}')
    else reply(response, 200, body)
  })
})
server.keepAliveTimeout = 60_000
server.listen(0, '127.0.0.1')
await once(server, 'listening')

const commands = {
  endpoint: (_: null) => `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
  createStream({ name, shards, bytes, keys = 0 }: { name: string; shards: number; bytes: number; keys?: number }) {
    const data = Buffer.alloc(bytes, 'x').toString('base64')
    const rest = `"Data":"${data}"}`
    streams.set(name, { createdS: Date.now() / 1_000, shards, count: 0, rest, keys })
    return { streamArn: arnOf(name), shardIds: Array.from({ length: shards }, (_, index) => shardName(index)) }
  },
  /** So many records more in every shard. Answers with the moment before they were there. */
  fill({ name, records }: { name: string; records: number }) {
    const stream = streams.get(name)
    if (stream === undefined) throw new Error(`no stream ${name}`)
    const beganMs = machineMs()
    stream.count += records
    return { beganMs }
  },
  reads: (_: null) => reads,
}

export type StreamBackendCommands = typeof commands

serveCommands(commands)
