const bucketMs = 1_000
const bucketsMax = 60

/** How many a second there were in the last minute, or since the first one where that is less. */
export class RecentRate {
  readonly #buckets = new Map<number, number>()
  #firstMs: number | null = null

  add(count: number, nowMs: number): void {
    this.#firstMs ??= nowMs
    const bucket = Math.floor(nowMs / bucketMs)
    this.#buckets.set(bucket, (this.#buckets.get(bucket) ?? 0) + count)
    this.#forget(bucket)
  }

  perSecond(nowMs: number): number {
    if (this.#firstMs === null) return 0
    this.#forget(Math.floor(nowMs / bucketMs))
    const seconds = Math.min(bucketsMax, Math.max(1, (nowMs - this.#firstMs) / bucketMs))
    const total = [...this.#buckets.values()].reduce((sum, count) => sum + count, 0)
    return Math.round((total / seconds) * 10) / 10
  }

  #forget(bucket: number): void {
    for (const old of this.#buckets.keys()) if (old <= bucket - bucketsMax) this.#buckets.delete(old)
  }
}
