/** Lets so many through at once; the others wait in the order in which they came. */
export class Turnstile {
  readonly #max: number
  readonly #waiting = new Set<() => void>()
  #inside = 0

  constructor(max: number) {
    this.#max = max
  }

  get waiting(): number {
    return this.#waiting.size
  }

  /** null: at once. Who was let through must leave. Throws or rejects with the signal's reason when that comes first. */
  enter(signal: AbortSignal): Promise<void> | null {
    signal.throwIfAborted()
    if (this.#inside < this.#max) {
      this.#inside += 1
      return null
    }
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const go = (): void => {
      signal.removeEventListener('abort', giveUp)
      resolve()
    }
    const giveUp = (): void => {
      this.#waiting.delete(go)
      reject(signal.reason)
    }
    signal.addEventListener('abort', giveUp, { once: true })
    this.#waiting.add(go)
    return promise
  }

  leave(): void {
    const [next] = this.#waiting
    if (next === undefined) {
      this.#inside -= 1
      return
    }
    this.#waiting.delete(next)
    next()
  }
}
