import type { MappingDocument } from '../model/mapping.ts'
import type { MappingRest, Unrest } from '../model/mapping-rest.ts'
import type { MappingStatus } from '../model/mapping-status.ts'
import { isStream } from '../model/source.ts'
import type { DepthResult, DescribeResult } from '../ports.ts'
import type { ApiDeps } from './api-deps.ts'

/** What a look at a source found; null: it failed or took too long. */
export type SourceSight =
  | { readonly kind: 'depth'; readonly depth: DepthResult | null }
  | { readonly kind: 'listing'; readonly listing: DescribeResult | null }

/** A source that does not answer must not keep those who wait for others. */
const lookMsMax = 3_000
/** Sources that are looked at side by side. */
const looksMax = 16

export type LookDeps = Pick<ApiDeps, 'checkSource' | 'queueDepth'>

/** One look at each of these sources, now. */
export async function lookAtSources(
  deps: LookDeps,
  documents: readonly MappingDocument[],
  ended: AbortSignal,
): Promise<ReadonlyMap<string, SourceSight>> {
  const sights = new Map<string, SourceSight>()
  const entries = documents.values()
  const lookOn = async (): Promise<void> => {
    for (const document of entries) sights.set(document.uuid, await lookAtSource(deps, document, ended))
  }
  await Promise.all(Array.from({ length: Math.min(looksMax, documents.length) }, lookOn))
  return sights
}

async function lookAtSource(deps: LookDeps, document: MappingDocument, ended: AbortSignal): Promise<SourceSight> {
  const signal = AbortSignal.any([ended, AbortSignal.timeout(lookMsMax)])
  if (isStream(document.source))
    return { kind: 'listing', listing: await inTime(deps.checkSource(document, signal), signal) }
  return { kind: 'depth', depth: await inTime(deps.queueDepth(document, signal), signal) }
}

async function inTime<T>(look: Promise<T>, signal: AbortSignal): Promise<T | null> {
  const late = Promise.withResolvers<null>()
  signal.addEventListener('abort', () => late.resolve(null), { once: true })
  return Promise.race([look.catch(() => null), late.promise])
}

/** What the look says is left, once the mapping itself has nothing left that it knows of. */
export function leftBySight(
  sight: SourceSight | undefined,
  { rest, status }: { readonly rest: MappingRest; readonly status: MappingStatus | undefined },
): readonly Unrest[] {
  if (sight === undefined) return [{ kind: 'busy', text: 'The source has not been looked at yet.' }]
  return sight.kind === 'depth' ? leftInQueue(sight.depth, status) : leftInStream(sight.listing, rest)
}

function leftInQueue(depth: DepthResult | null, status: MappingStatus | undefined): readonly Unrest[] {
  if (depth?.kind !== 'queue') return unseen(depth)
  const { visible, inFlight, delayed } = depth
  return [
    ...(visible > 0 ? [{ kind: 'busy' as const, text: `${messages(visible)} ${wait(visible)} in the queue.` }] : []),
    ...(inFlight > 0 ? [{ kind: 'inFlight' as const, text: inFlightText(inFlight, status) }] : []),
    ...(delayed > 0 ? [{ kind: 'delayed' as const, text: `${messages(delayed)} ${isAre(delayed)} delayed.` }] : []),
  ]
}

/** Messages that this process let go after a failure are the ones it can tell the end of. */
function inFlightText(inFlight: number, status: MappingStatus | undefined): string {
  const hidden = status?.flows.map(({ detail }) => detail.hidden).find(({ count }) => count > 0)
  if (hidden === undefined || hidden.firstInMs === null)
    return `${messages(inFlight)} ${isAre(inFlight)} in flight: received and not deleted, until the visibility ends.`
  const seconds = Math.ceil(hidden.firstInMs / 1_000)
  return `${messages(inFlight)} failed and ${isAre(inFlight)} shown again in ${seconds} s.`
}

/** Every shard of a fresh listing is read to its end, or runs; whether it is at its tip, the flow says. */
function leftInStream(listing: DescribeResult | null, rest: MappingRest): readonly Unrest[] {
  if (listing?.kind !== 'found') return unseen(listing)
  const { incarnation } = listing
  const unread = listing.shards.filter(
    ({ shardId }) => rest.done.get(shardId) !== incarnation && rest.flows.get(shardId)?.incarnation !== incarnation,
  )
  return unread.map(({ shardId }) => ({ kind: 'busy', text: `shard ${shardId} is not being read yet.` }))
}

function unseen(seen: { readonly kind: string; readonly message?: string } | null): readonly Unrest[] {
  if (seen === null) return [{ kind: 'busy', text: 'The source does not answer.' }]
  const kind = seen.kind === 'missing' ? 'unattached' : 'busy'
  return [{ kind, text: `The source cannot be looked at (${seen.kind}): ${seen.message ?? 'it counts nothing'}` }]
}

function messages(count: number): string {
  return `${count} ${count === 1 ? 'message' : 'messages'}`
}

function isAre(count: number): string {
  return count === 1 ? 'is' : 'are'
}

function wait(count: number): string {
  return count === 1 ? 'waits' : 'wait'
}
