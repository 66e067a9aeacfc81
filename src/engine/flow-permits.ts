import type { Permit, PermitRequest, Permits } from './permits.ts'
import { GivenUp } from '../async/sleep.ts'

/** The permits of one flow: those it waits for, and those it has. */
export class FlowPermits {
  readonly #permits: Permits
  readonly #held = new Map<number, Permit>()
  readonly #waits = new Set<AbortController>()
  #closed = false

  constructor(permits: Permits) {
    this.#permits = permits
  }

  /** `request` is asked anew after each `renew`. Rejects when the signal comes first. */
  async acquire(id: number, request: () => PermitRequest, signal: AbortSignal): Promise<void> {
    const permit = await this.#wait(request, signal)
    if (this.#closed) permit.release()
    else this.#held.set(id, permit)
  }

  /** What is waited for is asked for again: the function was replaced, or takes another number at once. */
  renew(): void {
    for (const wait of this.#waits) wait.abort(new GivenUp('the function is another one'))
  }

  giveBack(id: number): void {
    this.#held.get(id)?.release()
    this.#held.delete(id)
  }

  close(): void {
    this.#closed = true
    for (const permit of this.#held.values()) permit.release()
    this.#held.clear()
  }

  async #wait(request: () => PermitRequest, signal: AbortSignal): Promise<Permit> {
    for (;;) {
      const wait = new AbortController()
      const giveUp = (): void => wait.abort(signal.reason)
      if (signal.aborted) giveUp()
      else signal.addEventListener('abort', giveUp, { once: true })
      this.#waits.add(wait)
      try {
        return await this.#permits.acquire(request(), wait.signal)
      } catch (error) {
        if (signal.aborted || !wait.signal.aborted) throw error
      } finally {
        this.#waits.delete(wait)
        signal.removeEventListener('abort', giveUp)
      }
    }
  }
}
