import type { FlowConfig } from '../config.ts'
import type { Held, Turn } from '../state.ts'
import type { QueueState } from './state.ts'

/** How long a message stays ours, and whether that is enough to run it. */

/** The end of a receipt is pulled forward by this much, so that a batch does not start what it cannot finish acknowledging. */
export function visibilityMarginMs(visibilityMs: number): number {
  return Math.min(5_000, visibilityMs / 5)
}

/** When the queue shows the message again, if nobody acknowledges it: the end of its receipt without the margin. */
export function shownAgainMs({ readMs, expiresMs }: Held): number {
  const oursMs = expiresMs - readMs
  return readMs + Math.min(oursMs * 1.25, oursMs + 5_000)
}

/** How long a run may take: the function's timeout, or the longest run seen; null: nobody knows. */
export function runMsOf({ timeoutMs }: FlowConfig, { longestRunMs }: QueueState): number | null {
  return timeoutMs ?? longestRunMs
}

/** A batch ahead of the flights waits for a run and then takes one: a receipt that does not last for both is only spent. */
export function canReceiveAhead(config: FlowConfig, queue: QueueState): boolean {
  const runMs = runMsOf(config, queue)
  const visibilityMs = config.receiveVisibilityMs ?? config.visibilityMs
  return runMs !== null && visibilityMs - config.windowMs >= 2 * runMs
}

/**
 * The message has waited here for so long that the queue would show it again while it runs. What not even a fresh receipt covers
 * gains nothing by another one.
 */
export function isWornOut({ config, env }: Turn, queue: QueueState, held: Held): boolean {
  const endMs = shownAgainMs(held)
  const visibilityMs = endMs - held.readMs
  const marginMs = visibilityMarginMs(visibilityMs)
  if (env.monoMs - held.readMs <= marginMs) return false
  const freshMs = visibilityMs - marginMs - config.windowMs
  return endMs - env.monoMs < Math.min(runMsOf(config, queue) ?? 0, freshMs)
}
