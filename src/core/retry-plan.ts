import type { DiscardCondition, Outcome } from '../model/invocation.ts'

/** What becomes of a batch of an ordered stream after one attempt. Pure and total. */
export type RetryPlan =
  | { readonly kind: 'done' }
  /** The function reported a failure further on: what lies before it is done, the rest is a new batch. */
  | { readonly kind: 'advance'; readonly done: number }
  | { readonly kind: 'split'; readonly first: number }
  | { readonly kind: 'retry' }
  | { readonly kind: 'discard'; readonly condition: DiscardCondition }
  /** Nothing ran: the same attempt is made again later, free of charge. */
  | { readonly kind: 'pause' }

export interface RetryLimits {
  readonly retryAttemptsMax: number | null
  readonly bisect: boolean
}

/** `attempts` counts the attempt that just ended. */
export function planRetry(
  unit: { readonly count: number; readonly attempts: number },
  outcome: Outcome | { readonly kind: 'oversize' },
  limits: RetryLimits,
): RetryPlan {
  switch (outcome.kind) {
    case 'succeeded':
      return { kind: 'done' }
    case 'notRun':
      return { kind: 'pause' }
    case 'partial': {
      const done = outcome.failed[0] ?? 0
      return done > 0 ? { kind: 'advance', done } : afterFailure(unit, limits)
    }
    case 'failed':
      return afterFailure(unit, limits)
    case 'oversize':
      return exhausted(unit.attempts, limits) ?? { kind: 'retry' }
    default:
      return outcome satisfies never
  }
}

/** A batch of several is split at its first failure, free of retries; retries are for what cannot be split (behaviour §4.5). */
function afterFailure(unit: { readonly count: number; readonly attempts: number }, limits: RetryLimits): RetryPlan {
  if (limits.bisect && unit.count > 1) return { kind: 'split', first: Math.floor(unit.count / 2) }
  return exhausted(unit.attempts, limits) ?? { kind: 'retry' }
}

function exhausted(attempts: number, limits: RetryLimits): RetryPlan | null {
  if (limits.retryAttemptsMax === null || attempts <= limits.retryAttemptsMax) return null
  return { kind: 'discard', condition: 'RetryAttemptsExhausted' }
}
