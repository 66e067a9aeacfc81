import type { BackoffConfig } from './flow-config.ts'

/** Longer than any service asks for in earnest: one header must not stop a mapping for a day. */
const askedMsMax = 60_000

/** The pause after a refusal: as long as the service asks for, and never shorter than ours. */
export function pauseAskedMs(retryAfterMs: number | undefined, ourMs: number): number {
  return Math.max(Math.min(retryAfterMs ?? 0, askedMsMax), ourMs)
}

/**
 * The pause before try number `failures` + 1: exponential with full jitter (AWS does not say how it paces, spec §11.1).
 * The tenth of the base is kept as a floor, so that bad luck with the jitter never makes a tight loop.
 */
export function backoffMs(failures: number, backoff: BackoffConfig, jitter: number): number {
  const ceilingMs = Math.min(backoff.capMs, backoff.baseMs * 2 ** Math.min(failures - 1, 30))
  const floorMs = Math.min(ceilingMs, backoff.baseMs / 10)
  return Math.max(1, Math.round(floorMs + (ceilingMs - floorMs) * jitter))
}
