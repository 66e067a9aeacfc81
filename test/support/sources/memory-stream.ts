import { encodeKinesisRecord } from '../../../src/events/kinesis-record.ts'
import type { SourceRecord } from '../../../src/model/record.ts'
import type { DescribeResult, ReadRequest, ReadResult, Source, StreamListing } from '../../../src/ports.ts'
import { compareSequenceNumbers } from '../../../src/sources/sequence-number.ts'
import { systemClock } from '../../../src/engine/system-clock.ts'
import type { SourceClock } from './source-clock.ts'
import { createGate } from './gate.ts'
import type { Gate } from './gate.ts'

/**
 * A stream in memory that is a `Source` itself: the twin of the Kinesis and DynamoDB adapters under the same contract
 * suite. Shards split, merge, close and vanish, records are trimmed, and the stream lives anew, all on demand.
 */
export interface MemoryStream extends Source {
  /** The ARN of the life that it lives. */
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
  /** The stream is disabled and enabled again, with these shards: until `forgetPast` the old one can be read to its end. */
  renew(shardIds: readonly string[]): void
  forgetPast(): void
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
  /** The ARN of each of its lives, counted from 1. */
  readonly arnOf?: (life: number) => string
  /** False: it cannot be read from a time on, and holds where its shards end instead. */
  readonly seeks?: boolean
}

/** A life that is over and can still be read. */
interface PastLife {
  readonly life: number
  readonly shards: ReadonlyMap<string, ShardState>
}

/** Which life a reader has seen: as the adapters do, the source tells each shard once of a new one. */
interface LivesSeen {
  described: number | null
  readonly byShard: Map<string, number>
  /** Where shards ended when it was asked to hold that. */
  readonly held: Map<ShardState, NonNullable<ReadRequest['from']>>
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
  const {
    shardIds = ['shard-0'],
    clock = systemClock,
    retentionMs = 86_400_000,
    firstNumber = '1',
    seeks = true,
  } = options
  const always = `arn:aws:kinesis:us-east-1:000000000000:stream/${options.name ?? 'memory'}`
  const { arnOf = () => always } = options
  let shards = new Map<string, ShardState>()
  let past: readonly PastLife[] = []
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

  function begin(ids: readonly string[]): void {
    lives += 1
    shards = new Map()
    for (const shardId of ids) addShard(shardId, [])
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
    const old = past.find(({ life }) => `life ${life}` === request.incarnation)
    const state = (old?.shards ?? shards).get(request.shardId)
    if (!there || state === undefined) return missing
    if (old !== undefined) return readShard(state, request, seen)
    const before = seen.byShard.get(request.shardId) ?? seen.described ?? lives
    seen.byShard.set(request.shardId, lives)
    const incarnation = `life ${lives}`
    if ((request.incarnation ?? `life ${before}`) !== incarnation) {
      return { kind: 'recreated', incarnation, message: 'The stream was created anew.' }
    }
    return readShard(state, request, seen)
  }

  function readShard(state: ShardState, request: ReadRequest, seen: LivesSeen): ReadResult {
    const asked = request.from ?? { at: 'horizon' }
    const from = asked.at === 'latest' ? (seen.held.get(state) ?? { at: 'horizon' }) : asked
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
    const page = pageOf(records, rest, state.closed && records.length === rest.length)
    return page.kind === 'records' && asked.at === 'latest' && seen.held.has(state)
      ? { ...page, fromKeptEnd: true }
      : page
  }

  const listingOf = ({ life, shards: states }: PastLife): StreamListing => ({
    arn: arnOf(life),
    incarnation: `life ${life}`,
    shards: [...states.values()].map(({ shardId, parentIds, startingPosition, closed }) => ({
      shardId,
      parentIds,
      startingPosition,
      closed,
    })),
  })

  /** The life of an ARN; one that is no more has one all the same. */
  function lifeOf(arn: string | null): number {
    let life = 1
    while (life < lives && arnOf(life) !== arn) life += 1
    return life
  }

  function open(): Source {
    const seen: LivesSeen = { described: null, byShard: new Map(), held: new Map() }
    let attached: string | null = null
    return {
      async describe(_signal, since): Promise<DescribeResult> {
        counts.describes += 1
        if (since !== undefined) attached = since
        const scripted = faults.describeAnswers.shift()
        if (scripted !== undefined) return scripted
        if (!there) return missing
        seen.described = lives
        attached ??= arnOf(lives)
        const older = past.filter(({ life }) => life >= lifeOf(attached)).map(listingOf)
        const newest = listingOf({ life: lives, shards })
        return { kind: 'found', ...newest, visibilityMs: null, retentionMs, ...(older.length > 0 && { older }) }
      },
      ...(!seeks && {
        async keepLatest() {
          if (!there) return null
          const all = [...shards.values()]
          for (const state of all) if (!state.closed) seen.held.set(state, endOf(state))
          const closed = all.filter((state) => state.closed).map(({ shardId }) => shardId)
          return { arn: arnOf(lives), incarnation: `life ${lives}`, closed }
        },
      }),
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
      extend: async () => ({ failed: [] }),
      release: async () => {},
      depth: async () => ({ kind: 'uncounted' }),
      clockOffsetMs: () => faults.clockOffsetMs,
      async close() {
        counts.closed += 1
      },
    }
  }

  nextNumber = BigInt(firstNumber)
  begin(shardIds)
  return {
    ...open(),
    get arn() {
      return arnOf(lives)
    },
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
      state.records.push(encodeKinesisRecord(wire, { arn: arnOf(lives), region: 'us-east-1', shardId, roleArn }))
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
      past = []
      nextNumber = BigInt(firstNumber)
      begin(shardIds)
    },
    renew(ids) {
      for (const state of shards.values()) state.closed = true
      past = [...past, { life: lives, shards }]
      begin(ids)
    },
    forgetPast() {
      past = []
    },
    remove() {
      there = false
    },
    restore() {
      there = true
    },
  }
}

function endOf({ records, trimmedTo }: ShardState): NonNullable<ReadRequest['from']> {
  const position = records.at(-1)?.position ?? trimmedTo
  return position === null ? { at: 'horizon' } : { at: 'after', position }
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
