import type { BackoffConfig } from './flow/config.ts'

/** Longer than any service asks for in earnest: one header must not stop a mapping for a day. */
const askedMsMax = 60_000

/** The pause after a refusal: as long as the service asks for, and never shorter than ours. */
export function pauseAskedMs(retryAfterMs: number | undefined, ourMs: number): number {
  return Math.max(Math.min(retryAfterMs ?? 0, askedMsMax), ourMs)
}

/**
 * The pause before try number `failures` + 1: exponential with full jitter.
 * The tenth of the base is kept as a floor, so that bad luck with the jitter never makes a tight loop.
 */
export function backoffMs(failures: number, backoff: BackoffConfig, jitter: number): number {
  const ceilingMs = Math.min(backoff.capMs, backoff.baseMs * 2 ** Math.min(failures - 1, 30))
  const floorMs = Math.min(ceilingMs, backoff.baseMs / 10)
  return Math.max(1, Math.round(floorMs + (ceilingMs - floorMs) * jitter))
}

/** What is left of the doubled pause: AWS makes eight attempts within a minute, and so does nearly every draw from here. */
const retryShare = { least: 0.45, most: 0.65 }

/** The pause before the next attempt at a batch that failed `failures` times: doubling from `baseMs` to `capMs`, times a share (behaviour §11.1). */
export function retryPauseMs(failures: number, backoff: BackoffConfig, jitter: number): number {
  const doubledMs = Math.min(backoff.capMs, backoff.baseMs * 2 ** Math.min(failures - 1, 30))
  const share = retryShare.least + (retryShare.most - retryShare.least) * jitter
  return Math.max(1, Math.round(doubledMs * share))
}
