import type { MappingCommand, MappingEvent } from '../core/mapping/messages.ts'
import type { MachineState } from '../core/mapping/state.ts'
import type { MappingDocument } from '../model/mapping.ts'
import type { MappingRest, Unrest } from '../model/mapping-rest.ts'
import type { Activity } from './activity.ts'
import type { FlowRunner } from './flow-runner.ts'
import type { MappingTroubles } from './mapping-troubles.ts'

interface Seen {
  readonly document: Pick<MappingDocument, 'state'>
  readonly activity: Activity
  readonly machine: MachineState
}

/** What is asked of the store or the source by the way, and changes nothing of a record. */
const asides: ReadonlySet<string> = new Set(['describe', 'forget'])

/** What of a mapping's own doings counts as activity: flows that begin and end, states that change. */
export function changesFlows(event: MappingEvent, commands: readonly MappingCommand[]): boolean {
  const happens: readonly string[] = ['startFlow', 'drainFlow', 'shardGone', 'save', 'remove']
  return event.kind === 'flowEnded' || event.kind === 'changed' || commands.some(({ kind }) => happens.includes(kind))
}

/** What a mapping has left to do, as far as it knows by itself. */
export function restOf(
  seen: Seen,
  runners: readonly FlowRunner[],
  troubles: Pick<MappingTroubles, 'source' | 'function'>,
): MappingRest {
  const { activity, machine } = seen
  return {
    activity: activity.count,
    activeMs: activity.lastMs,
    reasons: [...ownReasons(seen, runners.length > 0, troubles), ...runners.flatMap((runner) => runner.unrest())],
    flows: new Map(runners.map((runner) => [runner.flow, { incarnation: runner.incarnation, tipMs: runner.tipMs }])),
    done: machine.discovery.done,
  }
}

function ownReasons(
  { document: { state }, machine }: Seen,
  isRunning: boolean,
  troubles: Pick<MappingTroubles, 'source' | 'function'>,
): readonly Unrest[] {
  const isAttached = machine.discovery.listing !== null
  if (!isAttached && troubles.source !== null)
    return [{ kind: 'unattached', text: `The source is not attached: ${troubles.source.message}` }]
  if (state !== 'Enabled') return [busy(`The mapping is ${state}.`)]
  if (!isAttached && troubles.function !== null)
    return [busy(`The function cannot be invoked: ${troubles.function.message}`)]
  if (!isAttached) return [{ kind: 'unattached', text: 'The source is not attached yet.' }]
  if (!machine.discovery.isStream && !isRunning) return [busy('The queue is not being received from yet.')]
  const isAsking = [...machine.pending.values()].some((kind) => !asides.has(kind))
  return isAsking ? [busy('The mapping is being set up.')] : []
}

function busy(text: string): Unrest {
  return { kind: 'busy', text }
}
