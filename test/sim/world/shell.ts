import type { FlowRequest } from '../../../src/core/flow/messages.ts'
import type { FlowConfig } from '../../../src/core/flow/config.ts'
import type { Machine } from '../machine.ts'

/** One life of the flow, and what its shell has out. */
export interface Shell {
  readonly number: number
  readonly machine: Machine
  readonly fence: number
  config: FlowConfig
  incarnation: string
  /** Which filters it was told last. */
  filterEpoch: number
  alive: boolean
  draining: boolean
  readonly out: Map<number, Operation>
  /** Permits that were handed over and not used. */
  readonly granted: Set<number>
  timerMs: number | null
}

/** A request on its way. `cancel` says whether it can still be given up. */
export interface Operation {
  readonly request: FlowRequest
  cancel: (() => boolean) | null
}

export function createShell(
  number: number,
  machine: Machine,
  opened: { fence: number; config: FlowConfig; incarnation: string; filterEpoch: number },
): Shell {
  return {
    number,
    machine,
    ...opened,
    alive: true,
    draining: false,
    out: new Map(),
    granted: new Set(),
    timerMs: null,
  }
}
