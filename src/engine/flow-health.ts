import type { NextStep } from '../core/flow/messages.ts'
import type { Outcome } from '../model/invocation.ts'
import type { Clock } from '../ports.ts'
import type { FailedAttempt, FunctionTrouble, FunctionTroubleKind, Trouble } from '../model/mapping-status.ts'

/** What a flow has to tell of an attempt that failed. */
export interface AttemptNews {
  /** Why it did not run; `failed` or `partial`: it did; `oversize`: it never can. */
  readonly kind: FunctionTroubleKind | 'partial'
  readonly message: string
  readonly attempt: number
  readonly records: number
  readonly firstId: string | null
  readonly next: NextStep
}

/** How it goes between one flow, its source and its function, and since when: what is shown, never what is decided by. */
export class FlowHealth {
  readonly #clock: Clock
  #source: Trouble | null = null
  #function: FunctionTrouble | null = null
  #lastFailure: FailedAttempt | null = null

  constructor(clock: Clock) {
    this.#clock = clock
  }

  view() {
    return { sourceTrouble: this.#source, functionTrouble: this.#function, lastFailure: this.#lastFailure }
  }

  sourceRefused(kind: string, message: string): void {
    const sinceMs = this.#source?.kind === kind ? this.#source.sinceMs : this.#clock.wallMs()
    this.#source = { kind, message, sinceMs }
  }

  sourceRead(): void {
    this.#source = null
  }

  /** It cannot be invoked, whether or not an attempt has shown it. */
  functionLost(kind: FunctionTrouble['kind'], message: string): void {
    if (this.#function?.kind === kind) return
    this.#function = { kind, message, sinceMs: this.#clock.wallMs(), attempts: 0 }
  }

  functionFound(): void {
    this.#function = null
  }

  /** A function that handled what it got, or some of it, works. */
  invoked(outcome: Outcome): void {
    if (outcome.kind === 'succeeded') this.#function = null
  }

  /** `partial`: some of the records were handled, so the function works. */
  failed(news: AttemptNews): void {
    const { kind, message, next, ...attempt } = news
    const atMs = this.#clock.wallMs()
    const nextMs = next.kind === 'retry' || next.kind === 'visibility' ? atMs + next.inMs : null
    this.#lastFailure = { ...attempt, kind, message, atMs, next: next.kind, nextMs }
    if (kind === 'partial') {
      this.#function = null
      return
    }
    const before = this.#function?.kind === kind ? this.#function : null
    this.#function = { kind, message, sinceMs: before?.sinceMs ?? atMs, attempts: (before?.attempts ?? 0) + 1 }
  }
}
