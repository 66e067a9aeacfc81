import { randomUUID } from 'node:crypto'
import type { Clock } from '../../../src/ports.ts'

/** Time as it is: for tests in which nothing waits. */
export const realClock: Clock = {
  wallMs: () => Date.now(),
  monoMs: () => performance.now(),
  random: () => Math.random(),
  uuid: () => randomUUID(),
  timer(atMonoMs, callback) {
    const handle = setTimeout(callback, Math.max(0, atMonoMs - performance.now()))
    handle.unref()
    return () => clearTimeout(handle)
  },
}

/** Time that moves when the test says so. */
export class ManualClock implements Clock {
  #nowMs = 1_000
  #ids = 0
  readonly #timers = new Set<{ readonly atMs: number; readonly callback: () => void }>()

  wallMs(): number {
    return this.#nowMs
  }

  monoMs(): number {
    return this.#nowMs
  }

  random(): number {
    return 0.5
  }

  uuid(): string {
    this.#ids += 1
    return `00000000-0000-4000-8000-${String(this.#ids).padStart(12, '0')}`
  }

  timer(atMonoMs: number, callback: () => void): () => void {
    const timer = { atMs: atMonoMs, callback }
    this.#timers.add(timer)
    return () => this.#timers.delete(timer)
  }

  get timers(): number {
    return this.#timers.size
  }

  get nextMs(): number {
    return Math.min(...[...this.#timers].map(({ atMs }) => atMs))
  }

  advance(ms: number): void {
    this.#nowMs += ms
    for (const timer of [...this.#timers].toSorted((a, b) => a.atMs - b.atMs)) {
      if (timer.atMs > this.#nowMs || !this.#timers.delete(timer)) continue
      timer.callback()
    }
  }
}
