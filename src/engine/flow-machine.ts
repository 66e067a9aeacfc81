import type { FlowCommand, FlowEnv, FlowEvent } from '../core/flow/messages.ts'
import type { FlowConfig } from '../core/flow/config.ts'
import { chargedBytes } from '../core/flow/room.ts'
import { inspectFlow, type FlowInspection, type Now } from '../core/flow/inspection.ts'
import type { Deadline } from '../core/flow/state.ts'
import { create as createFlow, deadline, step } from '../core/flow/step.ts'

/** A flow's machine with its state inside. Tests put scripted ones in its place. */
export interface FlowMachine {
  step(event: FlowEvent, config: FlowConfig, env: FlowEnv): readonly FlowCommand[]
  /** When it wants a timer, on either clock. */
  deadline(): Deadline
  /** What it is charged of the process's memory. */
  chargedBytes(): number
  /** How much it is short of for the next read; 0: it is not. */
  missingBytes(): number
  inspect(config: FlowConfig, now: Now): FlowInspection
  /** A tumbling window has still to be ended. */
  isWindowOpen(): boolean
}

export type StartMachine = (config: FlowConfig) => FlowMachine

export const startCoreMachine: StartMachine = (initial) => {
  const state = createFlow(initial)
  return {
    step: (event, config, env) => step(state, event, config, env),
    deadline: () => deadline(state),
    chargedBytes: () => chargedBytes(state),
    missingBytes: () => state.missingBytes,
    isWindowOpen: () => state.part.kind === 'shard' && state.part.window !== null,
    inspect: (config, now) => inspectFlow(state, config, now),
  }
}
