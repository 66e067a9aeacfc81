import { isSameMapping, type Adoption, type MappingDocument } from '../../model/mapping.ts'
import { planReturn } from './return.ts'
import {
  adoptedOf,
  adoptionOf,
  planMissing,
  type Adopted,
  type AdoptionStep,
  type AdoptionView,
  type SeenMapping,
} from './view.ts'
import { isAtRest } from '../mapping/states.ts'

/**
 * Who polls for the mappings of the upstream: what `--adopt` does after one look at them. For each mapping:
 *
 *   Enabled upstream ──adopt──► taking ──disable, until it is seen Disabled──► taken: it runs here
 *   taken, seen Enabled again ──► touched ──disable, until it is seen Disabled──► taken
 *   undo: taken ──► returning ──stops here, then enable, until it is seen Enabled──► forgotten here
 *
 * The phase is written down before the upstream is told, and only what is seen moves it on: an answer that was lost, or a process
 * that died, is made up for by the next look. It never runs here before it was seen Disabled upstream.
 */
export function planAdoption(view: AdoptionView): readonly AdoptionStep[] {
  if (view.mode !== 'on') return planReturn(view)
  if (isOurselves(view)) return [{ kind: 'tell', uuid: '', reason: ownEndpoint }]
  const ours = adoptedOf(view)
  const known = view.upstream.flatMap((seen) => {
    const own = ours.get(seen.uuid)
    return own === undefined ? planNew(seen, view) : planKnown(seen, own, view)
  })
  return [...known, ...planGone(view)]
}

const ownEndpoint =
  'The Lambda endpoint is this very Millrace: there is nothing to adopt. Set AWS_ENDPOINT_URL_LAMBDA, or aws.endpoints.lambda, to the ' +
  'endpoint of the stack.'

/** A mapping of ours that was not adopted cannot be the upstream's. */
function isOurselves({ upstream, ours }: AdoptionView): boolean {
  const made = new Set(ours.filter(({ adopted }) => adopted === undefined).map(({ uuid }) => uuid))
  return upstream.some(({ uuid }) => made.has(uuid))
}

function planNew(seen: SeenMapping, { refused, ours }: AdoptionView): readonly AdoptionStep[] {
  const { uuid, declaration } = seen
  if (seen.state === 'Deleting') return []
  if (seen.state === 'moving') return [{ kind: 'wait', uuid }]
  if (declaration.kind === 'foreign') return [{ kind: 'tell', uuid, reason: declaration.reason }]
  if (isRefused(seen, refused)) return []
  const other = ours.find((own) => isSameMapping(own, declaration))
  if (other !== undefined) return [{ kind: 'tell', uuid, reason: sameKey(other, seen.state) }]
  const phase = seen.state === 'Enabled' ? 'taking' : 'taken'
  return [
    { kind: 'adopt', uuid, declaration, createdMs: seen.modifiedMs, adopted: adoptionOf(seen, declaration, phase) },
  ]
}

/** The upstream would not disable it, and nobody has changed it since. */
function isRefused({ uuid, modifiedMs, isSteady }: SeenMapping, refused: AdoptionView['refused']): boolean {
  return refused.has(uuid) && !(isSteady && refused.get(uuid) !== modifiedMs)
}

function sameKey({ uuid }: MappingDocument, state: 'Enabled' | 'Disabled'): string {
  const both = state === 'Enabled' ? 'Both poll now: delete' : 'Delete'
  return `Mapping ${uuid} here has the same source and function, so the one of the upstream is left alone. ${both} one of them.`
}

function planKnown(seen: SeenMapping, own: Adopted, view: AdoptionView): readonly AdoptionStep[] {
  const { uuid } = seen
  if (own.state === 'Deleting') return [{ kind: 'wait', uuid }]
  if (seen.state === 'Deleting') return [{ kind: 'remove', uuid, why: 'gone' }]
  if (seen.state === 'moving' || !isAtRest(own.state)) return [{ kind: 'wait', uuid }]
  return seen.state === 'Enabled' ? [planEnabled(seen, own, view)] : planDisabled(seen, own)
}

/** It polls upstream. */
function planEnabled(seen: SeenMapping, own: Adopted, { refused }: AdoptionView): AdoptionStep {
  const { uuid, declaration } = seen
  const { adopted } = own
  const runs = own.state === 'Enabled'
  const isTold = adopted.phase === (runs ? 'touched' : 'taking')
  if (declaration.kind === 'foreign') return { kind: 'remove', uuid, why: 'foreign' }
  if (isTold && isRefused(seen, refused)) return { kind: 'remove', uuid, why: 'refused' }
  if (isTold) return { kind: 'switch', uuid, enabled: false }
  return runs
    ? { kind: 'note', uuid, adopted: { ...adopted, phase: 'touched' }, why: 'enabledAgain' }
    : { kind: 'note', uuid, adopted: { ...adopted, phase: 'taking' }, why: 'enabledUpstream' }
}

/** It does not poll upstream, by our doing or by the stack's. */
function planDisabled(seen: SeenMapping, own: Adopted): readonly AdoptionStep[] {
  const { uuid, declaration } = seen
  const { adopted } = own
  const runs = own.state === 'Enabled'
  const isOwed = adopted.phase === 'taking' || adopted.phase === 'returning'
  if (declaration.kind === 'foreign') {
    const tell = { kind: 'tell', uuid, reason: declaration.reason } as const
    // Nobody polls: it goes back to the only one that can. It is forgotten here once it is seen Enabled.
    return isOwed && !runs ? [tell, { kind: 'switch', uuid, enabled: true }] : [tell]
  }
  const taken = adoptionOf(seen, declaration, 'taken')
  if (isOwed) return [{ kind: 'change', uuid, declaration, enabled: true, adopted: taken, why: 'started' }]
  if (declaration.text !== adopted.declared) {
    return [{ kind: 'change', uuid, declaration, enabled: runs, adopted: taken, why: 'copied' }]
  }
  if (adopted.phase === 'touched') return [{ kind: 'note', uuid, adopted: taken, why: 'settled' }]
  if (!isNewer(seen, adopted)) return []
  // Changed, and nothing is different but that somebody wrote Disabled where we had put it: the stack wants it disabled.
  return runs
    ? [{ kind: 'change', uuid, declaration, enabled: false, adopted: taken, why: 'disabledUpstream' }]
    : [{ kind: 'note', uuid, adopted: taken, why: 'settled' }]
}

function isNewer({ modifiedMs, isSteady }: SeenMapping, { upstreamModifiedMs }: Adoption): boolean {
  return isSteady && modifiedMs !== null && modifiedMs > (upstreamModifiedMs ?? modifiedMs)
}

function planGone(view: AdoptionView): readonly AdoptionStep[] {
  const listed = new Set(view.upstream.map(({ uuid }) => uuid))
  return [...adoptedOf(view).values()].filter(({ uuid }) => !listed.has(uuid)).map((own) => planMissing(own, view))
}
