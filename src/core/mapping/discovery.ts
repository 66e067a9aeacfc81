import { type Family, familyOf, finishShard, idleAgain, inOrder, isNamed, type ShardFacts } from './family.ts'
import type { MappingPace, StreamLife } from './messages.ts'

/** The one flow of a queue. */
const queueFlow = 'queue'

/** What is known of a source's shards. A queue is one shard without relatives. */
export interface Discovery {
  readonly isStream: boolean
  /** The life that is read: the oldest one in which anything is left. */
  listing: StreamLife | null
  /** Its shards as a family; null: not laid out yet. */
  family: Family | null
  /** Older life → looks in a row that found nothing left to be read in it. One that was left is never gone back to. */
  readonly spent: Map<string, number>
  /** The shards of the first listing start where the mapping says; all others at their beginning. */
  first: Set<string>
  /** Shard → the incarnation in which it was read to its end. */
  readonly done: Map<string, string>
  /** A shard ended in another life than the listing is of: it says nothing of what may be read now. */
  outdated: boolean
  /** Shards that are missing from the newest complete listings: how many of these in a row, and since when. */
  readonly absences: Map<string, { count: number; readonly sinceMs: number }>
  /** When the next of the finished shards that are not listed has to be forgotten (monotonic); null: not known. */
  forgetAtMs: number | null
  /** Looks again in a row since the last shard's end. */
  looks: number
}

/** A shard counts as dropped when this many complete listings in a row lack it (behaviour §13.5). */
const listingsUntilAbsent = 2

export function createDiscovery(isStream: boolean): Discovery {
  return {
    isStream,
    listing: null,
    family: null,
    spent: new Map(),
    first: new Set(),
    done: new Map(),
    outdated: false,
    absences: new Map(),
    forgetAtMs: null,
    looks: 0,
  }
}

/** Reading starts over at the next listing; what is done stays done. */
export function restartDiscovery(discovery: Discovery): void {
  discovery.listing = null
  discovery.family = null
  discovery.looks = 0
  discovery.absences.clear()
}

export function noteListing(discovery: Discovery, found: FoundLives, running: RunningFlows, monoMs: number): void {
  const { incarnation, shards: listed } = lifeToRead(discovery, found, running)
  const shards = discovery.isStream ? listed : [{ shardId: queueFlow, parentIds: [] }]
  const first = discovery.listing === null
  if (first) discovery.first = new Set(shards.flatMap((shard) => [shard.shardId, ...shard.parentIds]))
  if (!first && shards.some((shard) => !discovery.first.has(shard.shardId))) discovery.looks = 0
  // A stream in its next life holds nothing that this mapping did not ask for: its shards are read from their beginning.
  if (!first && discovery.listing?.incarnation !== incarnation) discovery.first.clear()
  discovery.listing = { incarnation, shards }
  discovery.family = null
  discovery.outdated = false

  noteAbsences(discovery, shards, running.keys(), monoMs)
}

type FoundLives = StreamLife & { readonly older?: readonly StreamLife[] | undefined }
type RunningFlows = ReadonlyMap<string, { readonly incarnation: string }>

/** The child of a life's last shard may be listed late. */
const looksUntilLeft = 2

/**
 * Each life is a parent of the next. It is left when looks in a row find nothing in it that is to be read.
 */
function lifeToRead(discovery: Discovery, found: FoundLives, running: RunningFlows): StreamLife {
  const { spent } = discovery
  for (const life of found.older ?? []) {
    const looks = spent.get(life.incarnation) ?? 0
    if (looks >= looksUntilLeft) continue
    const isOver = hasNothingLeft(discovery, life, running)
    spent.set(life.incarnation, isOver ? looks + 1 : 0)
    if (!isOver || looks + 1 < looksUntilLeft) return life
  }
  return found
}

function hasNothingLeft(discovery: Discovery, life: StreamLife, running: RunningFlows): boolean {
  for (const flow of running.values()) if (flow.incarnation === life.incarnation) return false
  const { readable, waiting } = familyOf(life.shards, doneIn(discovery, life))
  return readable.size === 0 && waiting.size === 0
}

/** Counts the shards that this mapping knows or waits for and that the listing lacks. */
function noteAbsences(
  discovery: Discovery,
  shards: readonly ShardFacts[],
  running: Iterable<string>,
  monoMs: number,
): void {
  const { absences } = discovery
  discovery.forgetAtMs = null
  const listed = new Set(shards.map((shard) => shard.shardId))
  const known = new Set([...running, ...discovery.done.keys(), ...shards.flatMap((shard) => shard.parentIds)])
  for (const shardId of absences.keys()) {
    if (listed.has(shardId) || !known.has(shardId)) absences.delete(shardId)
  }
  for (const shardId of known) {
    if (listed.has(shardId)) continue
    const absence = absences.get(shardId)
    if (absence === undefined) absences.set(shardId, { count: 1, sinceMs: monoMs })
    else absence.count++
  }
}

/** Whether it is known which shards may be read. By a listing of another life, a shard that has ended would end again and again. */
export function isListed({ listing, outdated }: Discovery): boolean {
  return listing !== null && !outdated
}

export function isAbsent(discovery: Discovery, shardId: string): boolean {
  return (discovery.absences.get(shardId)?.count ?? 0) >= listingsUntilAbsent
}

/** The shard is done with, in this life. */
export function noteDone(discovery: Discovery, shardId: string, incarnation: string): void {
  const { listing, family, done } = discovery
  const before = done.get(shardId)
  done.set(shardId, incarnation)
  if (discovery.absences.has(shardId)) discovery.forgetAtMs = null
  if (listing === null || family === null) return
  if (incarnation === listing.incarnation) finishShard(family, shardId)
  else if (before === listing.incarnation) discovery.family = null
}

/** Nothing reads the shard any more, and it is not done. */
export function noteIdle({ family }: Discovery, shardId: string): void {
  if (family !== null) idleAgain(family, shardId)
}

function laidOut(discovery: Discovery): Family {
  const { listing } = discovery
  if (listing === null) return familyOf([], new Set())
  discovery.family ??= familyOf(listing.shards, doneIn(discovery, listing))
  return discovery.family
}

export function isReadable(discovery: Discovery, shardId: string): boolean {
  return laidOut(discovery).readable.has(shardId)
}

/** Shards that may be read and that nobody took yet, but for those that rest; in the order in which they begin. */
export function takeIdle(discovery: Discovery, rests: (shardId: string) => boolean): readonly string[] {
  const family = laidOut(discovery)
  const taken = inOrder(
    family,
    [...family.idle].filter((shardId) => !rests(shardId)),
  )
  for (const shardId of taken) family.idle.delete(shardId)
  return taken
}

/** Shards that may not be read yet, each with those of its parents that are not done. */
export function waitingShards(discovery: Discovery): readonly ShardFacts[] {
  const family = laidOut(discovery)
  return inOrder(family, family.waiting.keys()).map((shardId) => {
    return { shardId, parentIds: [...(family.waiting.get(shardId) ?? [])] }
  })
}

/** Finished shards that the listing has not named for so long that no child of theirs can turn up. */
export function outlivedShards(discovery: Discovery, pace: MappingPace, monoMs: number): readonly string[] {
  const { listing, absences, done, forgetAtMs } = discovery
  if (listing === null || (forgetAtMs !== null && monoMs < forgetAtMs)) return []
  const family = laidOut(discovery)
  const outlived: string[] = []
  let nextMs = Number.POSITIVE_INFINITY
  for (const [shardId, { sinceMs }] of absences) {
    if (!done.has(shardId) || isNamed(family, shardId)) continue
    if (monoMs - sinceMs >= pace.forgetMs) outlived.push(shardId)
    else nextMs = Math.min(nextMs, sinceMs + pace.forgetMs)
  }
  discovery.forgetAtMs = nextMs
  return outlived
}

/** When to look at the source again, after a look that succeeded. */
export function nextLookMs(discovery: Discovery, pace: MappingPace, refused: Iterable<string>): number {
  if (!discovery.isStream || !isUnclear(discovery, refused)) return pace.relistMs
  const soonMs = Math.min(pace.relistMs, pace.lookAgainMs * 2 ** Math.min(discovery.looks, 20))
  discovery.looks++
  return soonMs
}

/** True as long as the listing leaves open what comes after a shard's end, or a life's, or whether a shard is gone. */
function isUnclear(discovery: Discovery, refused: Iterable<string>): boolean {
  const { listing } = discovery
  if (listing === null) return false
  if ((discovery.spent.get(listing.incarnation) ?? 0) > 0) return true
  for (const shardId of refused) if (!isAbsent(discovery, shardId)) return true
  const parents = new Set(listing.shards.flatMap((shard) => shard.parentIds))
  for (const [shardId, incarnation] of discovery.done) {
    // A finished shard that is listed without a child: the child is not listed yet, or the stream has come to its end.
    const listed = !discovery.absences.has(shardId)
    if (listed && incarnation === listing.incarnation && !parents.has(shardId)) return true
  }
  return false
}

function doneIn({ done }: Discovery, life: StreamLife): ReadonlySet<string> {
  const ours = [...done].filter(([, incarnation]) => incarnation === life.incarnation)
  return new Set(ours.map(([shardId]) => shardId))
}
