import type { Checker } from '../observation.ts'
import { violate } from '../observation.ts'

const openingsMax = 4
const withinMs = 200

/** Promise 7: a flow that ends is not opened again and again without a pause. */
export function churn(): Checker {
  const openings = new Map<string, readonly number[]>()
  return {
    name: 'churn',
    see(seen) {
      if (seen.kind !== 'session') return
      const key = `${String(seen.process)} ${seen.uuid} ${seen.flow}`
      const recent = [...(openings.get(key) ?? []).filter((atMs) => seen.t - atMs < withinMs), seen.t]
      openings.set(key, recent)
      if (recent.length >= openingsMax) violate('churn', `${key} was opened ${String(recent.length)} times in a moment`)
    },
  }
}
