import type { Store } from '../../../../src/ports.ts'
import { createMemoryStore } from '../../../../src/store/memory.ts'
import { VirtualClock } from '../../../support/virtual-clock.ts'
import { createPrng } from '../../prng.ts'
import type { Prng } from '../../prng.ts'
import type { Checker, Observation } from '../observation.ts'
import { violate } from '../observation.ts'
import type { Fact } from './facts.ts'
import type { Plants } from './plants.ts'
import type { Process } from './process.ts'
import type { MappingPlan, Scenario } from './scenario.ts'
import { drawScenario } from './scenario.ts'
import type { SimSource, SimStream } from './sources.ts'

type Bare<T> = T extends unknown ? Omit<T, 't'> : never
export type News = Bare<Observation>

/** So many steps without time moving are no progress any more. */
const stepsPerMomentMax = 20_000
export const startWallMs = 1_700_000_000_000

/** Everything outside the engine, and what is known of it. */
export class World {
  readonly scenario: Scenario
  readonly prng: Prng
  readonly clock = new VirtualClock()
  readonly plants: Plants
  readonly sources = new Map<string, SimSource>()
  readonly facts = new Map<number, Fact>()
  readonly store: Store
  /** Function name → the mapping that invokes it. */
  readonly mappingOf = new Map<string, string>()
  readonly planOf = new Map<string, MappingPlan>()
  readonly processes: Process[] = []
  /** Request id → the numbers of its batch. */
  readonly batchOf = new Map<string, readonly number[]>()
  /** What the local clock is ahead of the right time. */
  wallStepMs = 0
  healed = false
  /** Set once, by whoever sees it first; the run ends with it. */
  failure: Error | null = null
  steps = 0
  /** What a crash leads to; the run says. */
  crash: (process: Process) => void = () => {}
  #nextNumber = 1
  #moment = { atMs: 0, steps: 0 }
  #checkers: readonly Checker[] = []
  readonly #record: ((seen: Observation) => void) | null

  constructor(seed: number, options: { plants: Plants; record: ((seen: Observation) => void) | null }) {
    this.prng = createPrng(seed)
    this.scenario = options.plants.scenario(drawScenario(seed, this.prng))
    this.store = options.plants.store(createMemoryStore())
    this.plants = options.plants
    this.#record = options.record
  }

  judgeBy(checkers: readonly Checker[]): void {
    this.#checkers = checkers
  }

  /** The process that is meant to run; undefined while there is none. */
  get current(): Process | undefined {
    const newest = this.processes.at(-1)
    return newest === undefined || newest.dead || newest.stopped ? undefined : newest
  }

  sourceOf(uuid: string): string | undefined {
    return this.planOf.get(this.functionOf(uuid))?.source.name
  }

  streamOf(uuid: string): SimStream | undefined {
    const source = this.sources.get(this.planOf.get(this.functionOf(uuid))?.source.arn ?? '')
    return source?.kind === 'stream' ? source : undefined
  }

  functionOf(uuid: string): string {
    for (const [name, owner] of this.mappingOf) if (owner === uuid) return name
    return ''
  }

  /** What a partial response calls this record. */
  idOf(number: number): string {
    return this.facts.get(number)?.id ?? ''
  }

  draw(): number {
    return this.#nextNumber++
  }

  note(news: News): void {
    const seen: Observation = { ...news, t: this.clock.nowMs }
    this.#record?.(seen)
    if (this.failure !== null) return
    try {
      for (const checker of this.#checkers) checker.see(seen)
    } catch (error) {
      this.fail(error)
    }
  }

  fail(error: unknown): void {
    this.failure ??= error instanceof Error ? error : new Error(String(error))
  }

  /** True with this probability as long as things may go wrong. */
  goesWrong(rate: number): boolean {
    return !this.healed && rate > 0 && this.prng.chance(rate)
  }

  /** Does the next thing, and lets everything happen that it causes. */
  async advance(otherwise: string): Promise<void> {
    if (!this.clock.advance()) violate('liveness', otherwise)
    await settle()
    this.steps += 1
    const { nowMs } = this.clock
    if (nowMs !== this.#moment.atMs) this.#moment = { atMs: nowMs, steps: 0 }
    this.#moment.steps += 1
    if (this.#moment.steps > stepsPerMomentMax)
      violate('livelock', `${String(stepsPerMomentMax)} steps and time stands still`)
    if (this.failure !== null) throw this.failure
  }
}

/** Promises that were kept are kept on before this resolves: nothing in the engine waits for anything but ports and timers. */
export function settle(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve)
  })
}
