import type { Book } from '../book.ts'
import { shown } from '../book.ts'
import type { Checker } from '../observation.ts'
import { violate } from '../observation.ts'
import { numbersLeft } from '../world/sources.ts'
import type { SimQueue } from '../world/sources.ts'

/** Promise 1: what the source still had is acknowledged by a success, filtered, delivered, or counted as dropped. */
export function noLoss(book: Book): Checker {
  return {
    name: 'no loss',
    see(seen) {
      if (seen.kind !== 'converged') return
      const { world } = book
      for (const source of world.sources.values()) if (source.kind === 'queue') nothingDeleted(book, source)
      for (const { uuid } of world.current?.registry.list() ?? []) nothingPassed(book, uuid)
    },
  }
}

/** A message leaves its queue because a function took it, or because a filter did not match it. */
function nothingDeleted(book: Book, source: SimQueue): void {
  const left = numbersLeft(source)
  const mappings = [...book.mappings.values()].filter(({ uuid }) => book.world.sourceOf(uuid) === source.plan.name)
  const lost = [...book.world.facts.values()].filter(
    (fact) =>
      fact.source === source.plan.name &&
      !left.has(fact.number) &&
      !mappings.some(({ uuid, done }) => done.has(fact.number) || !book.matches(uuid, fact)),
  )
  if (lost.length > 0) violate('no loss', `${shown(lost)} left ${source.plan.name}, and no function took them`)
}

function nothingPassed(book: Book, uuid: string): void {
  const mapping = book.mapping(uuid)
  const lost = [...book.world.facts.values()].filter(
    (fact) => fact.shardId !== '' && book.isOwed(uuid, fact) && !mapping.done.has(fact.number),
  )
  if (lost.length > mapping.dropped) {
    violate('no loss', `${uuid} has done nothing with ${shown(lost)} (it dropped ${String(mapping.dropped)})`)
  }
}
