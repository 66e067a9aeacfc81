import { currentUnit } from './flight.ts'
import type { Flight, FlowState, Unit } from './state.ts'

/** One batch on its way, as it is shown. */
export interface BatchInspection {
  /** `permit`: it waits for a free invocation; `waiting`: for its next attempt; `landing`: for the failure destination. */
  readonly step: Flight['phase']
  readonly records: number
  /** Attempts that ran and failed. */
  readonly attempts: number
  /** Attempts in a row that did not run. */
  readonly notRun: number
  /** waiting: when the next attempt is due. */
  readonly nextInMs: number | null
  /** invoking: how long it has been with the function. */
  readonly runsForMs: number | null
  /** The first of its records: where it is the only one, the one that blocks. */
  readonly first: RecordInspection | null
  /** The final invocation of a tumbling window, which carries no records. */
  readonly final: boolean
  /** Records held here that may not go before it does. */
  readonly behind: number
}

export interface RecordInspection {
  readonly id: string
  readonly position: string
  readonly orderKey: string
  readonly arrivedMs: number
}

interface At {
  readonly nowMs: number
  readonly sentMs: number | undefined
}

/** A queue may have a thousand batches on their way. */
const batchesMax = 10

export function inspectBatches(state: FlowState, nowMs: number): readonly BatchInspection[] {
  const sentMs = new Map<number, number>()
  for (const pending of state.pending.values())
    if (pending.kind === 'invoke') sentMs.set(pending.flight, pending.sentMs)
  return [...state.flights.values()]
    .toSorted((one, other) => failuresOf(other) - failuresOf(one))
    .slice(0, batchesMax)
    .map((flight) => inspectBatch(state, flight, { nowMs, sentMs: sentMs.get(flight.id) }))
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
    nextInMs: phase === 'waiting' ? Math.max(0, flight.dueMs - at.nowMs) : null,
    runsForMs: phase === 'invoking' && at.sentMs !== undefined ? at.nowMs - at.sentMs : null,
    behind: behindOf(state, flight),
  }
}

function inspectUnit(unit: Unit | null): Pick<BatchInspection, 'records' | 'attempts' | 'first' | 'final'> {
  if (unit === null) return { records: 0, attempts: 0, first: null, final: false }
  const first = unit.held[0]?.record
  return { records: unit.held.length, attempts: unit.attempts, first: first ? pick(first) : null, final: unit.final }
}

/** What bisect left for later, and what waits in the slot. */
function behindOf({ shard }: FlowState, { slot, units }: Flight): number {
  const later = units.slice(0, -1).reduce((count, { held }) => count + held.length, 0)
  return later + (shard?.slots[slot]?.queue.length ?? 0)
}

function pick({ id, position, orderKey, arrivedMs }: RecordInspection): RecordInspection {
  return { id, position, orderKey, arrivedMs }
}
