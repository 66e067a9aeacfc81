/** Work that is done in slices: it pauses where its effort says so, and whoever drives it decides when it goes on. */
export type Slices<T> = Generator<undefined, T, undefined>

/** Counts the steps of a piece of work, each of which takes about the same short time, and says when to pause. */
export class Effort {
  readonly #sliceSteps: number
  #steps = 0
  #pauseAt: number

  constructor(sliceSteps = Number.POSITIVE_INFINITY) {
    this.#sliceSteps = sliceSteps
    this.#pauseAt = sliceSteps
  }

  get steps(): number {
    return this.#steps
  }

  /** True: this slice is over. */
  spend(steps: number): boolean {
    this.#steps += steps
    return this.#steps >= this.#pauseAt
  }

  nextSlice(): void {
    this.#pauseAt = this.#steps + this.#sliceSteps
  }
}

/** Does all of it at once. */
export function atOnce<T>(slices: Slices<T>): T {
  for (;;) {
    const next = slices.next()
    if (next.done === true) return next.value
  }
}
