import type { FlowConfig } from '../config.ts'
import type { Held, Receipt, Turn } from '../state.ts'
import type { QueueState } from './state.ts'

/** How long a message stays ours, and whether that is enough to run it. */

/** The end of a receipt is pulled forward by this much, so that a batch does not start what it cannot finish acknowledging. */
function visibilityMarginMs(visibilityMs: number): number {
  return Math.min(5_000, visibilityMs / 5)
}

/** What a receive makes a message last now. */
export function receiveVisibilityMs(config: FlowConfig): number {
  return config.receiveVisibilityMs ?? config.visibilityMs
}

export function createReceipt({ askedMs, receivedMs, visibilityMs }: Asked): Receipt {
  const shownMs = receivedMs + visibilityMs
  const expiresMs = shownMs - visibilityMarginMs(visibilityMs)
  const extendAtMs = receivedMs + visibilityMs / 2
  return { askedMs, receivedMs, visibilityMs, expiresMs, shownMs, extendAtMs, isAsked: false }
}

type Asked = Pick<Receipt, 'askedMs' | 'receivedMs' | 'visibilityMs'>

/** It was extended by what was asked for at that moment. */
export function prolong(receipt: Receipt, askedMs: number, visibilityMs: number): void {
  receipt.shownMs = askedMs + visibilityMs
  receipt.expiresMs = receipt.shownMs - visibilityMarginMs(visibilityMs)
  receipt.extendAtMs = askedMs + visibilityMs / 2
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
  return runMs !== null && receiveVisibilityMs(config) - config.windowMs >= 2 * runMs
}

/**
 * The message has waited here for so long that the queue would show it again while it runs. What not even a fresh receipt covers
 * gains nothing by another one.
 */
export function isWornOut({ config, env }: Turn, queue: QueueState, { receipt }: Held): boolean {
  // What runs is prolonged, however long it takes.
  if (config.extendsReceipts) return false
  const { receivedMs, visibilityMs, shownMs } = receipt
  const marginMs = visibilityMarginMs(visibilityMs)
  if (env.receiptMonoMs - receivedMs <= marginMs) return false
  const freshMs = visibilityMs - marginMs - config.windowMs
  return shownMs - env.receiptMonoMs < Math.min(runMsOf(config, queue) ?? 0, freshMs)
}
