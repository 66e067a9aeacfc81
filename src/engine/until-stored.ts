import { again, retryUntil } from '../async/retry-until.ts'
import type { Clock } from '../ports.ts'

const backoff = { baseMs: 100, capMs: 5_000 }

export interface StoreWait {
  readonly clock: Clock
  readonly signal: AbortSignal
  readonly failed: (error: unknown, tries: number) => void
}

/** The store is waited for: what is not written down has not happened. Whoever opened the store tells of its trouble, once for all. */
export function untilStored<T>(ask: () => Promise<T>, { clock, signal, failed }: StoreWait): Promise<T> {
  return retryUntil(
    async (tries) => {
      try {
        return await ask()
      } catch (error) {
        failed(error, tries)
        return again
      }
    },
    { clock, signal, backoff },
  )
}
