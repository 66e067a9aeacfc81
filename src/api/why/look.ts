import type { MappingDocument } from '../../model/mapping.ts'
import { isStream } from '../../model/source.ts'
import type { DepthResult } from '../../ports.ts'
import type { ApiDeps } from '../api-deps.ts'
import { lookMsMax, lookSideBySide, sightOf } from '../looks.ts'
import { heldHere, type Evidence, type Sight } from './evidence.ts'

export type WhyDeps = Pick<
  ApiDeps,
  'mappings' | 'functions' | 'checkSource' | 'queueDepth' | 'counts' | 'clock' | 'surroundings' | 'health'
>

/** Looks at source, queue and function of each mapping, now, and puts together what is known. */
export async function lookAt(
  deps: WhyDeps,
  documents: readonly MappingDocument[],
  signal: AbortSignal,
): Promise<readonly Evidence[]> {
  return lookSideBySide(documents, (document) => lookAtOne(deps, document, signal))
}

async function lookAtOne(deps: WhyDeps, document: MappingDocument, asked: AbortSignal): Promise<Evidence> {
  const { uuid } = document
  const heldBefore = heldHere(deps.mappings.status(uuid))
  const sight = await see(deps, document, AbortSignal.any([asked, AbortSignal.timeout(lookMsMax)]))
  const status = deps.mappings.status(uuid)
  return {
    nowMs: deps.clock.wallMs(),
    document: deps.mappings.get(uuid) ?? document,
    status,
    counts: deps.counts(uuid),
    hosted: deps.functions.hosted(document.functionArn),
    sight: { ...sight, heldHere: Math.max(heldBefore, heldHere(status)) },
    surroundings: deps.surroundings(document),
    storeTrouble: deps.health.storeTrouble(),
    damage: deps.mappings.damageOf(uuid),
  }
}

async function see(deps: WhyDeps, document: MappingDocument, signal: AbortSignal): Promise<Omit<Sight, 'heldHere'>> {
  const [source, depth, seenFunction] = await Promise.all([
    sightOf(deps.checkSource(document, signal), signal),
    isStream(document.source)
      ? ({ kind: 'uncounted' } satisfies DepthResult)
      : sightOf(deps.queueDepth(document, signal), signal),
    sightOf(deps.functions.describe(document.parameters.FunctionName, signal), signal),
  ])
  return { source, depth, function: seenFunction }
}
