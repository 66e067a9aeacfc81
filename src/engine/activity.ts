import type { Clock } from '../ports.ts'

/** Counts what happens to the records of one mapping. Who finds it as it was before has missed nothing in between. */
export class Activity {
  readonly #clock: Pick<Clock, 'monoMs'>
  #count = 0
  #lastMs: number

  constructor(clock: Pick<Clock, 'monoMs'>) {
    this.#clock = clock
    this.#lastMs = clock.monoMs()
  }

  get count(): number {
    return this.#count
  }

  get lastMs(): number {
    return this.#lastMs
  }

  raise(): void {
    this.#count += 1
    this.#lastMs = this.#clock.monoMs()
  }
}
