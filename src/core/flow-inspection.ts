import type { FlowConfig } from './flow-config.ts'
import type { FlowPhase, FlowState } from './flow-state.ts'
import { flightsAllowed } from './scale.ts'

/** What the operations API shows of a flow. */
export interface FlowInspection {
  readonly phase: FlowPhase
  readonly held: number
  readonly heldBytes: number
  readonly invoking: number
  readonly waiting: number
  readonly concurrency: number
  readonly watermark: string | null
  readonly trouble: string | null
}

export function inspectFlow(state: FlowState, config: FlowConfig, nowMs: number): FlowInspection {
  let invoking = 0
  for (const flight of state.flights.values()) if (flight.phase === 'invoking') invoking += 1
  return {
    phase: state.phase,
    held: state.heldRecords,
    heldBytes: state.heldBytes,
    invoking,
    waiting: state.flights.size - invoking,
    concurrency: state.queue === null ? config.slots : flightsAllowed(state.queue.scale, config.scaling, nowMs),
    watermark: state.shard?.watermark ?? null,
    trouble: state.trouble,
  }
}
