/**
 * A stable unsigned 32-bit hash of an order key: its remainder by ParallelizationFactor is the slot. AWS does not say
 * which hash it uses (behaviour §11.4), and only "same key, same slot" matters, so this is FNV-1a over UTF-16 units with
 * murmur3's finalizer, which spreads the low bits that a small remainder looks at.
 */
export function orderHash(key: string): number {
  let hash = 0x811c9dc5
  for (let at = 0; at < key.length; at++) hash = Math.imul(hash ^ key.charCodeAt(at), 0x01000193)
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return (hash ^ (hash >>> 16)) >>> 0
}
