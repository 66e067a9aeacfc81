import type { MappingDocument } from '../model/mapping.ts'
import type { MappingRest, Unrest } from '../model/mapping-rest.ts'
import type { MappingStatus } from '../model/mapping-status.ts'
import { isStream } from '../model/source.ts'
import type { DepthResult, DescribeResult } from '../ports.ts'
import type { ApiDeps } from './api-deps.ts'
import { lookMsMax, lookSideBySide, sightOf } from './looks.ts'
import { counted } from './why/wording.ts'

/** What a look at a source found; null: it failed or took too long. */
export type SourceSight =
  | { readonly kind: 'depth'; readonly depth: DepthResult | null }
  | { readonly kind: 'listing'; readonly listing: DescribeResult | null }

export type LookDeps = Pick<ApiDeps, 'checkSource' | 'queueDepth'>

/** One look at each of these sources, now. */
export async function lookAtSources(
  deps: LookDeps,
  documents: readonly MappingDocument[],
  ended: AbortSignal,
): Promise<ReadonlyMap<string, SourceSight>> {
  const look = async (document: MappingDocument) => [document.uuid, await lookAtSource(deps, document, ended)] as const
  return new Map(await lookSideBySide(documents, look))
}

async function lookAtSource(deps: LookDeps, document: MappingDocument, ended: AbortSignal): Promise<SourceSight> {
  const signal = AbortSignal.any([ended, AbortSignal.timeout(lookMsMax)])
  if (isStream(document.source))
    return { kind: 'listing', listing: await sightOf(deps.checkSource(document, signal), signal) }
  return { kind: 'depth', depth: await sightOf(deps.queueDepth(document, signal), signal) }
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
    ...(visible > 0
      ? [{ kind: 'busy' as const, text: `${counted(visible, 'message', 'waits', 'wait')} in the queue.` }]
      : []),
    ...(inFlight > 0 ? [{ kind: 'inFlight' as const, text: inFlightText(inFlight, status) }] : []),
    ...(delayed > 0
      ? [{ kind: 'delayed' as const, text: `${counted(delayed, 'message', 'is', 'are')} delayed.` }]
      : []),
  ]
}

/** Messages that this process let go after a failure are the ones it can tell the end of. */
function inFlightText(inFlight: number, status: MappingStatus | undefined): string {
  const hidden = status?.flows.map(({ detail }) => detail.hidden).find(({ count }) => count > 0)
  if (hidden === undefined || hidden.firstInMs === null)
    return `${counted(inFlight, 'message', 'is', 'are')} in flight: received and not deleted, until the visibility ends.`
  const seconds = Math.ceil(hidden.firstInMs / 1_000)
  return `${counted(inFlight, 'message', 'failed and is', 'failed and are')} shown again in ${seconds} s.`
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
