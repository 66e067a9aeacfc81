import type { FlowConfig } from './flow-config.ts'
import type { FlowEvent } from './flow-events.ts'
import type { Turn } from './flow-state.ts'
import type { QueueState } from './queue-state.ts'
import { runMsOf } from './receipt.ts'

/**
 * How long a draining queue starts attempts. A receive is spent whether its message runs or not, so each gets its one attempt where
 * there is time for it (SPEC §4).
 */

/** Timeout + 15 s in all: the last attempt, and the five tries of its acknowledgement. */
const startsMs = 10_000
/** What an acknowledgement needs before a stop is cut off. */
const acknowledgeMs = 500

/** Up to when an attempt may start (monotonic). */
export function startsUntilMs(
  config: FlowConfig,
  queue: QueueState,
  { reason, endsMs, nowMs }: Pick<Extract<FlowEvent, { kind: 'draining' }>, 'reason' | 'endsMs'> & { nowMs: number },
): number {
  if (reason !== 'stop') return nowMs + startsMs
  const runMs = runMsOf(config, queue)
  // Nobody knows whether it would end in time.
  if (endsMs === undefined || runMs === null) return Number.NEGATIVE_INFINITY
  return endsMs - acknowledgeMs - runMs
}

/** The queue is draining, and what it has received may still start. */
export function owesAttempts({ state, env }: Turn, { outage, startsUntilMs: untilMs }: QueueState): boolean {
  return state.phase === 'draining' && outage === null && env.monoMs <= untilMs
}
