import type { FlowConfig } from '../config.ts'
import type { Held, Receipt, Turn } from '../state.ts'
import type { QueueState } from './state.ts'

/** How long a message stays ours, and whether that is enough to run it. */

/** The end of a receipt is pulled forward by this much, so that a batch does not start what it cannot finish acknowledging. */
function visibilityMarginMs(visibilityMs: number): number {
  return Math.min(5_000, visibilityMs / 5)
}

export function createReceipt(receivedMs: number, visibilityMs: number): Receipt {
  const shownMs = receivedMs + visibilityMs
  return { receivedMs, visibilityMs, expiresMs: shownMs - visibilityMarginMs(visibilityMs), shownMs }
}

export function isRunOut({ receipt }: Held, nowMs: number): boolean {
  return receipt.expiresMs <= nowMs
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
export function isWornOut({ config, env }: Turn, queue: QueueState, { receipt }: Held): boolean {
  const { receivedMs, visibilityMs, shownMs } = receipt
  const marginMs = visibilityMarginMs(visibilityMs)
  if (env.monoMs - receivedMs <= marginMs) return false
  const freshMs = visibilityMs - marginMs - config.windowMs
  return shownMs - env.monoMs < Math.min(runMsOf(config, queue) ?? 0, freshMs)
}
