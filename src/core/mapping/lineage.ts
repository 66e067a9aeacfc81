/** What the listing says of one shard. */
export interface ShardFacts {
  readonly shardId: string
  readonly parentIds: readonly string[]
}

export interface LineageView {
  /** Every shard of the newest complete listing, in the listing's order. */
  readonly listed: readonly ShardFacts[]
  /** Read to the end, or given up as gone. */
  readonly done: ReadonlySet<string>
}

export interface Lineage {
  /**
   * Shards that may be read now, parents first; those that run already are among them, and so are parents that a listed shard names
   * and that are not listed themselves: they are read until the source refuses them (behaviour §13.5).
   */
  readonly readable: readonly string[]
  /** Shards that wait for a parent. */
  readonly waiting: readonly string[]
}

/**
 * Which shards may be read: a child after all of its parents are done, whoever they are (behaviour §4.11). A parent that the listing
 * has dropped may still be readable, so it is read like any other until it ends or is refused. Total: whatever a service lists,
 * every shard that is not done is readable, or waits for one that is.
 */
export function planLineage(view: LineageView): Lineage {
  const parents = new Map(view.listed.map((shard) => [shard.shardId, shard.parentIds]))
  const readable: string[] = []
  const waiting: string[] = []
  const unlisted = new Set<string>()
  for (const { shardId, parentIds } of view.listed) {
    if (view.done.has(shardId)) continue
    const open = parentIds.filter((parent) => !view.done.has(parent) && !descendsFrom(parent, shardId, parents))
    for (const parent of open) if (!parents.has(parent)) unlisted.add(parent)
    if (open.length === 0) readable.push(shardId)
    else waiting.push(shardId)
  }
  return { readable: [...unlisted, ...readable], waiting }
}

/** Shards that are done and that nothing in the listing refers to any more: what is kept of them can go. */
export function forgettable(view: LineageView): readonly string[] {
  const named = new Set<string>()
  for (const shard of view.listed) {
    named.add(shard.shardId)
    for (const parent of shard.parentIds) named.add(parent)
  }
  return [...view.done].filter((shardId) => !named.has(shardId))
}

/** A listing that names a shard its own ancestor must not make everybody wait for ever. */
function descendsFrom(shardId: string, ancestor: string, parents: ReadonlyMap<string, readonly string[]>): boolean {
  const seen = new Set<string>()
  const open = [shardId]
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (next === ancestor) return true
    if (seen.has(next)) continue
    seen.add(next)
    open.push(...(parents.get(next) ?? []))
  }
  return false
}
