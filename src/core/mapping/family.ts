/** What the listing says of one shard. */
export interface ShardFacts {
  readonly shardId: string
  readonly parentIds: readonly string[]
}

/**
 * The shards of a listing as a family, laid out once. A shard's end changes what may be read among its children alone, so that it costs
 * the same with ten thousand shards as with two.
 */
export interface Family {
  /** Shard → its place among those that begin at the same time: parents that are not listed first, then as they are listed. */
  readonly places: ReadonlyMap<string, number>
  /** Shard → the listed ones that name it as a parent. */
  readonly children: ReadonlyMap<string, readonly string[]>
  /** Shard that waits → those of its parents that are not done. */
  readonly waiting: Map<string, Set<string>>
  /** Parent that is not listed → those that wait for it. */
  readonly unlisted: Map<string, Set<string>>
  /** Shards that may be read now; those that run already are among them. */
  readonly readable: Set<string>
  /** Those of them of which no flow was started yet, or whose flow ended before they did. */
  readonly idle: Set<string>
}

/**
 * Which shards may be read: a child after all of its parents are done, whoever they are (behaviour §4.11). A parent that the listing
 * has dropped may still be readable, so it is read like any other until it ends or is refused. Total: whatever a service lists,
 * every shard that is not done is readable, or waits for one that is.
 */
export function familyOf(listed: readonly ShardFacts[], done: ReadonlySet<string>): Family {
  const parents = new Map(listed.map((shard) => [shard.shardId, shard.parentIds]))
  const children = childrenOf(listed)
  const tangled = tangledOf(parents, children)
  const family = { places: placesOf(listed, parents), children, waiting: new Map(), unlisted: new Map() }
  const all = { ...family, readable: new Set<string>(), idle: new Set<string>() }
  for (const { shardId, parentIds } of listed) {
    if (done.has(shardId)) continue
    const isOwnAncestor = (parent: string): boolean => tangled.has(shardId) && descendsFrom(parent, shardId, parents)
    const open = parentIds.filter((parent) => !done.has(parent) && !isOwnAncestor(parent))
    if (open.length === 0) allow(all, shardId)
    else all.waiting.set(shardId, new Set(open))
    for (const parent of open) if (!parents.has(parent)) waitForUnlisted(all, parent, shardId)
  }
  return all
}

/** The shard was read to its end, or is given up as gone. */
export function finishShard(family: Family, shardId: string): void {
  forbid(family, shardId)
  family.unlisted.delete(shardId)
  for (const parent of family.waiting.get(shardId) ?? []) waitNoMore(family, parent, shardId)
  family.waiting.delete(shardId)
  for (const child of family.children.get(shardId) ?? []) {
    const open = family.waiting.get(child)
    if (open === undefined || !open.delete(shardId) || open.size > 0) continue
    family.waiting.delete(child)
    allow(family, child)
  }
}

/** Its flow has ended before the shard did. */
export function idleAgain(family: Family, shardId: string): void {
  if (family.readable.has(shardId)) family.idle.add(shardId)
}

/** In the order in which they begin. */
export function inOrder({ places }: Family, shardIds: Iterable<string>): readonly string[] {
  return [...shardIds].sort((one, other) => (places.get(one) ?? 0) - (places.get(other) ?? 0))
}

/** A shard that is done and that the listing does not name: what is kept of it can go. */
export function isNamed({ places }: Family, shardId: string): boolean {
  return places.has(shardId)
}

function allow({ readable, idle }: Family, shardId: string): void {
  readable.add(shardId)
  idle.add(shardId)
}

function forbid({ readable, idle }: Family, shardId: string): void {
  readable.delete(shardId)
  idle.delete(shardId)
}

function waitForUnlisted(family: Family, parent: string, shardId: string): void {
  const waiting = family.unlisted.get(parent) ?? new Set()
  family.unlisted.set(parent, waiting.add(shardId))
  allow(family, parent)
}

function waitNoMore(family: Family, parent: string, shardId: string): void {
  const waiting = family.unlisted.get(parent)
  if (waiting === undefined || !waiting.delete(shardId) || waiting.size > 0) return
  family.unlisted.delete(parent)
  forbid(family, parent)
}

function childrenOf(listed: readonly ShardFacts[]): ReadonlyMap<string, readonly string[]> {
  const children = new Map<string, string[]>()
  for (const { shardId, parentIds } of listed) {
    for (const parent of parentIds) {
      const known = children.get(parent)
      if (known === undefined) children.set(parent, [shardId])
      else known.push(shardId)
    }
  }
  return children
}

function placesOf(listed: readonly ShardFacts[], parents: ReadonlyMap<string, unknown>): ReadonlyMap<string, number> {
  const places = new Map<string, number>()
  for (const { parentIds } of listed) {
    for (const parent of parentIds) if (!parents.has(parent) && !places.has(parent)) places.set(parent, places.size)
  }
  for (const { shardId } of listed) if (!places.has(shardId)) places.set(shardId, places.size)
  return places
}

/** Those that may be their own ancestors, or descend from such: the rest can be put in an order of parents before children. */
function tangledOf(
  parents: ReadonlyMap<string, readonly string[]>,
  children: ReadonlyMap<string, readonly string[]>,
): ReadonlySet<string> {
  const tangled = new Set(parents.keys())
  const before = new Map<string, number>()
  const free: string[] = []
  for (const [shardId, parentIds] of parents) {
    const listed = parentIds.filter((parent) => parents.has(parent)).length
    before.set(shardId, listed)
    if (listed === 0) free.push(shardId)
  }
  for (const shardId of free) {
    tangled.delete(shardId)
    for (const child of children.get(shardId) ?? []) {
      const left = (before.get(child) ?? 0) - 1
      before.set(child, left)
      if (left === 0) free.push(child)
    }
  }
  return tangled
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
