import { sideBySide } from '../async/side-by-side.ts'
import type { KeptLatest } from '../ports.ts'
import type { ShardIterators } from './shard-iterators.ts'
import type { StreamLives } from './stream-lives.ts'

/** So many iterators are asked for at a time. */
const asksMax = 20

/**
 * The shards of the newest stream as they are now: those that are closed hold nothing newer, of those that are open an iterator
 * at their end is kept.
 */
export function createLatestEnds(lives: StreamLives, iterators: ShardIterators) {
  return async (signal: AbortSignal): Promise<KeptLatest | null> => {
    const found = await lives.look(signal)
    if (found.kind !== 'found') return null
    const { arn, incarnation, shards } = found
    const open = shards.filter((shard) => !shard.closed).map(({ shardId }) => shardId)
    await sideBySide(open, asksMax, (shardId) => iterators.keepEnd(shardId, incarnation, signal))
    return { arn, incarnation, closed: shards.filter((shard) => shard.closed).map(({ shardId }) => shardId) }
  }
}
