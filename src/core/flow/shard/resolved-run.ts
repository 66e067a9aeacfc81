import type { Held } from '../state.ts'

/**
 * Neighbours that are resolved although one before them is not. What they were is of no use any more, only where they are:
 * one shard may read on for long behind a record that blocks one of its slots.
 */
export interface ResolvedRun {
  readonly stage: 'done'
  readonly life: number
  readonly first: string
  last: string
  /** When the last one arrived, by the source's clock. */
  arrivedMs: number
}

export function isRun(one: Held | ResolvedRun): one is ResolvedRun {
  return 'first' in one
}

export function runOf(one: Held | ResolvedRun): ResolvedRun {
  if (isRun(one)) return one
  const { position, arrivedMs } = one.record
  return { stage: 'done', life: one.life, first: position, last: position, arrivedMs }
}

/** Lets go of the payloads of what is resolved: neighbours become one run. */
export function joined(ledger: readonly (Held | ResolvedRun)[]): (Held | ResolvedRun)[] {
  const entries: (Held | ResolvedRun)[] = []
  for (const one of ledger) {
    const before = entries.at(-1)
    if (one.stage !== 'done') entries.push(one)
    else if (before === undefined || !isRun(before) || before.life !== one.life) entries.push({ ...runOf(one) })
    else {
      const { last, arrivedMs } = runOf(one)
      before.last = last
      before.arrivedMs = arrivedMs
    }
  }
  return entries
}
