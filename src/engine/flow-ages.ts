import type { Arrivals } from '../core/flow/shard/inspection.ts'

export interface FlowAges {
  /** null: nobody knows, or it is a queue. */
  readonly behindMs: number | null
  /** How old the last record of the batch is that is out or waits for its next attempt; null: there is none. */
  readonly iteratorAgeMs: number | null
}

/** `behindMs`: how far the last read was behind the tip. A shard that is blocked reads at the tip, and is as far behind as what blocks it. */
export function agesOf({ oldestMs, batchMs }: Arrivals, sourceMs: number, behindMs: number | null): FlowAges {
  const ageOf = (arrivedMs: number): number => Math.max(0, sourceMs - arrivedMs)
  return {
    behindMs: oldestMs === null ? behindMs : Math.max(ageOf(oldestMs), behindMs ?? 0),
    iteratorAgeMs: batchMs === null ? null : ageOf(batchMs),
  }
}
