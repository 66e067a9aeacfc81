import type { StartMachine } from '../../../../src/engine/flow-machine.ts'
import { startCoreMachine } from '../../../../src/engine/flow-machine.ts'
import { Permits } from '../../../../src/engine/permits.ts'
import type { Clock, Source, Store } from '../../../../src/ports.ts'
import type { Scenario } from './scenario.ts'
import type { Process } from './process.ts'
import type { World } from './world.ts'

/** Where faults of the engine itself can be planted, to show that somebody notices them. */
export interface Plants {
  readonly scenario: (drawn: Scenario) => Scenario
  readonly startMachine: StartMachine
  readonly permits: (invocationsMax: number, clock: Clock) => Permits
  readonly source: (source: Source, world: World, process: Process) => Source
  /** Around the one store that all processes share. */
  readonly store: (store: Store) => Store
}

/** The engine as it ships. */
export const nothingPlanted: Plants = {
  scenario: (drawn) => drawn,
  startMachine: startCoreMachine,
  permits: (invocationsMax, clock) => new Permits(invocationsMax, clock),
  source: (source) => source,
  store: (store) => store,
}
