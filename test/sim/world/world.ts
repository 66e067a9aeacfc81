import type { FlowCommand, FlowEnv, FlowEvent } from '../../../src/core/flow/messages.ts'
import type { FlowConfig } from '../../../src/core/flow/config.ts'
import { type Book, createBook } from '../book.ts'
import { apply } from '../bookkeeping.ts'
import { allCheckers } from '../checkers/all.ts'
import type { MachineFactory } from '../machine.ts'
import type { Prng } from '../prng.ts'
import { type Checker, type Entry, violate } from '../trace.ts'
import { VirtualClock } from '../../support/virtual-clock.ts'
import { FakeFunction } from './fake-function.ts'
import { FakePermits, FakeStore } from './fake-store.ts'
import { type Scenario, epochMs, termsOf } from './scenario.ts'
import { type Shell, createShell } from './shell.ts'
import { FakeSource } from './sources.ts'

/** More events than this without time moving is a livelock. */
const eventsAtOnceMax = 1_000

export interface WorldTools {
  readonly machines: MachineFactory
  readonly record: ((entry: Entry) => void) | null
  /** Does what a command says. */
  readonly perform: (world: World, shell: Shell, command: FlowCommand) => void
}

/** The world around one queue or shard: everything that a flow's commands reach, on virtual time. */
export class World {
  readonly scenario: Scenario
  readonly clock = new VirtualClock()
  readonly prng: Prng
  readonly book: Book = createBook()
  readonly store = new FakeStore()
  readonly permits: FakePermits
  readonly source: FakeSource
  readonly function: FakeFunction
  config: FlowConfig
  current: Shell | null = null
  finished = false
  healed = false
  pressure = false
  events = 0
  /** How far the clock that the flow's own waits run on is ahead of the real one. */
  aheadMs = 0
  sourceErrorMs = 0
  readonly #machines: MachineFactory
  readonly #checkers: readonly Checker[]
  readonly #perform: WorldTools['perform']
  readonly #record: ((entry: Entry) => void) | null
  #lives = 0
  #eventsNow = 0
  #lastMs = -1
  /** Commands until the process dies between two of them. */
  #commandsToCrash = Infinity

  constructor(scenario: Scenario, prng: Prng, tools: WorldTools) {
    this.scenario = scenario
    this.prng = prng
    this.config = scenario.config
    this.#machines = tools.machines
    this.#record = tools.record
    this.#perform = tools.perform
    this.#checkers = allCheckers(termsOf(scenario))
    this.permits = new FakePermits(scenario.permits)
    this.function = new FakeFunction(scenario, prng)
    this.source = new FakeSource({
      scenario,
      clock: this.clock,
      prng,
      onGone: (key, how) => this.note({ kind: 'gone', t: this.clock.nowMs, key, how }),
    })
    if (scenario.faults.crashBetweenCommands) this.#commandsToCrash = prng.int(1, 200)
  }

  /** Shows an entry to the checkers, then writes it down. */
  note(entry: Entry): void {
    this.#record?.(entry)
    for (const checker of this.#checkers) checker.see(entry, this.book)
    apply(this.book, entry)
  }

  sourceNowMs(): number {
    return epochMs + this.scenario.sourceOffsetMs + this.clock.nowMs
  }

  #env(): FlowEnv {
    return {
      monoMs: this.clock.nowMs + this.aheadMs,
      receiptMonoMs: this.clock.nowMs,
      sourceMs: this.sourceNowMs() + this.sourceErrorMs + this.aheadMs,
      retentionSourceMs: this.sourceNowMs() + this.sourceErrorMs,
      allowedBytes: this.scenario.allowedBytes[this.pressure ? 'pressed' : 'usual'],
      jitter: this.prng.next(),
    }
  }

  /** Starts the next life: the process is new, or has become the owner. */
  start(): void {
    if (this.finished) return
    this.#lives += 1
    const { fence, checkpoint } = this.store.open()
    const { incarnation } = this.source.shard
    const machine = this.#machines(this.config)
    const shell = createShell(this.#lives, machine, {
      fence,
      config: this.config,
      incarnation,
      filterEpoch: this.source.filterEpoch,
    })
    this.current = shell
    this.tell(shell, { kind: 'opened', checkpoint, incarnation })
  }

  /** Answers a request that is still out; what comes too late is nobody's. */
  answer(shell: Shell, event: Extract<FlowEvent, { id: number }>): void {
    if (!shell.alive || !shell.out.delete(event.id)) return
    this.tell(shell, event)
  }

  tell(shell: Shell, event: FlowEvent): void {
    if (!shell.alive) return
    this.#guardLivelock()
    this.events += 1
    const env = this.#env()
    this.note({ kind: 'event', t: this.clock.nowMs, life: shell.number, event, env, config: shell.config })
    for (const command of shell.machine.step(event, shell.config, env)) {
      if (!this.healed && --this.#commandsToCrash <= 0) {
        this.#commandsToCrash = Infinity
        this.crash(shell)
        return
      }
      this.note({ kind: 'command', t: this.clock.nowMs, life: shell.number, command })
      this.#perform(this, shell, command)
    }
    if (shell.alive) this.#setTimer(shell)
  }

  /** One timer per flow: the newest deadline counts. */
  #setTimer(shell: Shell): void {
    const dueMs = this.#dueMs(shell)
    if (dueMs === null || (shell.timerMs !== null && shell.timerMs === dueMs)) {
      if (dueMs === null) shell.timerMs = null
      return
    }
    shell.timerMs = dueMs
    this.clock.at(dueMs + this.prng.int(0, this.scenario.timerLateMs), () => {
      if (!shell.alive || shell.timerMs !== dueMs) return
      shell.timerMs = null
      this.tell(shell, { kind: 'timer' })
    })
  }

  /** The earlier of the two moments, by the real clock. */
  #dueMs({ machine }: Shell): number | null {
    const { monoMs, receiptMonoMs } = machine.deadline()
    const moments = [monoMs === null ? null : monoMs - this.aheadMs, receiptMonoMs].filter((moment) => moment !== null)
    return moments.length === 0 ? null : Math.max(this.clock.nowMs, Math.min(...moments))
  }

  /** Somebody moves the clock of the flow's own waits ahead. */
  advance(ms: number): void {
    this.aheadMs += ms
    if (this.current?.alive === true) this.#setTimer(this.current)
  }

  #guardLivelock(): void {
    if (this.clock.nowMs !== this.#lastMs) {
      this.#lastMs = this.clock.nowMs
      this.#eventsNow = 0
    }
    this.#eventsNow += 1
    if (this.#eventsNow > eventsAtOnceMax)
      violate('livelock', `${String(eventsAtOnceMax)} events and time stands still`)
  }

  /** The process dies. What it had sent may arrive or not; nobody hears the answers. */
  crash(shell: Shell): void {
    if (!shell.alive) return
    this.note({ kind: 'crashed', t: this.clock.nowMs, life: shell.number })
    this.bury(shell)
    this.#restartAfter(shell, this.prng.int(0, 3_000))
  }

  /** A life that is over leaves no read and no permit behind. */
  bury(shell: Shell): void {
    shell.alive = false
    for (const operation of shell.out.values()) operation.cancel?.()
    for (const _ of shell.granted) this.permits.back()
    shell.granted.clear()
  }

  ended(shell: Shell, how: Extract<FlowCommand, { kind: 'finished' | 'drained' }>['kind']): void {
    this.bury(shell)
    if (how === 'finished') this.finished = true
    else if (!this.stopping) this.#restartAfter(shell, this.prng.int(0, 3_000))
  }

  /** The run is over: a flow that has drained stays away. */
  stopping = false

  #restartAfter(shell: Shell, delayMs: number): void {
    if (this.current !== shell) return
    this.current = null
    this.clock.after(delayMs, () => {
      if (this.current === null && !this.stopping) this.start()
    })
  }
}
