import type { InvocationReply, Outcome, WindowFrame, WindowState } from '../../../src/model/invocation.ts'
import { windowStateBytesMax } from '../../../src/model/limits.ts'
import type { FlowRecord } from '../../../src/model/record.ts'
import type { Prng } from '../prng.ts'
import type { Scenario } from './scenario.ts'

export interface Attempt {
  readonly outcome: Outcome
  readonly tookMs: number
}

/** A function that fails for poison every time, and otherwise as often as the scenario says. */
export class FakeFunction {
  readonly poison = new Set<string>()
  healed = false
  /** Nobody is there, or nobody knows it. */
  outage: 'unreachable' | 'missing' | null = null
  readonly #scenario: Scenario
  readonly #prng: Prng
  #requests = 0

  constructor(scenario: Scenario, prng: Prng) {
    this.#scenario = scenario
    this.#prng = prng
  }

  invoke(records: readonly FlowRecord[], window: WindowFrame | null): Attempt {
    const { faults, functionMs, functionTimeoutMs } = this.#scenario
    const on = (rate: number): boolean => !this.healed && this.#prng.chance(rate)
    const isSlow = faults.slow > 0 && on(faults.slow)
    const slowMs = isSlow ? this.#prng.int(functionTimeoutMs / 2, functionTimeoutMs) : null
    const tookMs = slowMs ?? this.#prng.int(1, functionMs)
    if (this.outage !== null) {
      return {
        outcome: { kind: 'notRun', reason: this.outage, message: this.outage },
        tookMs: this.#prng.int(1, 20),
      }
    }
    if (on(faults.notRun)) return { outcome: this.#notRun(), tookMs: slowMs ?? this.#prng.int(1, 20) }
    if (on(faults.timeout)) return { outcome: this.#failed('Sandbox.Timedout', null), tookMs: functionTimeoutMs }
    if (on(faults.transient)) return { outcome: this.#failed('Error', this.#reply('Unhandled')), tookMs }
    if (on(faults.replyLost)) return { outcome: this.#failed('ReplyLost', null), tookMs }
    return { outcome: this.#ran(records, window, on(faults.spuriousPartial)), tookMs }
  }

  /** Now and then nobody can tell, or tells wrongly. */
  look(): 'answers' | 'unreachable' | 'missing' | 'unknown' {
    if (this.healed) return 'answers'
    if (this.#prng.chance(0.3)) return this.#prng.pick(['answers', 'unreachable', 'missing', 'unknown'])
    return this.outage ?? 'answers'
  }

  #ran(records: readonly FlowRecord[], window: WindowFrame | null, spurious: boolean): Outcome {
    const bad = records.flatMap((record, index) => (this.poison.has(record.fragment) ? [index] : []))
    const first = spurious && records.length > 0 ? this.#prng.int(0, records.length - 1) : bad[0]
    if (first === undefined) {
      return { kind: 'succeeded', reply: this.#reply(null), state: this.#count(records, window) }
    }
    if (!spurious && this.#scenario.answers === 'throws') return this.#failed('Error', this.#reply('Unhandled'))
    const failed =
      this.#scenario.answers === 'stops' || spurious
        ? records.flatMap((_, index) => (index >= first ? [index] : []))
        : bad
    return { kind: 'partial', reply: this.#reply(null), failed, state: this.#count(records.slice(0, first), window) }
  }

  /** The state of a window names every record that was counted in it. */
  #count(records: readonly FlowRecord[], window: WindowFrame | null): WindowState | null {
    if (window === null) return null
    const before = JSON.parse(window.state) as { readonly seen?: readonly string[] }
    const json = JSON.stringify({ seen: [...(before.seen ?? []), ...records.map((record) => record.fragment)] })
    const big = !this.healed && this.#prng.chance(this.#scenario.faults.bigState)
    return { json, bytes: big ? windowStateBytesMax + 64 : json.length }
  }

  #failed(errorType: string, reply: InvocationReply | null): Outcome {
    return { kind: 'failed', reply, errorType, message: errorType }
  }

  #notRun(): Outcome {
    const reason = this.#prng.pick(['throttled', 'unreachable', 'missing', 'denied', 'unavailable'])
    const retryAfterMs = this.#prng.chance(0.2) ? this.#prng.int(1, 5_000) : undefined
    return { kind: 'notRun', reason, message: reason, retryAfterMs }
  }

  #reply(functionError: string | null): InvocationReply {
    this.#requests += 1
    return {
      requestId: `request-${String(this.#requests)}`,
      statusCode: 200,
      executedVersion: '$LATEST',
      functionError,
    }
  }
}
