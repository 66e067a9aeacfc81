import type { FlowRequest, ReadOutcome } from '../../../src/core/flow/messages.ts'
import type { FlowRecord, SourceRecord } from '../../../src/model/record.ts'
import type { Prng } from '../prng.ts'
import type { VirtualClock } from '../../support/virtual-clock.ts'
import { FakeQueue } from './fake-queue.ts'
import { FakeShard } from './fake-shard.ts'
import { type Faults, noFaults } from './faults.ts'
import type { Scenario } from './scenario.ts'
import type { Shell } from './shell.ts'

export type ReadRequest = Extract<FlowRequest, { kind: 'read' }>

export interface SourceTools {
  readonly scenario: Scenario
  readonly clock: VirtualClock
  readonly prng: Prng
  readonly onGone: (key: string, how: 'trimmed' | 'deleted' | 'dlq') => void
}

interface Waiter {
  readonly request: ReadRequest
  readonly name: string
  readonly visibilityMs: number
  readonly answer: (result: ReadOutcome) => void
  over: boolean
}

/** The queue or the shard of a run, as its adapter answers: with records, or with what is wrong. */
export class FakeSource {
  readonly queue: FakeQueue
  readonly shard: FakeShard
  outage: 'missing' | 'denied' | null = null
  /** Raised by an update of the filter: other records match then. */
  filterEpoch = 0
  faults: Faults
  readonly #tools: SourceTools
  readonly #fifo: boolean
  #waiters: Waiter[] = []
  #pokeMs: number | null = null
  #emptyPages = 0
  /** What each receive took, by the name of its attempt, for the one that asks again. */
  readonly #attempts = new Map<string, readonly string[]>()
  readonly #names = new Map<string, string>()

  constructor(tools: SourceTools) {
    const { scenario, clock, prng } = tools
    this.#tools = tools
    this.faults = scenario.faults
    this.#fifo = scenario.config.traits.ordered === 'group'
    this.queue = new FakeQueue(
      {
        fifo: this.#fifo,
        maxReceives: scenario.maxReceives,
        duplicateRate: scenario.faults.duplicate,
        receiptMsMax: scenario.config.receiptMsMax,
      },
      { clock, prng, onGone: (message, how) => tools.onGone(message.key, how) },
    )
    this.shard = new FakeShard(prng.chance(0.5))
  }

  heal(): void {
    this.faults = noFaults
    this.outage = null
    this.queue.duplicateRate = 0
  }

  /** Begins a read; `answer` is called once, unless the read is called off before it is served. */
  read(shell: Shell, request: ReadRequest, answer: (result: ReadOutcome) => void): () => boolean {
    const waiter: Waiter = {
      request,
      name: this.#nameOf(shell, request),
      visibilityMs: request.visibilityMs ?? shell.config.visibilityMs,
      answer,
      over: false,
    }
    if (this.#tools.scenario.kind === 'queue') this.#receive(waiter)
    else {
      waiter.over = true
      answer(this.#page(shell, request))
    }
    return () => {
      if (waiter.over) return false
      waiter.over = true
      return true
    }
  }

  #trouble(): ReadOutcome | null {
    const { prng } = this.#tools
    if (this.outage !== null) return { kind: this.outage, message: 'outage' }
    if (prng.chance(this.faults.readThrottled)) {
      return {
        kind: 'throttled',
        message: 'slow down',
        retryAfterMs: prng.chance(0.3) ? prng.int(1, 2_000) : undefined,
      }
    }
    return prng.chance(this.faults.readFailed) ? { kind: 'failed', message: 'connection reset' } : null
  }

  // ---- Queue

  #receive(waiter: Waiter): void {
    const trouble = this.#trouble()
    if (trouble !== null) return this.#finish(waiter, trouble)
    const { repeats } = waiter.request
    const same =
      repeats === null || !this.#fifo
        ? null
        : this.queue.repeat(this.#attempts.get(waiter.name) ?? [], waiter.visibilityMs)
    if (same !== null) return this.#finish(waiter, this.#records(same, false, false))
    this.#waiters.push(waiter)
    this.#tools.clock.after(waiter.request.waitMs, () => {
      if (!waiter.over) this.#finish(waiter, this.#records([], false, true))
    })
    this.poke()
  }

  /** A repeated read carries the name of the one that it repeats. */
  #nameOf(shell: Shell, request: ReadRequest): string {
    const own = `${String(shell.number)}:${String(request.id)}`
    const name =
      request.repeats === null ? own : (this.#names.get(`${String(shell.number)}:${String(request.repeats)}`) ?? own)
    this.#names.set(own, name)
    return name
  }

  /** Serves whoever waits, as far as there are messages to see. */
  poke(): void {
    this.#waiters = this.#waiters.filter((waiter) => !waiter.over)
    for (const waiter of this.#waiters) this.#serve(waiter)
    this.#waiters = this.#waiters.filter((waiter) => !waiter.over)
    const next = this.queue.nextVisibleMs()
    if (next === null || (this.#pokeMs !== null && this.#pokeMs <= next && this.#pokeMs > this.#tools.clock.nowMs))
      return
    this.#pokeMs = next
    this.#tools.clock.at(next, () => this.poke())
  }

  #serve(waiter: Waiter): void {
    const { prng } = this.#tools
    const most = prng.chance(0.2) ? prng.int(1, waiter.request.recordsMax) : waiter.request.recordsMax
    const records = this.queue.receive(most, waiter.visibilityMs)
    if (records.length === 0) return
    this.#attempts.set(
      waiter.name,
      records.map((record) => record.receipt),
    )
    const lost = prng.chance(this.faults.replyOfReadLost)
    this.#finish(waiter, lost ? { kind: 'failed', message: 'reply lost' } : this.#records(records, false, false))
  }

  #finish(waiter: Waiter, result: ReadOutcome): void {
    waiter.over = true
    waiter.answer(result)
  }

  // ---- Shard

  #page(shell: Shell, request: ReadRequest): ReadOutcome {
    const { prng, scenario } = this.#tools
    const trouble = this.#trouble()
    if (trouble !== null) return trouble
    if (prng.chance(this.faults.readExpired)) return { kind: 'expired', message: 'iterator expired' }
    if (shell.incarnation !== this.shard.incarnation) {
      shell.incarnation = this.shard.incarnation
      return { kind: 'recreated', incarnation: this.shard.incarnation, message: 'another stream of this name' }
    }
    if (request.from === null) throw new Error('a shard is read from somewhere')
    if (this.#emptyPages < 5 && prng.chance(this.faults.emptyPage)) {
      this.#emptyPages += 1
      return this.#records([], false, false)
    }
    this.#emptyPages = 0
    const page = this.shard.read(request.from, Math.min(request.recordsMax, prng.int(1, scenario.pageMax)))
    return page === 'trimmed'
      ? { kind: 'trimmed', message: 'older than the horizon' }
      : this.#records(page.records, page.end, page.tip)
  }

  #records(records: readonly SourceRecord[], end: boolean, tip: boolean): ReadOutcome {
    return { kind: 'records', records: records.map((record) => ({ ...record, matched: true })), end, tip }
  }

  /** The shell holds what a reply brings against the filters of the moment. */
  marked(result: ReadOutcome, epoch: number): ReadOutcome {
    if (result.kind !== 'records') return result
    const mark = (record: FlowRecord): FlowRecord => ({
      ...record,
      matched: this.isMatch(record.fragment, epoch),
    })
    return { ...result, records: result.records.map(mark) }
  }

  /** Filters are a hash of the record and of how often they have changed. */
  isMatch(fragment: string, epoch: number): boolean {
    const hash = Math.imul(Number(fragment.slice(1)) + 31 * epoch + 7, 2_654_435_761) >>> 0
    return hash / 4_294_967_296 >= this.#tools.scenario.unmatchedRate
  }
}
