import type { Held, Turn } from '../state.ts'
import { shownAgainMs } from './receipt.ts'

/** A message that left our hands unacknowledged and is hidden until its visibility ends. Only shown, never acted upon. */
export interface Hidden {
  readonly group: string
  /** When the queue shows it again (monotonic). */
  readonly untilMs: number
}

/** By message id, in the order in which they were let go. */
export type HiddenMessages = Map<string, Hidden>

/** More are not remembered: it is a word to the user, not a ledger. */
const hiddenMax = 1_000

export function noteHidden({ env }: Turn, hidden: HiddenMessages, held: readonly Held[]): void {
  for (const one of held) {
    const untilMs = shownAgainMs(one)
    if (untilMs > env.monoMs) hidden.set(one.record.id, { group: one.record.orderKey, untilMs })
  }
  if (hidden.size <= hiddenMax) return
  for (const [id, { untilMs }] of hidden) if (untilMs <= env.monoMs) hidden.delete(id)
  for (const id of hidden.keys()) {
    if (hidden.size <= hiddenMax) return
    hidden.delete(id)
  }
}
