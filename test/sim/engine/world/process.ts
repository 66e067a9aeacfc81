import type { MovableClock } from '../../../../src/engine/movable-clock.ts'
import type { MemoryBudget } from '../../../../src/engine/memory-budget.ts'
import type { Permits } from '../../../../src/engine/permits.ts'
import type { Registry } from '../../../../src/engine/registry.ts'
import type { Clock } from '../../../../src/ports.ts'

/** One life of the process that runs the engine. */
export interface Process {
  readonly number: number
  /** It runs no more: its timers are gone and it hears no answers. */
  dead: boolean
  /** Another process has taken its place, and it does not know yet. */
  zombie: boolean
  /** Its mappings run. */
  begun: boolean
  stopping: boolean
  stoppingMs: number | null
  aborted: boolean
  stopped: boolean
  /** Dies at the call with this number; the calls are counted down. */
  callsLeft: number | null
  registry: Registry
  permits: Permits
  memory: MemoryBudget
  clock: Clock
  workClock: MovableClock
}
