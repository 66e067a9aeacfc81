import { currentUnit } from '../flight.ts'
import type { InspectPart } from '../inspection.ts'
import type { FlowState, Held } from '../state.ts'
import type { ShardState } from './state.ts'

export const inspectShard: InspectPart<ShardState> = (state, shard, config) => ({
  concurrency: config.slots,
  watermark: shard.watermark,
  arrivals: inspectArrivals(state, shard),
  outage: null,
  groups: [],
  hidden: { count: 0, firstInMs: null, firstId: null },
  windowEndsInMs: null,
})

/** When records of a shard arrived, by the source's clock; null: there is none such. */
export interface Arrivals {
  /** The oldest record that is not resolved. */
  readonly oldestMs: number | null
  /** The last record of the batch that is out or waits for its next attempt; of several, the oldest. */
  readonly batchMs: number | null
}

function inspectArrivals({ flights }: FlowState, shard: ShardState): Arrivals {
  const oldest = shard.entries.find((one): one is Held => one.stage !== 'done')
  let batchMs: number | null = null
  for (const flight of flights.values()) {
    const lastMs = currentUnit(flight)?.held.at(-1)?.record.arrivedMs
    if (lastMs !== undefined) batchMs = Math.min(batchMs ?? lastMs, lastMs)
  }
  return { oldestMs: oldest?.record.arrivedMs ?? null, batchMs }
}
