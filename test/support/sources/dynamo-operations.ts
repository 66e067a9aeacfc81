import { compareSequenceNumbers } from '../../../src/sources/sequence-number.ts'
import { keyOf, writeItem } from './dynamo-tables.ts'
import type { Item, NumberSource, Stream, StreamShard, Table } from './dynamo-tables.ts'

/** An exception of AWS's. */
export class AwsRefusal extends Error {
  readonly code: string
  readonly status: number

  constructor(code: string, message: string, status = 400) {
    super(message)
    this.code = code
    this.status = status
  }
}

export interface DynamoState {
  readonly tables: Map<string, Table>
  /** Disabled streams that were followed by another one of their table: they can be read for another day. */
  dropped: { readonly table: string; readonly stream: Stream }[]
  streamsPerPage: number
  readonly numbers: NumberSource
  /** Iterators of earlier generations have expired. */
  generation: number
  shardsPerPage: number
  /** So many pages come without records, as DynamoDB's do on the way to some. */
  emptyPages: number
}

/** The place that an iterator stands at: behind this record, or at the horizon. */
interface IteratorPlace {
  readonly arn: string
  readonly shardId: string
  readonly after: string | null
  readonly generation: number
}

type Operation = (input: Item) => object

export function createDynamoOperations(state: DynamoState): ReadonlyMap<string, Operation> {
  return new Map<string, Operation>([
    ['DescribeTable', (input) => ({ Table: tableDescription(tableOf(state, input)) })],
    ['PutItem', (input) => put(state, input)],
    ['DeleteItem', (input) => remove(state, input)],
    ['ListStreams', (input) => listStreams(state, input)],
    ['DescribeStream', (input) => describeStream(state, input)],
    ['GetShardIterator', (input) => getShardIterator(state, input)],
    ['GetRecords', (input) => getRecords(state, input)],
  ])
}

function tableOf(state: DynamoState, input: Item): Table {
  const table = state.tables.get(String(input['TableName']))
  if (table === undefined) throw notFound('Table', input['TableName'])
  return table
}

function notFound(what: string, name: unknown): AwsRefusal {
  return new AwsRefusal('ResourceNotFoundException', `Requested resource not found: ${what}: ${String(name)} not found`)
}

function streamOf(state: DynamoState, arn: unknown): Stream {
  const named = [...state.tables.values()].flatMap(({ stream }) => stream ?? [])
  const stream = [...named, ...state.dropped.map((each) => each.stream)].find((one) => one.arn === arn)
  if (stream === undefined) throw notFound('Stream', arn)
  return stream
}

/** Of the table that is named, newest first. */
function listStreams(state: DynamoState, input: Item): object {
  const name = String(input['TableName'])
  const newest = state.tables.get(name)?.stream ?? []
  const older = state.dropped.filter(({ table }) => table === name).map(({ stream }) => stream)
  const all = [...older, newest].flat().toReversed()
  const start = all.findIndex(({ arn }) => arn === input['ExclusiveStartStreamArn']) + 1
  const page = all.slice(start, start + state.streamsPerPage)
  const more = start + page.length < all.length
  return {
    Streams: page.map(({ arn, label }) => ({ StreamArn: arn, StreamLabel: label, TableName: name })),
    ...(more ? { LastEvaluatedStreamArn: page.at(-1)?.arn } : {}),
  }
}

function shardOf(stream: Stream, shardId: unknown): StreamShard {
  const shard = stream.shards.get(String(shardId))
  if (shard === undefined) throw notFound('Shard', shardId)
  return shard
}

function tableDescription(table: Table): object {
  const { stream, name } = table
  return {
    TableName: name,
    TableStatus: 'ACTIVE',
    ...(stream === null ? {} : { LatestStreamArn: stream.arn, LatestStreamLabel: stream.label }),
  }
}

function put(state: DynamoState, input: Item): object {
  const item = objectIn(input, 'Item')
  writeItem(tableOf(state, input), item, item, { numbers: state.numbers, nowMs: Date.now(), region: 'us-east-1' })
  return {}
}

function remove(state: DynamoState, input: Item): object {
  const table = tableOf(state, input)
  const key = objectIn(input, 'Key')
  if (table.items.has(keyOf(table, key))) {
    writeItem(table, key, null, { numbers: state.numbers, nowMs: Date.now(), region: 'us-east-1' })
  }
  return {}
}

function objectIn(input: Item, name: string): Item {
  const value = input[name]
  if (typeof value !== 'object' || value === null) throw new AwsRefusal('ValidationException', `${name} is missing.`)
  return Object.fromEntries(Object.entries(value))
}

function describeStream(state: DynamoState, input: Item): object {
  const stream = streamOf(state, input['StreamArn'])
  const all = [...stream.shards.values()]
  const start = all.findIndex(({ shardId }) => shardId === input['ExclusiveStartShardId']) + 1
  const page = all.slice(start, start + state.shardsPerPage)
  const more = start + page.length < all.length
  return {
    StreamDescription: {
      StreamArn: stream.arn,
      StreamLabel: stream.label,
      StreamStatus: stream.enabled ? 'ENABLED' : 'DISABLED',
      CreationRequestDateTime: stream.createdMs / 1_000,
      Shards: page.map(({ shardId, parentId, start: first, end }) => ({
        ShardId: shardId,
        SequenceNumberRange: { StartingSequenceNumber: first, ...(end === null ? {} : { EndingSequenceNumber: end }) },
        ...(parentId === null ? {} : { ParentShardId: parentId }),
      })),
      ...(more ? { LastEvaluatedShardId: page.at(-1)?.shardId } : {}),
    },
  }
}

function getShardIterator(state: DynamoState, input: Item): object {
  const stream = streamOf(state, input['StreamArn'])
  const shard = shardOf(stream, input['ShardId'])
  const after = startOf(shard, input)
  refuseTrimmed(shard, after)
  return { ShardIterator: token(state, stream, shard, after) }
}

function startOf(shard: StreamShard, input: Item): string | null {
  const number = String(input['SequenceNumber'])
  switch (input['ShardIteratorType']) {
    case 'TRIM_HORIZON':
      return shard.trimmedTo
    case 'LATEST':
      return shard.records.at(-1)?.sequenceNumber ?? shard.trimmedTo
    case 'AFTER_SEQUENCE_NUMBER':
      if (!/^\d+$/.test(number)) throw new AwsRefusal('ValidationException', 'Invalid SequenceNumber in request.')
      return number
    default:
      throw new AwsRefusal(
        'ValidationException',
        `ShardIteratorType ${String(input['ShardIteratorType'])} is not faked.`,
      )
  }
}

function refuseTrimmed(shard: StreamShard, after: string | null): void {
  if (shard.trimmedTo === null || (after !== null && compareSequenceNumbers(after, shard.trimmedTo) >= 0)) return
  throw new AwsRefusal('TrimmedDataAccessException', 'Attempt to access trimmed data.')
}

function token(state: DynamoState, stream: Stream, shard: StreamShard, after: string | null): string {
  const place: IteratorPlace = { arn: stream.arn, shardId: shard.shardId, after, generation: state.generation }
  return `${stream.arn}|1|${Buffer.from(JSON.stringify(place)).toString('base64')}`
}

function getRecords(state: DynamoState, input: Item): object {
  const place = placeOf(input['ShardIterator'])
  if (place.generation !== state.generation) {
    throw new AwsRefusal('ExpiredIteratorException', 'The shard iterator has expired.')
  }
  const stream = streamOf(state, place.arn)
  const shard = shardOf(stream, place.shardId)
  const { after } = place
  if (after !== null || shard.trimmedTo === null) refuseTrimmed(shard, after)
  const rest = shard.records.filter(
    ({ sequenceNumber }) => after === null || compareSequenceNumbers(sequenceNumber, after) > 0,
  )
  if (state.emptyPages > 0) {
    state.emptyPages -= 1
    return { Records: [], NextShardIterator: token(state, stream, shard, after) }
  }
  const limit = typeof input['Limit'] === 'number' ? input['Limit'] : 1_000
  const page = rest.slice(0, limit)
  const atEnd = shard.end !== null && page.length === rest.length
  const next = page.at(-1)?.sequenceNumber ?? after
  return {
    Records: page.map(({ wire }) => wire),
    ...(atEnd ? {} : { NextShardIterator: token(state, stream, shard, next) }),
  }
}

function placeOf(iterator: unknown): IteratorPlace {
  const encoded = String(iterator).split('|')[2]
  if (encoded === undefined) throw new AwsRefusal('ValidationException', 'Invalid ShardIterator.')
  return JSON.parse(Buffer.from(encoded, 'base64').toString())
}
