import type { AdoptionStep, ChangeReason, NoteReason, RemoveReason } from '../core/adoption/view.ts'
import { ApiError } from '../model/api-error.ts'
import type { Adoption, MappingDocument } from '../model/mapping.ts'
import type { Log } from '../observe/log.ts'
import type { Clock, UpstreamMappings } from '../ports.ts'
import { changedMembers } from './adopt-difference.ts'
import type { Registry } from './registry.ts'

export interface AdoptionWork {
  readonly registry: Pick<Registry, 'create' | 'update' | 'delete' | 'note' | 'get'>
  readonly upstream: UpstreamMappings
  readonly clock: Pick<Clock, 'wallMs'>
  readonly signal: AbortSignal
  /** Carries the mapping. */
  readonly log: Log
  /** Says it once, until something else is to be said of the mapping. */
  readonly tell: (message: string) => void
  /** Says it once for all mappings. */
  readonly tellForAll: (message: string) => void
  /** The upstream will not disable it as it is now. */
  readonly noteRefusal: () => void
  /** The upstream was told: answers how often by now, since it was last seen to obey. */
  readonly countOrder: () => number
}

/** An upstream that says yes this often and does nothing is one that does not know the member. */
const ordersMax = 10

/** Carries one step out; answers whether it moved anything here. A refusal is told, and the next look plans anew. */
export async function takeStep(step: AdoptionStep, work: AdoptionWork): Promise<boolean> {
  try {
    await act(step, work)
    return step.kind !== 'wait' && step.kind !== 'switch' && step.kind !== 'tell'
  } catch (error) {
    if (work.signal.aborted) return false
    work.tell(`It could not be ${verbs[step.kind]}: ${error instanceof ApiError ? error.message : String(error)}`)
    return false
  }
}

const verbs: Readonly<Record<AdoptionStep['kind'], string>> = {
  adopt: 'adopted',
  note: 'written down',
  switch: 'changed upstream',
  change: 'changed here',
  remove: 'removed here',
  tell: 'told',
  wait: 'waited for',
}

async function act(step: AdoptionStep, work: AdoptionWork): Promise<void> {
  switch (step.kind) {
    case 'wait':
      return
    case 'tell':
      return work.tell(step.reason)
    case 'adopt':
      return adopt(step, work)
    case 'note':
      await work.registry.note(step.uuid, step.adopted)
      return say(work, notes[step.why])
    case 'switch':
      return order(step.enabled, step.uuid, work)
    case 'change':
      return change(step, work)
    case 'remove':
      await work.registry.delete(step.uuid)
      return say(work, removals[step.why])
    default:
      step satisfies never
  }
}

type Step<Kind extends AdoptionStep['kind']> = Extract<AdoptionStep, { kind: Kind }>

async function adopt({ uuid, declaration, createdMs, adopted }: Step<'adopt'>, work: AdoptionWork): Promise<void> {
  const { sourceName, functionArn, parameters } = declaration
  const nowMs = work.clock.wallMs()
  await work.registry.create({
    origin: 'adopted',
    sourceName,
    functionArn,
    // Enabled only once it is seen disabled upstream.
    parameters: { ...parameters, Enabled: false },
    tags: {},
    // LATEST begins at the earliest moment that the upstream tells: its own poller may not have come to what was written since.
    adoption: { uuid, createdMs: Math.min(createdMs ?? nowMs, nowMs), adopted },
  })
  const what = { source: sourceName, function: functionArn, startingPosition: parameters.StartingPosition }
  if (adopted.phase === 'taken') work.log.info(what, 'Adopted as it is upstream: Disabled.')
  else work.log.info(what, 'Adopted: it is being disabled upstream, and runs here as soon as that is done.')
}

async function order(enabled: boolean, uuid: string, work: AdoptionWork): Promise<void> {
  const result = await work.upstream.update(uuid, { Enabled: enabled }, work.signal)
  const wanted = enabled ? 'enable' : 'disable'
  switch (result.kind) {
    case 'done':
      if (work.countOrder() < ordersMax) return
      return work.tell(
        enabled
          ? 'The upstream takes the order to enable it and leaves it disabled: nobody polls for it. Enable it there.'
          : 'The upstream takes the order to disable it and leaves it enabled: it polls there. Both would poll, so a mapping that ' +
              'was not running here yet waits. Delete it there, or here.',
      )
    case 'missing':
      return
    case 'refused':
      if (!enabled) work.noteRefusal()
      return work.tell(
        enabled
          ? `The upstream refuses to enable it, so nobody polls for it: ${result.message}`
          : `The upstream refuses to disable it. Both would poll, so it is left to the upstream: ${result.message}`,
      )
    case 'busy':
    case 'failed':
      return work.tell(`The upstream did not ${wanted} it yet, and is asked again: ${result.message}`)
    default:
      result satisfies never
  }
}

async function change(step: Step<'change'>, work: AdoptionWork): Promise<void> {
  const { uuid, declaration, enabled, adopted, why } = step
  const current = work.registry.get(uuid)
  if (current === undefined) return
  const parameters = { ...(declaration?.parameters ?? current.parameters), Enabled: enabled }
  const functionArn = declaration?.functionArn ?? current.functionArn
  // A change that went from here to the upstream comes back as one of the stack.
  const isSame = Object.keys(changedMembers(current.parameters, parameters)).length === 0
  if (isSame && functionArn === current.functionArn && enabled === current.parameters.Enabled) {
    return work.registry.note(uuid, adopted)
  }
  await work.registry.update(uuid, { functionArn, parameters, adopted })
  say(work, changes[why])
  if (why === 'started' && isBlindTo(current, adopted, work.clock)) work.tellForAll(blind)
}

const blind =
  'The endpoint does not tell when a mapping is written. A stack that writes `Enabled: false` for one that was adopted is not ' +
  'noticed: it runs on here. Disable it here: millrace mappings update UUID --no-enabled.'

/** Shorter than this apart, two writes may have the same LastModified where it counts whole seconds. */
const wholeSecondMs = 2_000

/** Our own order to disable it did not move LastModified: nor will the stack's. */
function isBlindTo({ adopted: before }: MappingDocument, after: Adoption, clock: AdoptionWork['clock']): boolean {
  const { upstreamModifiedMs: modifiedMs } = after
  if (before?.phase !== 'taking' || before.upstreamModifiedMs !== modifiedMs) return false
  return modifiedMs === null || modifiedMs % 1_000 !== 0 || clock.wallMs() - modifiedMs >= wholeSecondMs
}

interface Words {
  readonly level: 'info' | 'warn'
  readonly text: string
}

function say({ log }: AdoptionWork, words: Words | null): void {
  if (words !== null) log[words.level]({}, words.text)
}

const notes: Readonly<Record<NoteReason, Words | null>> = {
  enabledAgain: { level: 'warn', text: 'It was enabled upstream: it is being disabled there again, and runs on here.' },
  enabledUpstream: { level: 'info', text: 'It was enabled upstream: it is being disabled there, and is to run here.' },
  settled: null,
  returning: { level: 'info', text: 'It goes back to the upstream.' },
}

const changes: Readonly<Record<ChangeReason, Words>> = {
  started: { level: 'info', text: 'It is disabled upstream, and runs here from now on.' },
  copied: { level: 'info', text: 'It was changed upstream; the change is taken over.' },
  disabledUpstream: {
    level: 'warn',
    text: 'It was changed upstream, where it stays disabled: taken as disabled by the stack. Enable it there or here to have it run.',
  },
  stopped: { level: 'info', text: 'It stops here; then it is enabled upstream.' },
}

const removals: Readonly<Record<RemoveReason, Words>> = {
  gone: { level: 'info', text: 'It was deleted upstream, and is deleted here.' },
  refused: { level: 'warn', text: 'It stays with the upstream, which would not disable it, and is forgotten here.' },
  foreign: { level: 'warn', text: 'It was changed to something Millrace cannot run; the upstream polls for it again.' },
  returned: { level: 'info', text: 'It is left to the upstream, and forgotten here.' },
}
