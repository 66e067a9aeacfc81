import type { Backlog, MappingActivity, MappingOverview } from '../model/mapping-status.ts'
import type { MappingDocument } from '../model/mapping.ts'
import { isStream } from '../model/source.ts'
import type { ApiDeps } from './api-deps.ts'

type Deps = Pick<ApiDeps, 'activity' | 'queueDepth'>

/** A queue that does not answer must not keep the list. */
const depthMsMax = 2_000
/** Queues that are asked side by side. */
const looksMax = 16

export const idle: MappingActivity = { lastInvokedMs: null, recordsPerSecond: 0 }

export async function withBacklogs(
  deps: Deps,
  mappings: readonly { readonly document: MappingDocument; readonly overview: MappingOverview }[],
): Promise<readonly MappingOverview[]> {
  const found: MappingOverview[] = []
  const entries = mappings.entries()
  const lookOn = async (): Promise<void> => {
    for (const [index, { document, overview }] of entries) {
      found[index] = { ...overview, backlog: await backlogOf(deps, document) }
    }
  }
  await Promise.all(Array.from({ length: Math.min(looksMax, mappings.length) }, lookOn))
  return found
}

async function backlogOf({ queueDepth }: Deps, document: MappingDocument): Promise<Backlog | null> {
  if (isStream(document.source)) return null
  const signal = AbortSignal.timeout(depthMsMax)
  const late = new Promise<null>((resolve) => {
    signal.addEventListener('abort', () => resolve(null), { once: true })
  })
  const depth = await Promise.race([queueDepth(document, signal).catch(() => null), late])
  if (depth?.kind !== 'queue') return null
  return { visible: depth.visible, inFlight: depth.inFlight, delayed: depth.delayed }
}
