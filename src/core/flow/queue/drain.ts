import type { FlowConfig } from '../config.ts'
import type { FlowEvent } from '../messages.ts'
import type { Turn } from '../state.ts'
import type { DrainStarts, QueueState } from './state.ts'
import { runMsOf } from './receipt.ts'

/**
 * How long a draining queue starts attempts. A receive is spent whether its message runs or not, so each gets its one attempt where
 * there is time for it (SPEC §4).
 */

/** Timeout + 15 s in all: the last attempt, and the five tries of its acknowledgement. */
const startsMs = 10_000
/** What an acknowledgement needs before a stop is cut off. */
const acknowledgeMs = 500

/** How long a drain leaves time to start: up to a moment, or what a run leaves of the time up to the stop's end (monotonic). */
export function startsOf({
  reason,
  endsMs,
  nowMs,
}: Pick<Extract<FlowEvent, { kind: 'draining' }>, 'reason' | 'endsMs'> & { nowMs: number }): DrainStarts {
  if (reason !== 'stop') return { untilMs: nowMs + startsMs, stopMs: null }
  // Nobody knows when it is cut off.
  return { untilMs: endsMs === undefined ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY, stopMs: endsMs ?? null }
}

/** Up to when an attempt may start. A run that turns out longer than those before leaves less time for the next one. */
export function startsUntilMs(config: FlowConfig, queue: QueueState): number {
  const { untilMs, stopMs } = queue.starts
  if (stopMs === null) return untilMs
  // Where nobody knows how long a run takes, nobody knows whether it would end in time.
  return Math.min(untilMs, stopMs - acknowledgeMs - (runMsOf(config, queue) ?? Number.POSITIVE_INFINITY))
}

/** The queue is draining, and what it has received may still start. */
export function owesAttempts({ state, config, env }: Turn, queue: QueueState): boolean {
  return state.phase === 'draining' && queue.outage === null && env.receiptMonoMs <= startsUntilMs(config, queue)
}
