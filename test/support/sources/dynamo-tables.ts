import { createHash } from 'node:crypto'

/** Tables with streams of several shards, in memory: what no emulator has. The server puts AWS's protocol before it. */
export type Item = Readonly<Record<string, unknown>>

export interface Table {
  readonly name: string
  readonly keyNames: readonly string[]
  viewType: string
  readonly items: Map<string, Item>
  /** The newest one, disabled or not; null: there is none that can be read. */
  stream: Stream | null
}

export interface Stream {
  readonly arn: string
  readonly label: string
  readonly createdMs: number
  readonly shards: Map<string, StreamShard>
  enabled: boolean
}

export interface StreamShard {
  readonly shardId: string
  readonly parentId: string | null
  readonly start: string
  /** null: open. */
  end: string | null
  records: StreamRecord[]
  trimmedTo: string | null
}

export interface StreamRecord {
  readonly sequenceNumber: string
  readonly wire: Readonly<Record<string, unknown>>
}

export interface NumberSource {
  next(): string
  peek(): string
}

/** 21 digits, as DynamoDB prints them. */
export function sequenceNumbers(first: bigint): NumberSource {
  let next = first
  const print = (number: bigint): string => number.toString().padStart(21, '0')
  return {
    next() {
      next += 1n
      return print(next - 1n)
    },
    peek: () => print(next),
  }
}

let shardsMade = 0

export function openShard(stream: Stream, parentId: string | null, start: string): StreamShard {
  shardsMade += 1
  const hex = createHash('md5').update(`${stream.arn} ${shardsMade}`).digest('hex').slice(0, 8)
  const shardId = `shardId-${String(shardsMade).padStart(20, '0')}-${hex}`
  const shard: StreamShard = { shardId, parentId, start, end: null, records: [], trimmedTo: null }
  stream.shards.set(shardId, shard)
  return shard
}

/** The shard takes no more; a child of its own takes its place, if there is to be one. */
export function closeShard(
  stream: Stream,
  shard: StreamShard,
  numbers: NumberSource,
  child: boolean,
): StreamShard | null {
  if (shard.end !== null) throw new Error(`Shard ${shard.shardId} is closed already.`)
  shard.end = numbers.next()
  return child ? openShard(stream, shard.shardId, numbers.peek()) : null
}

export function trimShard(shard: StreamShard, count: number): void {
  shard.trimmedTo = shard.records[count - 1]?.sequenceNumber ?? shard.trimmedTo
  shard.records = shard.records.slice(count)
}

export function keyOf(table: Table, item: Item): string {
  return JSON.stringify(table.keyNames.map((name) => item[name]))
}

/** Writes an item, or with `null` deletes it, and puts the change into the shard that the item's key belongs to. */
export function writeItem(table: Table, key: Item, item: Item | null, context: WriteContext): StreamRecord | null {
  const id = keyOf(table, key)
  const before = table.items.get(id) ?? null
  if (item === null) table.items.delete(id)
  else table.items.set(id, item)
  const { stream } = table
  // A write that changes nothing makes no record.
  if (stream === null || !stream.enabled || JSON.stringify(before) === JSON.stringify(item)) return null
  const record = changeRecord(table, { key, before, item }, context)
  shardFor(stream, id, context.into).records.push(record)
  return record
}

export interface WriteContext {
  readonly numbers: NumberSource
  readonly nowMs: number
  readonly region: string
  /** The nth open shard; undefined: the one that the key belongs to. */
  readonly into?: number | undefined
}

function shardFor(stream: Stream, id: string, into: number | undefined): StreamShard {
  const open = [...stream.shards.values()].filter(({ end }) => end === null)
  const shard = open[into ?? createHash('md5').update(id).digest().readUInt32BE(0) % open.length]
  if (shard === undefined) throw new Error(`No shard of ${stream.arn} is open.`)
  return shard
}

interface Change {
  readonly key: Item
  readonly before: Item | null
  readonly item: Item | null
}

function changeRecord(
  table: Table,
  { key, before, item }: Change,
  { numbers, nowMs, region }: WriteContext,
): StreamRecord {
  const sequenceNumber = numbers.next()
  const withNew = table.viewType.startsWith('NEW') && item !== null
  const withOld = table.viewType.includes('OLD') && before !== null
  const wire = {
    eventID: createHash('md5').update(`${table.name} ${sequenceNumber}`).digest('hex'),
    eventName: item === null ? 'REMOVE' : before === null ? 'INSERT' : 'MODIFY',
    eventVersion: '1.1',
    eventSource: 'aws:dynamodb',
    awsRegion: region,
    dynamodb: {
      ApproximateCreationDateTime: Math.floor(nowMs / 1_000),
      Keys: Object.fromEntries(table.keyNames.map((name) => [name, key[name]])),
      ...(withNew ? { NewImage: item } : {}),
      ...(withOld ? { OldImage: before } : {}),
      SequenceNumber: sequenceNumber,
      SizeBytes: JSON.stringify(item ?? key).length,
      StreamViewType: table.viewType,
    },
  }
  return { sequenceNumber, wire }
}
