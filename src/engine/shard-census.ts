/** Each shard that is read at an endpoint which is not AWS adds this much to the longest pause at the tip, up to a first bound. */
const perShardMs = 20
const tipMsMin = 20
const tipMsSome = 200
/** Hundreds of shards share a thousand reads a second, until each is looked at as often as AWS itself looks: once a second. */
const perShardMsOfMany = 1
const tipMsMax = 1_000
/** Every flow is told of another pause: not at the end of each of thousands of shards. */
const stepMs = 50

function tipMsOf(shards: number): number {
  const manyMs = shards * perShardMsOfMany
  if (manyMs > tipMsSome) return Math.min(tipMsMax, Math.ceil(manyMs / stepMs) * stepMs)
  return Math.min(tipMsSome, Math.max(tipMsMin, shards * perShardMs))
}

/**
 * How many shards the process reads. One idle shard is looked at often, a thousand idle ones seldom, so that the whole costs about
 * the same (architecture §8). The members hear when the pause changes.
 */
export class ShardCensus {
  readonly #counts = new Map<object, number>()
  readonly #listeners = new Map<object, () => void>()
  #tipMs = tipMsMin

  get tipMsMax(): number {
    return this.#tipMs
  }

  join(member: object, changed: () => void): void {
    this.#listeners.set(member, changed)
  }

  leave(member: object): void {
    this.#listeners.delete(member)
    this.count(member, 0)
    this.#counts.delete(member)
  }

  count(member: object, shards: number): void {
    this.#counts.set(member, shards)
    let all = 0
    for (const each of this.#counts.values()) all += each
    const tipMs = tipMsOf(all)
    if (tipMs === this.#tipMs) return
    this.#tipMs = tipMs
    for (const changed of this.#listeners.values()) changed()
  }
}
