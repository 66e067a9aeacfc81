import { inspectBatches, type BatchInspection } from './batch-inspection.ts'
import type { FlowConfig } from './config.ts'
import type { FlowPhase, FlowState } from './state.ts'
import { inspectGroups, inspectHidden, type GroupInspection, type HiddenInspection } from './queue/inspection.ts'
import { gatherDueMs } from './queue/reader.ts'
import { flightsAllowed } from './queue/scale.ts'
import { inspectArrivals, type Arrivals } from './shard/inspection.ts'

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

export function inspectFlow(state: FlowState, config: FlowConfig, nowMs: number): FlowInspection {
  let invoking = 0
  for (const flight of state.flights.values()) if (flight.phase === 'invoking') invoking += 1
  const windowMs = state.queue === null ? null : gatherDueMs(config, state.queue)
  return {
    phase: state.phase,
    held: state.heldRecords,
    heldBytes: state.heldBytes,
    invoking,
    waiting: state.flights.size - invoking,
    concurrency: state.queue === null ? config.slots : flightsAllowed(state.queue.scale, config.scaling, nowMs),
    watermark: state.shard?.watermark ?? null,
    trouble: state.trouble,
    arrivals: inspectArrivals(state),
    outage: state.queue?.outage?.reason ?? null,
    detail: {
      batches: inspectBatches(state, nowMs),
      groups: config.traits.ordered === 'group' ? inspectGroups(state, nowMs) : [],
      hidden: inspectHidden(state, nowMs),
      windowEndsInMs: windowMs === null ? null : Math.max(0, windowMs - nowMs),
    },
  }
}
