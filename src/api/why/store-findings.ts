import type { Evidence } from './evidence.ts'
import { finding, type Finding } from './finding.ts'

/** A mapping that the store cannot vouch for does not run: nothing else about it matters. */
export function damageFindings({ damage }: Evidence): readonly Finding[] {
  return damage === undefined ? [] : [finding('set-aside', damage)]
}

/** Without a store that can be written a shard does not move, and nothing can be changed. */
export function storeFindings({ storeTrouble }: Evidence): readonly Finding[] {
  return storeTrouble === null ? [] : [finding('store-unwritable', storeTrouble)]
}
