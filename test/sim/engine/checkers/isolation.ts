import type { Book } from '../book.ts'
import { shown } from '../book.ts'
import type { Checker } from '../observation.ts'
import { violate } from '../observation.ts'

/** From its arrival to the function: a look at the tip, the wire, a permit, and what came before it. */
const delayMsMax = 3_000

/** Promise 5: mappings whose functions hang do not delay the others. */
export function isolation(book: Book): Checker {
  const waiting = new Map<number, number>()
  return {
    name: 'isolation',
    see(seen) {
      if (seen.kind === 'put' && isCalm(seen.fact.source)) waiting.set(seen.fact.number, seen.t)
      if (seen.kind === 'invoked') for (const number of seen.numbers) waiting.delete(number)
      for (const [number, sinceMs] of waiting) {
        if (seen.t - sinceMs > delayMsMax)
          violate('isolation', `${shown([number])} waits for its function since ${String(sinceMs)}`)
      }
    },
  }

  function isCalm(name: string): boolean {
    return [...book.world.sources.values()].some(({ plan }) => plan.calm && plan.name === name)
  }
}
