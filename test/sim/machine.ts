import type { FlowCommand, FlowEnv, FlowEvent } from '../../src/core/flow/messages.ts'
import type { Deadline } from '../../src/core/flow/state.ts'
import type { FlowConfig } from '../../src/core/flow/config.ts'

/** A running flow, whatever is inside: the real one, or one that was made to break a promise. */
export interface Machine {
  step(event: FlowEvent, config: FlowConfig, env: FlowEnv): readonly FlowCommand[]
  deadline(): Deadline
}

export type MachineFactory = (config: FlowConfig) => Machine
