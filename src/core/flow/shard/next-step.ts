import type { Outcome } from '../../../model/invocation.ts'
import { backoffMs, pauseAskedMs, retryPauseMs } from '../../backoff.ts'
import type { NextStep } from '../messages.ts'
import type { Turn, Unit } from '../state.ts'
import type { RetryPlan } from '../../retry-plan.ts'

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
