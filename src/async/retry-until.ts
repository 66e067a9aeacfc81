import type { Clock } from '../ports.ts'
import { sleep } from './sleep.ts'

/** What an attempt answers that has to be made again. */
export const again = Symbol('again')

export interface Retries {
  readonly clock: Clock
  readonly signal: AbortSignal
  /** Pauses double from `baseMs` to `capMs`. */
  readonly backoff: { readonly baseMs: number; readonly capMs: number }
  /** The share of a pause that is waited; without it the whole one. */
  readonly share?: () => number
}

/** Makes an attempt until one answers something else than `again`. Rejects when an attempt does, or when the signal comes in a pause. */
export async function retryUntil<T>(
  attempt: (tries: number) => Promise<T | typeof again>,
  { clock, signal, backoff, share = () => 1 }: Retries,
): Promise<T> {
  for (let tries = 1; ; tries++) {
    const answer = await attempt(tries)
    if (answer !== again) return answer
    await sleep(clock, Math.min(backoff.capMs, backoff.baseMs * 2 ** (tries - 1)) * share(), signal)
  }
}
