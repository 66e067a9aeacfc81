import type { FlowEnv } from './messages.ts'
import type { FlowConfig } from './config.ts'
import { currentUnit } from './flight.ts'
import type { Flight, FlowPhase, FlowState, Part, PartKind, Parts, Unit } from './state.ts'
import { type GroupInspection, type HiddenInspection, inspectQueue } from './queue/inspection.ts'
import { type Arrivals, inspectShard } from './shard/inspection.ts'

/** What the operations API shows of a flow. Moments are told as a distance from now, since the flow's clock is its own. */
export interface FlowInspection {
  readonly phase: FlowPhase
  readonly held: number
  readonly heldBytes: number
  readonly invoking: number
  readonly waiting: number
  readonly concurrency: number
  readonly watermark: string | null
  readonly trouble: string | null
  readonly arrivals: Arrivals
  /** Why its function cannot be invoked, so that nothing is received; null: it can, or a shard. */
  readonly outage: string | null
  readonly detail: FlowDetail
}

/** What `why` has to know beside the numbers. */
export interface FlowDetail {
  /** The batches that are on their way and have the most to tell: those that failed first. */
  readonly batches: readonly BatchInspection[]
  /** FIFO: groups whose next message may not be run yet. */
  readonly groups: readonly GroupInspection[]
  /** Messages that were let go and come back when their visibility ends. */
  readonly hidden: HiddenInspection
  /** When the batching window ends; null: nothing is gathered in one. */
  readonly windowEndsInMs: number | null
}

/** What each kind of a flow has to tell by itself. */
/** When it is looked at. */
export type Now = Pick<FlowEnv, 'monoMs' | 'receiptMonoMs'>

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
