import type { Book, Fact, Life } from '../book.ts'
import type { Checker } from '../trace.ts'
import { violate } from '../trace.ts'

/** Promise 1: every record is acknowledged, filtered, delivered to its failure destination, or counted as dropped. */
export function noLoss(): Checker {
  return {
    name: 'no loss',
    see(entry, book) {
      if (entry.kind === 'gone' && entry.how === 'deleted') {
        const fact = book.facts.get(entry.key)
        if (fact !== undefined && fact.successes === 0 && !fact.filtered)
          violate('no loss', `${entry.key} deleted, no function took it`)
      }
      if (entry.kind === 'converged') atTheEnd(book)
    },
  }
}

function atTheEnd(book: Book): void {
  for (const fact of book.inOrder)
    if (isLost(fact)) violate('no loss', `${fact.key} was neither acknowledged nor accounted for`)
  // An older life may still have to learn that it is no longer the owner.
  const newest = [...book.lives.values()].at(-1)
  if (newest !== undefined && isAlive(newest)) nothingForgotten(newest)
}

function isLost(fact: Fact): boolean {
  return !fact.resolved && fact.gone === null && !fact.beforeStart && !fact.dropped
}

/** A flow that still runs owes an answer for everything it was given, also for what the source has trimmed since. */
function nothingForgotten(life: Life): void {
  if (life.config.traits.progress === 'receipt') return
  for (const held of life.held.values()) {
    violate('no loss', `${held.record.fragment} was read and neither resolved nor counted as dropped (${held.phase})`)
  }
}

export function isAlive(life: Life): boolean {
  return !life.crashed && !life.drained && !life.leaseLost && !life.fenced && !life.finished
}
