import type { Checker } from '../trace.ts'
import { violate } from '../trace.ts'
import type { Terms } from './terms.ts'

/** Promise 5: with a deterministic function and no age limit, bisect isolates exactly the poison records. */
export function isolation(terms: Terms): Checker {
  let applies = terms.deterministic
  return {
    name: 'isolation',
    see(entry, book) {
      if (!applies) return
      if (entry.kind === 'event') {
        const { config } = entry
        // A window's final invocation, an age limit and lowered limits give up records that are not poison.
        applies =
          config.bisect && config.retryAttemptsMax !== null && config.recordAgeMsMax === null && config.tumblingMs === 0
      } else if (entry.kind === 'command' && entry.command.kind === 'discard') {
        for (const record of entry.command.records) {
          const fact = book.facts.get(record.fragment)
          if (fact?.poison === false && !fact.oversize)
            violate('isolation', `${record.fragment} is no poison and was given up`)
        }
      } else if (entry.kind === 'converged' && terms.poisonStays) {
        for (const fact of book.inOrder) {
          if (fact.poison && fact.successes > 0) violate('isolation', `poison ${fact.key} counts as a success`)
        }
      }
    },
  }
}
