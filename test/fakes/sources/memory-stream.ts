import { encodeKinesisRecord } from '../../../src/events/kinesis-record.ts'
import type { SourceRecord } from '../../../src/model/record.ts'
import type { DescribeResult, ReadRequest, ReadResult, Shard, Source } from '../../../src/ports.ts'
import { compareSequenceNumbers } from '../../../src/sources/sequence-number.ts'
import { realClock } from './fake-time.ts'
import type { SourceClock } from './fake-time.ts'
import { createGate } from './gate.ts'
import type { Gate } from './gate.ts'

/**
 * A stream in memory that is a `Source` itself: the twin of the Kinesis and DynamoDB adapters under the same contract
 * suite. Shards split, merge, close and vanish, records are trimmed, and the stream lives anew, all on demand.
 */
export interface MemoryStream extends Source {
  readonly arn: string
  /** A reader of its own, as each mapping has one: each hears once for every shard that the stream was made again. */
  open(): Source
  /** Puts a record in and gives its sequence number. */
  put(shardId: string, data: string, options?: PutOptions): string
  /** Closes a shard and opens its children, which start empty. */
  split(shardId: string, childIds: readonly string[]): void
  merge(shardIds: readonly [string, string], childId: string): void
  closeShard(shardId: string): void
  addShard(shardId: string, parentIds?: readonly string[]): void
  /** The shard is no longer listed, nor read. */
  dropShard(shardId: string): void
  /** Forgets the oldest records of a shard, as retention does. */
  trim(shardId: string, count: number): void
  /** The stream is deleted and made again: same name and shards, empty, sequence numbers from the first again. */
  recreate(): void
  remove(): void
  restore(): void
  readonly faults: StreamFaults
  readonly counts: StreamCounts
}

export interface PutOptions {
  readonly key?: string
  readonly arrivedMs?: number
}

export interface StreamFaults {
  /** Answers of the next reads, in this order, instead of records. */
  readonly readAnswers: ReadResult[]
  readonly describeAnswers: DescribeResult[]
  /** So many of the next reads answer an empty page although there is more, as Kinesis does over gaps. */
  emptyPages: number
  readonly readGate: Gate
  clockOffsetMs: number
}

export interface StreamCounts {
  reads: number
  readsOut: number
  describes: number
  closed: number
}

export interface MemoryStreamOptions {
  readonly name?: string
  readonly shardIds?: readonly string[]
  readonly clock?: SourceClock
  readonly retentionMs?: number
  /** The number of the first record; zero-padded to as many digits as it has. */
  readonly firstNumber?: string
}

/** Which life a reader has seen: as the adapters do, the source tells each shard once of a new one. */
interface LivesSeen {
  described: number | null
  readonly byShard: Map<string, number>
}

interface ShardState {
  readonly shardId: string
  readonly parentIds: readonly string[]
  readonly startingPosition: string
  records: SourceRecord[]
  /** The last record that was trimmed. */
  trimmedTo: string | null
  closed: boolean
}

export function createMemoryStream(options: MemoryStreamOptions = {}): MemoryStream {
  const { shardIds = ['shard-0'], clock = realClock, retentionMs = 86_400_000, firstNumber = '1' } = options
  const arn = `arn:aws:kinesis:us-east-1:000000000000:stream/${options.name ?? 'memory'}`
  const shards = new Map<string, ShardState>()
  let there = true
  let lives = 0
  let nextNumber = 0n
  const faults: StreamFaults = {
    readAnswers: [],
    describeAnswers: [],
    emptyPages: 0,
    readGate: createGate(),
    clockOffsetMs: 0,
  }
  const counts: StreamCounts = { reads: 0, readsOut: 0, describes: 0, closed: 0 }

  function draw(): string {
    const number = nextNumber.toString().padStart(firstNumber.length, '0')
    nextNumber += 1n
    return number
  }

  function begin(): void {
    lives += 1
    nextNumber = BigInt(firstNumber)
    shards.clear()
    for (const shardId of shardIds) addShard(shardId, [])
  }

  function addShard(shardId: string, parentIds: readonly string[] = []): void {
    const startingPosition = nextNumber.toString().padStart(firstNumber.length, '0')
    shards.set(shardId, {
      shardId,
      parentIds,
      startingPosition,
      records: [],
      trimmedTo: null,
      closed: false,
    })
  }

  function shard(shardId: string): ShardState {
    const found = shards.get(shardId)
    if (found === undefined) throw new Error(`There is no shard ${shardId}.`)
    return found
  }

  function close(shardId: string): void {
    shard(shardId).closed = true
  }

  const missing = { kind: 'missing', message: 'ResourceNotFoundException: The stream does not exist.' } as const

  async function answer(request: ReadRequest, seen: LivesSeen, signal: AbortSignal): Promise<ReadResult> {
    await faults.readGate.pass(signal)
    const scripted = faults.readAnswers.shift()
    if (scripted !== undefined) return scripted
    const state = shards.get(request.shardId)
    if (!there || state === undefined) return missing
    const before = seen.byShard.get(request.shardId) ?? seen.described ?? lives
    seen.byShard.set(request.shardId, lives)
    const incarnation = `life ${lives}`
    if ((request.incarnation ?? `life ${before}`) !== incarnation) {
      return { kind: 'recreated', incarnation, message: 'The stream was created anew.' }
    }
    return readShard(state, request)
  }

  function readShard(state: ShardState, request: ReadRequest): ReadResult {
    const from = request.from ?? { at: 'horizon' }
    const { trimmedTo } = state
    if (from.at === 'after' && trimmedTo !== null && compareSequenceNumbers(from.position, trimmedTo) < 0) {
      return { kind: 'trimmed', message: `TrimmedDataAccessException: ${from.position} is older than the horizon.` }
    }
    const rest = state.records.filter((record) => isWanted(record, from))
    if (faults.emptyPages > 0) {
      faults.emptyPages -= 1
      return pageOf([], rest, false)
    }
    const records = rest.slice(0, request.recordsMax)
    return pageOf(records, rest, state.closed && records.length === rest.length)
  }

  function open(): Source {
    const seen: LivesSeen = { described: null, byShard: new Map() }
    return {
      async describe(): Promise<DescribeResult> {
        counts.describes += 1
        const scripted = faults.describeAnswers.shift()
        if (scripted !== undefined) return scripted
        if (!there) return missing
        const listed: readonly Shard[] = [...shards.values()].map(
          ({ shardId, parentIds, startingPosition, closed }) => ({
            shardId,
            parentIds,
            startingPosition,
            closed,
          }),
        )
        seen.described = lives
        return { kind: 'found', arn, incarnation: `life ${lives}`, visibilityMs: null, retentionMs, shards: listed }
      },
      async read(request, signal) {
        counts.reads += 1
        counts.readsOut += 1
        try {
          return await answer(request, seen, signal)
        } finally {
          counts.readsOut -= 1
        }
      },
      settle: async () => ({ failed: [] }),
      release: async () => {},
      depth: async () => ({ kind: 'uncounted' }),
      clockOffsetMs: () => faults.clockOffsetMs,
      async close() {
        counts.closed += 1
      },
    }
  }

  begin()
  return {
    ...open(),
    arn,
    open,
    faults,
    counts,
    put(shardId, data, { key = data, arrivedMs = clock.wallMs() } = {}) {
      const state = shard(shardId)
      if (state.closed) throw new Error(`Shard ${shardId} is closed.`)
      const wire = {
        SequenceNumber: draw(),
        PartitionKey: key,
        Data: Buffer.from(data).toString('base64'),
        ApproximateArrivalTimestamp: arrivedMs / 1_000,
      }
      const roleArn = 'arn:aws:iam::000000000000:role/millrace'
      state.records.push(encodeKinesisRecord(wire, { arn, region: 'us-east-1', shardId, roleArn }))
      return wire.SequenceNumber
    },
    split(shardId, childIds) {
      close(shardId)
      for (const childId of childIds) addShard(childId, [shardId])
    },
    merge(parents, childId) {
      for (const parent of parents) close(parent)
      addShard(childId, parents)
    },
    closeShard: close,
    addShard,
    dropShard: (shardId) => void shards.delete(shardId),
    trim(shardId, count) {
      const state = shard(shardId)
      state.trimmedTo = state.records[count - 1]?.position ?? state.trimmedTo
      state.records = state.records.slice(count)
    },
    recreate() {
      there = true
      begin()
    },
    remove() {
      there = false
    },
    restore() {
      there = true
    },
  }
}

/** `rest`: all that is there from the wanted place on. */
function pageOf(records: readonly SourceRecord[], rest: readonly SourceRecord[], end: boolean): ReadResult {
  const lastMs = rest.at(-1)?.arrivedMs ?? 0
  const readMs = records.at(-1)?.arrivedMs ?? lastMs
  // An empty page before records is behind by whatever the gap is; a second stands for it.
  const behindMs = records.length === 0 && rest.length > 0 ? 1_000 : lastMs - readMs
  return { kind: 'records', records, end, tip: end || records.length === rest.length, behindMs }
}

function isWanted(record: SourceRecord, from: NonNullable<ReadRequest['from']>): boolean {
  switch (from.at) {
    case 'after':
      return compareSequenceNumbers(record.position, from.position) > 0
    case 'time':
      return record.arrivedMs >= from.ms
    case 'horizon':
    case 'latest':
      return true
    default:
      throw new Error(`Unknown place ${JSON.stringify(from satisfies never)}.`)
  }
}
