import type { Backlog, MappingActivity, MappingOverview } from '../model/mapping-status.ts'
import type { MappingDocument } from '../model/mapping.ts'
import { isStream } from '../model/source.ts'
import type { ApiDeps } from './api-deps.ts'
import { lookSideBySide, sightOf } from './looks.ts'

type Deps = Pick<ApiDeps, 'activity' | 'queueDepth'>

/** A queue that does not answer must not keep the list. */
const depthMsMax = 2_000

export const idle: MappingActivity = { lastInvokedMs: null, recordsPerSecond: 0 }

export async function withBacklogs(
  deps: Deps,
  mappings: readonly { readonly document: MappingDocument; readonly overview: MappingOverview }[],
): Promise<readonly MappingOverview[]> {
  return lookSideBySide(mappings, async ({ document, overview }) => ({
    ...overview,
    backlog: await backlogOf(deps, document),
  }))
}

async function backlogOf({ queueDepth }: Deps, document: MappingDocument): Promise<Backlog | null> {
  if (isStream(document.source)) return null
  const signal = AbortSignal.timeout(depthMsMax)
  const depth = await sightOf(queueDepth(document, signal), signal)
  if (depth?.kind !== 'queue') return null
  return { visible: depth.visible, inFlight: depth.inFlight, delayed: depth.delayed }
}
