import { forgettable, planLineage, type LineageView, type ShardFacts } from './lineage.ts'
import type { MappingPace } from './mapping-messages.ts'

/** The one flow of a queue. */
const queueFlow = 'queue'

/** What is known of a source's shards. A queue is one shard without relatives. */
export interface Discovery {
  readonly isStream: boolean
  listing: { readonly incarnation: string; readonly shards: readonly ShardFacts[] } | null
  /** The shards of the first listing start where the mapping says; all others at their beginning. */
  first: Set<string>
  /** Shard → the incarnation in which it was read to its end. */
  readonly done: Map<string, string>
  /** A shard ended in another life than the listing is of: it says nothing of what may be read now. */
  outdated: boolean
  /** Shards that are missing from the newest complete listings: how many of these in a row, and since when. */
  readonly absences: Map<string, { count: number; readonly sinceMs: number }>
  /** Looks again in a row since the last shard's end. */
  looks: number
}

/** A shard counts as dropped when this many complete listings in a row lack it (spec §13.5). */
const listingsUntilAbsent = 2

export function createDiscovery(isStream: boolean): Discovery {
  return { isStream, listing: null, first: new Set(), done: new Map(), outdated: false, absences: new Map(), looks: 0 }
}

/** Reading starts over at the next listing; what is done stays done. */
export function restartDiscovery(discovery: Discovery): void {
  discovery.listing = null
  discovery.looks = 0
  discovery.absences.clear()
}

export function noteListing(
  discovery: Discovery,
  found: { readonly incarnation: string; readonly shards: readonly ShardFacts[] },
  running: Iterable<string>,
  monoMs: number,
): void {
  const shards = discovery.isStream ? found.shards : [{ shardId: queueFlow, parentIds: [] }]
  const first = discovery.listing === null
  if (first) discovery.first = new Set(shards.flatMap((shard) => [shard.shardId, ...shard.parentIds]))
  if (!first && shards.some((shard) => !discovery.first.has(shard.shardId))) discovery.looks = 0
  // A stream in its next life holds nothing that this mapping did not ask for: its shards are read from their beginning.
  if (!first && discovery.listing?.incarnation !== found.incarnation) discovery.first.clear()
  discovery.listing = { incarnation: found.incarnation, shards }
  discovery.outdated = false

  noteAbsences(discovery, shards, running, monoMs)
}

/** Counts the shards that this mapping knows or waits for and that the listing lacks. */
function noteAbsences(
  discovery: Discovery,
  shards: readonly ShardFacts[],
  running: Iterable<string>,
  monoMs: number,
): void {
  const { absences } = discovery
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

export function readableShards(discovery: Discovery): readonly string[] {
  const view = lineageView(discovery)
  return view === null ? [] : planLineage(view).readable
}

/** Shards that may not be read yet, each with those of its parents that are not done. */
export function waitingShards(discovery: Discovery): readonly ShardFacts[] {
  const view = lineageView(discovery)
  if (view === null) return []
  const waiting = new Set(planLineage(view).waiting)
  return view.listed
    .filter(({ shardId }) => waiting.has(shardId))
    .map(({ shardId, parentIds }) => ({ shardId, parentIds: parentIds.filter((parent) => !view.done.has(parent)) }))
}

/** Finished shards that the listing has not named for so long that no child of theirs can turn up. */
export function outlivedShards(discovery: Discovery, pace: MappingPace, monoMs: number): readonly string[] {
  const { listing } = discovery
  if (listing === null) return []
  const view = { listed: listing.shards, done: new Set(discovery.done.keys()) }
  return forgettable(view).filter((shardId) => {
    const absence = discovery.absences.get(shardId)
    return absence !== undefined && monoMs - absence.sinceMs >= pace.forgetMs
  })
}

/** When to look at the source again, after a look that succeeded. */
export function nextLookMs(discovery: Discovery, pace: MappingPace, refused: Iterable<string>): number {
  if (!discovery.isStream || !isUnclear(discovery, refused)) return pace.relistMs
  const soonMs = Math.min(pace.relistMs, pace.lookAgainMs * 2 ** Math.min(discovery.looks, 20))
  discovery.looks++
  return soonMs
}

/** True as long as the listing leaves open what comes after a shard's end, or whether a shard is gone. */
function isUnclear(discovery: Discovery, refused: Iterable<string>): boolean {
  const { listing } = discovery
  if (listing === null) return false
  for (const shardId of refused) if (!isAbsent(discovery, shardId)) return true
  const parents = new Set(listing.shards.flatMap((shard) => shard.parentIds))
  for (const [shardId, incarnation] of discovery.done) {
    // A finished shard that is listed without a child: the child is not listed yet, or the stream has come to its end.
    const listed = !discovery.absences.has(shardId)
    if (listed && incarnation === listing.incarnation && !parents.has(shardId)) return true
  }
  return false
}

function lineageView(discovery: Discovery): LineageView | null {
  const { listing, done } = discovery
  if (listing === null) return null
  const ours = [...done].filter(([, incarnation]) => incarnation === listing.incarnation)
  return { listed: listing.shards, done: new Set(ours.map(([shardId]) => shardId)) }
}
