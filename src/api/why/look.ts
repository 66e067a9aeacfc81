import type { MappingDocument } from '../../model/mapping.ts'
import { isStream } from '../../model/source.ts'
import type { DepthResult } from '../../ports.ts'
import type { ApiDeps } from '../api-deps.ts'
import { heldHere, type Evidence, type Sight } from './evidence.ts'

/** A backend that does not answer must not keep the one who asks what is wrong with it. */
const lookMsMax = 3_000

/** Mappings that are looked at side by side: a file of a thousand must not open a thousand connections. */
const looksMax = 16

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
  const found: Evidence[] = []
  const entries = documents.entries()
  const lookOn = async (): Promise<void> => {
    for (const [index, document] of entries) found[index] = await lookAtOne(deps, document, signal)
  }
  await Promise.all(Array.from({ length: Math.min(looksMax, documents.length) }, lookOn))
  return found
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
    inTime(deps.checkSource(document, signal), signal),
    isStream(document.source)
      ? ({ kind: 'uncounted' } satisfies DepthResult)
      : inTime(deps.queueDepth(document, signal), signal),
    inTime(deps.functions.describe(document.parameters.FunctionName, signal), signal),
  ])
  return { source, depth, function: seenFunction }
}

/** Whatever goes wrong with a look, there is no sight of it, and the rest is told all the same. */
async function inTime<T>(look: Promise<T>, signal: AbortSignal): Promise<T | null> {
  const late = new Promise<null>((resolve) => {
    signal.addEventListener('abort', () => resolve(null), { once: true })
  })
  return Promise.race([look.catch(() => null), late])
}
