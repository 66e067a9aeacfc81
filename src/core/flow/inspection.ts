import type { BatchInspection, FlowDetail, FlowStatus, RecordInspection } from '../../model/mapping-status.ts'
import type { FlowEnv } from './messages.ts'
import type { FlowConfig } from './config.ts'
import { currentUnit } from './flight.ts'
import type { Flight, FlowPhase, FlowState, Part, PartKind, Parts, Unit } from './state.ts'
import { inspectQueue } from './queue/inspection.ts'
import { type Arrivals, inspectShard } from './shard/inspection.ts'

/** What the operations API shows of a flow. Moments are told as a distance from now, since the flow's clock is its own. */
export interface FlowInspection extends Pick<
  FlowStatus,
  'held' | 'heldBytes' | 'invoking' | 'waiting' | 'concurrency' | 'watermark' | 'trouble' | 'outage' | 'detail'
> {
  readonly phase: FlowPhase
  readonly arrivals: Arrivals
}

/** When it is looked at. */
export type Now = Pick<FlowEnv, 'monoMs' | 'receiptMonoMs'>

/** What each kind of a flow has to tell by itself. */
export type PartInspection = Pick<FlowInspection, 'concurrency' | 'watermark' | 'arrivals' | 'outage'> &
  Pick<FlowDetail, 'groups' | 'hidden' | 'windowEndsInMs'>

export type InspectPart<P extends Part> = (state: FlowState, part: P, config: FlowConfig, now: Now) => PartInspection

const inspectors: { readonly [K in PartKind]: InspectPart<Parts[K]> } = { queue: inspectQueue, shard: inspectShard }

function inspectPart<K extends PartKind>(state: FlowState, part: Part<K>, config: FlowConfig, now: Now) {
  return inspectors[part.kind](state, part, config, now)
}

export function inspectFlow(state: FlowState, config: FlowConfig, now: Now): FlowInspection {
  let invoking = 0
  for (const flight of state.flights.values()) if (flight.phase === 'invoking') invoking += 1
  const { groups, hidden, windowEndsInMs, ...told } = inspectPart(state, state.part, config, now)
  return {
    ...told,
    phase: state.phase,
    held: state.heldRecords,
    heldBytes: state.heldBytes,
    invoking,
    waiting: state.flights.size - invoking,
    trouble: state.trouble,
    detail: { batches: inspectBatches(state, now), groups, hidden, windowEndsInMs },
  }
}

/** Moments of one look. */
interface At extends Now {
  readonly sentMs: number | undefined
}

/** A queue may have a thousand batches on their way. */
const batchesMax = 10

function inspectBatches(state: FlowState, now: Now): readonly BatchInspection[] {
  const sentMs = new Map<number, number>()
  for (const pending of state.pending.values())
    if (pending.kind === 'invoke') sentMs.set(pending.flight, pending.sentMs)
  return [...state.flights.values()]
    .toSorted((one, other) => failuresOf(other) - failuresOf(one))
    .slice(0, batchesMax)
    .map((flight) => inspectBatch(state, flight, { ...now, sentMs: sentMs.get(flight.id) }))
}

function failuresOf(flight: Flight): number {
  return (currentUnit(flight)?.attempts ?? 0) + flight.notRunStreak + flight.discards
}

function inspectBatch(state: FlowState, flight: Flight, at: At): BatchInspection {
  const { phase, notRunStreak } = flight
  return {
    step: phase,
    ...inspectUnit(currentUnit(flight)),
    notRun: notRunStreak,
    nextInMs: phase === 'waiting' ? Math.max(0, flight.dueMs - at.monoMs) : null,
    runsForMs: phase === 'invoking' && at.sentMs !== undefined ? at.receiptMonoMs - at.sentMs : null,
    behind: behindOf(state, flight),
  }
}

function inspectUnit(unit: Unit | null): Pick<BatchInspection, 'records' | 'attempts' | 'first' | 'final'> {
  if (unit === null) return { records: 0, attempts: 0, first: null, final: false }
  const first = unit.held[0]?.record
  return { records: unit.held.length, attempts: unit.attempts, first: first ? pick(first) : null, final: unit.final }
}

/** What bisect left for later, and what waits in the slot. */
function behindOf({ part }: FlowState, { slot, units }: Flight): number {
  const later = units.slice(0, -1).reduce((count, { held }) => count + held.length, 0)
  return later + (part.kind === 'shard' ? (part.slots[slot]?.queue.length ?? 0) : 0)
}

function pick({ id, position, orderKey, arrivedMs }: RecordInspection): RecordInspection {
  return { id, position, orderKey, arrivedMs }
}
