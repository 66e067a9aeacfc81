import type { Clock } from '../ports.ts'

interface Timer {
  readonly atMs: number
  readonly callback: () => void
  cancel: () => void
}

/**
 * The clock that Millrace's own waits run on (SPEC §5b): the real one, until it is moved ahead or made to run faster. It never goes
 * back. What others count runs on the real one.
 */
export class MovableClock implements Clock {
  readonly #real: Clock
  readonly #timers = new Set<Timer>()
  /** Where this clock was when its speed was set last, and where the real one was. */
  #sinceMs: number
  #sinceRealMs: number
  #factor = 1

  constructor(real: Clock) {
    this.#real = real
    this.#sinceMs = real.monoMs()
    this.#sinceRealMs = this.#sinceMs
  }

  monoMs(): number {
    return this.#sinceMs + (this.#real.monoMs() - this.#sinceRealMs) * this.#factor
  }

  wallMs(): number {
    return this.#real.wallMs() + this.aheadMs
  }

  random(): number {
    return this.#real.random()
  }

  uuid(): string {
    return this.#real.uuid()
  }

  /** How far it is ahead of the real one. */
  get aheadMs(): number {
    return this.monoMs() - this.#real.monoMs()
  }

  get speed(): number {
    return this.#factor
  }

  timer(atMonoMs: number, callback: () => void): () => void {
    const timer: Timer = { atMs: atMonoMs, callback, cancel: () => {} }
    this.#timers.add(timer)
    this.#arm(timer)
    return () => {
      timer.cancel()
      this.#timers.delete(timer)
    }
  }

  /** So much time passes at once. */
  advance(ms: number): void {
    this.#begin(this.monoMs() + ms, this.#factor)
  }

  /** From now on it runs so many times as fast as the real one. */
  run(factor: number): void {
    this.#begin(this.monoMs(), factor)
  }

  #begin(atMs: number, factor: number): void {
    this.#sinceRealMs = this.#real.monoMs()
    this.#sinceMs = atMs
    this.#factor = factor
    for (const timer of [...this.#timers].toSorted((one, other) => one.atMs - other.atMs)) {
      timer.cancel()
      this.#arm(timer)
    }
  }

  #arm(timer: Timer): void {
    const leftMs = Math.max(0, timer.atMs - this.monoMs())
    // The real timer may be a fraction early by this clock: it waits for the rest.
    timer.cancel = this.#real.timer(this.#real.monoMs() + leftMs / this.#factor, () => {
      if (this.monoMs() < timer.atMs) return this.#arm(timer)
      this.#timers.delete(timer)
      timer.callback()
    })
  }
}
