import { currentUnit } from '../flight.ts'
import type { FlowState } from '../state.ts'

/** When records of a shard arrived, by the source's clock; null: there is none such. */
export interface Arrivals {
  /** The oldest record that is not resolved. */
  readonly oldestMs: number | null
  /** The last record of the batch that is out or waits for its next attempt; of several, the oldest. */
  readonly batchMs: number | null
}

export function inspectArrivals({ shard, flights }: FlowState): Arrivals {
  if (shard === null) return { oldestMs: null, batchMs: null }
  const oldest = shard.entries.find((one) => one.stage !== 'done')
  let batchMs: number | null = null
  for (const flight of flights.values()) {
    const lastMs = currentUnit(flight)?.held.at(-1)?.record.arrivedMs
    if (lastMs !== undefined) batchMs = Math.min(batchMs ?? lastMs, lastMs)
  }
  return { oldestMs: oldest?.record.arrivedMs ?? null, batchMs }
}
