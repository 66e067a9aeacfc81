/** Runs what shares a key one after the other, in the order in which it was asked for; what fails does not stop what comes after it. */
export class Sequence<Key> {
  /** What was asked for last, by key. */
  readonly #last = new Map<Key, Promise<unknown>>()

  run<T>(key: Key, work: () => Promise<T>): Promise<T> {
    const before = this.#last.get(key) ?? Promise.resolve()
    const result = before.catch(() => {}).then(work)
    this.#last.set(key, result)
    const forget = (): void => {
      if (this.#last.get(key) === result) this.#last.delete(key)
    }
    result.then(forget, forget)
    return result
  }

  /** Resolves when everything has ended that has been asked for until now. */
  async ended(): Promise<void> {
    await Promise.allSettled(this.#last.values())
  }
}
