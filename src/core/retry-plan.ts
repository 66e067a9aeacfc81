import type { DiscardCondition, Outcome } from '../model/invocation.ts'
import { backoffMs, pauseAskedMs, retryPauseMs } from './backoff.ts'
import type { NextStep } from './flow/messages.ts'
import type { Turn, Unit } from './flow/state.ts'

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

// ---- When the plan goes on

/** An attempt that ended, and what is to become of its unit. */
interface Ended {
  readonly unit: Unit
  readonly plan: RetryPlan
  readonly outcome: Outcome | null
  /** Attempts in a row that never ran. */
  readonly notRunStreak: number
}

/** When the plan of a shard's unit goes on: at once, after a pause, or never. Also what the log says comes next. */
export function nextStep(turn: Turn, ended: Ended): NextStep {
  const { config, env } = turn
  const { unit, plan } = ended
  if (plan.kind === 'discard') return { kind: 'discard', condition: plan.condition }
  if (turn.state.phase !== 'running' && plan.kind !== 'done') return { kind: 'drain' }
  switch (plan.kind) {
    case 'done':
    case 'split':
      return { kind: 'split' }
    case 'advance':
      return { kind: 'retry', inMs: retryPauseMs(1, config.retryBackoff, env.jitter) }
    case 'retry':
      return {
        kind: 'retry',
        inMs: untilAged(turn, unit, retryPauseMs(unit.attempts, config.retryBackoff, env.jitter)),
      }
    case 'pause':
      return { kind: 'retry', inMs: untilAged(turn, unit, notRunPauseMs(turn, ended)) }
    default:
      return plan satisfies never
  }
}

function notRunPauseMs(turn: Turn, ended: Ended): number {
  const askedMs = ended.outcome?.kind === 'notRun' ? ended.outcome.retryAfterMs : undefined
  return pauseAskedMs(askedMs, backoffMs(ended.notRunStreak, turn.config.throttleBackoff, turn.env.jitter))
}

/** No pause outlasts the moment at which the whole unit is too old: then it is to be given up, not to be waited for. */
function untilAged({ config, env }: Turn, unit: Unit, pauseMs: number): number {
  const { recordAgeMsMax } = config
  if (recordAgeMsMax === null) return pauseMs
  const last = unit.held.at(-1)
  const ageMs = last === undefined ? env.monoMs - unit.sinceMs : env.sourceMs - last.record.arrivedMs
  return Math.max(1, Math.min(pauseMs, recordAgeMsMax + 1 - ageMs))
}
