/** Draws everything of a run from one number, the same on every machine. */
export interface Prng {
  /** In [0, 1). */
  next(): number
  /** An integer, both ends included. */
  int(min: number, max: number): number
  chance(probability: number): boolean
  pick<const T>(items: readonly [T, ...T[]]): T
}

/** mulberry32: 32 bits of state are plenty for runs of some thousand draws. */
export function createPrng(seed: number): Prng {
  let state = seed >>> 0
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
  const int = (min: number, max: number): number => min + Math.floor(next() * (max - min + 1))
  return {
    next,
    int,
    chance: (probability) => next() < probability,
    pick: (items) => items[int(0, items.length - 1)] ?? items[0],
  }
}
