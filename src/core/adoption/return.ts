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
 * `--adopt=undo`: everything that was adopted goes back to the upstream, which polls again for what ran here. Without `--adopt`, only
 * what an earlier process left half done is ended, so that no mapping is left that nobody polls.
 */
export function planReturn(view: AdoptionView): readonly AdoptionStep[] {
  const seen = new Map(view.upstream.map((each) => [each.uuid, each]))
  return [...adoptedOf(view).values()]
    .filter((own) => view.mode === 'undo' || isHalfDone(own))
    .flatMap((own) => {
      const there = seen.get(own.uuid)
      if (there === undefined) return planMissing(own, view)
      if (there.state === 'Deleting' && isAtRest(own.state)) return { kind: 'remove', uuid: own.uuid, why: 'gone' }
      if (there.state === 'Deleting' || there.state === 'moving' || !isAtRest(own.state)) {
        return { kind: 'wait', uuid: own.uuid }
      }
      return view.mode === 'off' && own.adopted.phase === 'taking' ? planTaking(there, own) : planGivingBack(there, own)
    })
}

/** Whether somebody has to poll for it who may not have been told yet. */
export function isHalfDone({ adopted: { phase } }: Pick<Adopted, 'adopted'>): boolean {
  return phase === 'taking' || phase === 'returning'
}

/** Upstream it may or may not have been disabled before the process died. */
function planTaking(seen: SeenMapping, { uuid }: Adopted): AdoptionStep {
  if (seen.state === 'Enabled') return { kind: 'remove', uuid, why: 'returned' }
  const { declaration } = seen
  if (declaration.kind === 'foreign') return { kind: 'switch', uuid, enabled: true }
  const adopted = adoptionOf(seen, declaration, 'taken')
  return { kind: 'change', uuid, declaration, enabled: true, adopted, why: 'started' }
}

function planGivingBack(seen: SeenMapping, { uuid, adopted, state }: Adopted): AdoptionStep {
  const runs = state === 'Enabled'
  if (seen.state === 'Enabled' || !(runs || isHalfDone({ adopted }))) return { kind: 'remove', uuid, why: 'returned' }
  const returning = { ...adopted, phase: 'returning' } as const
  if (adopted.phase !== 'returning') return { kind: 'note', uuid, adopted: returning, why: 'returning' }
  if (runs) return { kind: 'change', uuid, declaration: null, enabled: false, adopted: returning, why: 'stopped' }
  return { kind: 'switch', uuid, enabled: true }
}
