import { create, deadline, step } from '../../src/core/flow/step.ts'
import type { MachineFactory } from './machine.ts'

/** The flow that ships. */
export const realFlow: MachineFactory = (config) => {
  const state = create(config)
  return {
    step: (event, now, env) => step(state, event, now, env),
    deadline: () => deadline(state),
  }
}
