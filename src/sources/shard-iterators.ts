import type { JsonObject } from '../events/json-value.ts'
import type { SourceRecord } from '../model/record.ts'
import type { ReadRequest, ReadResult } from '../ports.ts'
import { compareSequenceNumbers } from './sequence-number.ts'
import type { Trouble } from './service-errors.ts'
import type { StreamLife, StreamLives } from './stream-lives.ts'

/**
 * Reads shards by iterators. The service's iterators are kept here, one per shard: as long as the wanted place is where the
 * last page ended, its iterator goes on; any other place gets a new one. Which page comes next is the caller's business.
 */
export interface ShardIterators {
  read(request: ReadRequest, signal: AbortSignal): Promise<ReadResult>
  /** Keeps an iterator at the end of a shard, for a first read from `latest`. Where it gets none, that read is from the horizon. */
  keepEnd(shardId: string, incarnation: string, signal: AbortSignal): Promise<void>
}

export type ReadFrom = NonNullable<ReadRequest['from']>

/** What Kinesis and DynamoDB Streams each say in their own words. */
export interface ShardProtocol {
  iterator(life: StreamLife, shardId: string, from: ReadFrom, signal: AbortSignal): Promise<IteratorResult>
  page(life: StreamLife, iterator: string, recordsMax: number, signal: AbortSignal): Promise<PageResult>
  /** Made once a page, so that what the records share is looked up once. */
  encoder(life: StreamLife, shardId: string): (record: JsonObject) => SourceRecord
  /** Whether the service says of a page that nothing newer is there. */
  isTip(page: PageFacts): boolean
}

export interface PageFacts {
  readonly behindMs: number | null
  readonly count: number
  /** It brought as many records as it was asked for. */
  readonly full: boolean
}

export type ShardRefusal =
  | Trouble
  | { readonly kind: 'expired'; readonly message: string }
  /** The place is older than what is kept. */
  | { readonly kind: 'trimmed'; readonly message: string }
  /** The service does not know this position at all. */
  | { readonly kind: 'unknownPosition'; readonly message: string }

export type IteratorResult = { readonly kind: 'iterator'; readonly iterator: string } | ShardRefusal

export type PageResult =
  | {
      readonly kind: 'page'
      readonly records: readonly JsonObject[]
      /** null: the shard is closed and this was its last page. */
      readonly next: string | null
      readonly behindMs: number | null
    }
  | ShardRefusal

/** Where one shard is read. */
interface Standing {
  readonly incarnation: string
  /** The place that `iterator` stands at; null where the iterator is lost. */
  place: string | null
  iterator: string | null
  /** The iterator is the one that was kept at the shard's end, or what that led to. */
  fromKeptEnd: boolean
}

export function createShardIterators(protocol: ShardProtocol, lives: StreamLives): ShardIterators {
  const standings = new Map<string, Standing>()
  const parts: Parts = { protocol, lives }

  function note(shardId: string, result: ReadTry): void {
    // Nobody comes back to a shard that was read to its end.
    if (result.kind === 'records' && result.end) standings.delete(shardId)
    // Whatever goes by the stream's name when it comes back may live its next life.
    if (result.kind === 'missing' || result.kind === 'failed') lives.doubt()
  }

  return {
    async read(request, signal): Promise<ReadResult> {
      const { shardId } = request
      const known = await lives.current(signal)
      if (known.kind !== 'known') return known
      const kept = standings.get(shardId)
      const believed = request.incarnation ?? kept?.incarnation
      const life = known.lives.find(({ incarnation }) => incarnation === believed) ?? lifeOfShard(shardId, known.lives)
      if (believed !== undefined && believed !== life.incarnation) {
        standings.delete(shardId)
        return { kind: 'recreated', incarnation: life.incarnation, message: 'The stream was created anew.' }
      }
      const standing = kept?.incarnation === life.incarnation ? kept : newStanding(life)
      standings.set(shardId, standing)
      const placed: PlacedRequest = { ...request, from: request.from ?? { at: 'horizon' } }
      const result = await readAt({ request: placed, life, standing, signal }, parts)
      note(shardId, result)
      return result.kind === 'unknownPosition' ? lost(life, result.message, lives, signal) : result
    },
    async keepEnd(shardId, incarnation, signal) {
      const known = await lives.current(signal)
      const life = known.kind === 'known' && known.lives.find((each) => each.incarnation === incarnation)
      if (!life) return
      const result = await protocol.iterator(life, shardId, { at: 'latest' }, signal)
      if (result.kind !== 'iterator') return
      standings.set(shardId, {
        incarnation,
        place: placeOf({ at: 'latest' }),
        iterator: result.iterator,
        fromKeptEnd: true,
      })
    },
  }
}

/** Who does not know in which life a shard is, or believes in one that is gone: the first one that has it, or the newest. */
function lifeOfShard(shardId: string, lives: readonly [...StreamLife[], StreamLife]): StreamLife {
  return lives.find(({ startingPositions }) => startingPositions.has(shardId)) ?? lives.at(-1) ?? lives[0]
}

interface Parts {
  readonly protocol: ShardProtocol
  readonly lives: StreamLives
}

interface Reading {
  readonly request: PlacedRequest
  readonly life: StreamLife
  readonly standing: Standing
  readonly signal: AbortSignal
}

type ReadTry = ReadResult | Extract<ShardRefusal, { kind: 'unknownPosition' }>

async function readAt(reading: Reading, parts: Parts): Promise<ReadTry> {
  const { request, life, standing, signal } = reading
  const place = placeOf(request.from)
  const kept = standing.place === place ? standing.iterator : null
  if (kept === null) {
    const opened = await open(reading, parts)
    if (opened.kind !== 'iterator') return refusedPlace(opened, request.from)
    standing.place = place
    standing.iterator = opened.iterator
    standing.fromKeptEnd = false
  }
  const iterator = standing.iterator ?? ''
  const page = await parts.protocol.page(life, iterator, request.recordsMax, signal)
  if (page.kind !== 'page') return refusedPage(page, reading, { kept: kept !== null, lives: parts.lives })
  const records = page.records.map(parts.protocol.encoder(life, request.shardId))
  const last = records.at(-1)
  if (last !== undefined) standing.place = placeOf({ at: 'after', position: last.position })
  standing.iterator = page.next
  const end = page.next === null
  const { behindMs } = page
  return {
    kind: 'records',
    records,
    end,
    tip: end || parts.protocol.isTip({ behindMs, count: records.length, full: records.length >= request.recordsMax }),
    behindMs,
    ...(request.from.at === 'latest' && standing.fromKeptEnd && { fromKeptEnd: true }),
  }
}

/**
 * Only a position can be unknown or trimmed. A time that is refused lies ahead of the service's clock, which will get there; a
 * shard that has no horizon any more is gone.
 */
function refusedPlace(refusal: ShardRefusal, from: ReadFrom): ReadTry {
  if (from.at === 'after') return refusal
  const { message } = refusal
  if (refusal.kind === 'trimmed') return { kind: 'missing', message }
  return refusal.kind === 'unknownPosition' ? { kind: 'failed', message } : refusal
}

function refusedPage(
  page: ShardRefusal,
  { request, standing }: Reading,
  { kept, lives }: { readonly kept: boolean; readonly lives: StreamLives },
): ReadTry {
  // After a throttle the same iterator gives the same page; after anything else it may be what is wrong.
  if (page.kind !== 'throttled') forget(standing)
  // The horizon moved between the iterator and the page: the next iterator stands at the new one.
  if (page.kind === 'trimmed' && request.from.at !== 'after') return { kind: 'expired', message: page.message }
  if (page.kind !== 'unknownPosition' || !kept) return refusedPlace(page, request.from)
  // A kept iterator that means nothing any more: the service was restarted, or the stream made anew.
  lives.doubt()
  return { kind: 'expired', message: page.message }
}

async function open({ request, life, signal }: Reading, { protocol }: Parts): Promise<IteratorResult> {
  const { shardId, from } = request
  const start = life.startingPositions.get(shardId)
  if (from.at === 'after' && start !== undefined && compareSequenceNumbers(from.position, start) < 0) {
    return {
      kind: 'unknownPosition',
      message: `${from.position} is older than shard ${shardId}, which starts at ${start}.`,
    }
  }
  // Whatever ends at this moment, records may have come since the one that was meant.
  return protocol.iterator(life, shardId, from.at === 'latest' ? { at: 'horizon' } : from, signal)
}

/** A position that the service does not know: either the stream lives anew, or it forgot the place. */
async function lost(life: StreamLife, message: string, lives: StreamLives, signal: AbortSignal): Promise<ReadResult> {
  const now = await lives.look(signal)
  if (now.kind !== 'found') return now
  return [...(now.older ?? []), now].some(({ incarnation }) => incarnation === life.incarnation)
    ? { kind: 'trimmed', message }
    : { kind: 'recreated', incarnation: now.incarnation, message }
}

type PlacedRequest = ReadRequest & { readonly from: ReadFrom }

function newStanding(life: StreamLife): Standing {
  return { incarnation: life.incarnation, place: null, iterator: null, fromKeptEnd: false }
}

function forget(standing: Standing): void {
  standing.place = null
  standing.iterator = null
  standing.fromKeptEnd = false
}

function placeOf(from: ReadFrom): string {
  switch (from.at) {
    case 'after':
      return `after ${from.position}`
    case 'time':
      return `time ${from.ms}`
    case 'horizon':
    case 'latest':
      return from.at
    default:
      throw new Error(`Unknown place ${JSON.stringify(from satisfies never)}.`)
  }
}
