import type { Book, MappingBook } from '../book.ts'
import { lineOf, shown } from '../book.ts'
import type { Checker } from '../observation.ts'
import { violate } from '../observation.ts'
import type { Fact } from '../world/facts.ts'
import { lifeNumber, parentsOf, type SimStream } from '../world/sources.ts'

/**
 * Promise 2: a child shard is read after everything in its parents is done, also across crashes; and a table's next stream after
 * everything in those before it, as long as they can be read.
 */
export function lineage(book: Book): Checker {
  return {
    name: 'lineage',
    see(seen) {
      if (seen.kind !== 'asked' || seen.what !== 'read' || seen.shardId === '' || seen.incarnation === null) return
      const source = book.world.streamOf(seen.uuid)
      // A flow learns of its stream's next life by a read, and of the parents there by the next listing.
      if (source === undefined || source.recreated) return
      const mapping = book.mapping(seen.uuid)
      const { incarnation, uuid, shardId } = seen
      const owes = (facts: readonly Fact[]): readonly Fact[] =>
        facts.filter((fact) => book.isOwed(uuid, fact) && !mapping.done.has(fact.number))
      const ancestors = [...new Set(ancestorsOf(parentsOf(source, incarnation), shardId))]
      complain(
        mapping,
        owes(
          ancestors.flatMap(
            (each) => book.lines.get(lineOf({ source: source.plan.name, shardId: each, incarnation })) ?? [],
          ),
        ),
        `${shardId} of ${uuid} is read while its parents owe`,
      )
      complain(
        mapping,
        owes(inOlderLives(book, source, incarnation)),
        `${incarnation} of ${uuid} is read while older streams owe`,
      )
    },
  }
}

function complain(mapping: MappingBook, open: readonly Fact[], what: string): void {
  if (open.length > mapping.dropped) violate('lineage', `${what} ${shown(open)}`)
}

function inOlderLives({ world }: Book, { plan }: SimStream, incarnation: string): readonly Fact[] {
  return [...world.facts.values()].filter(
    (fact) => fact.source === plan.name && lifeNumber(fact.incarnation) < lifeNumber(incarnation),
  )
}

function ancestorsOf(parents: ReadonlyMap<string, readonly string[]>, shardId: string): readonly string[] {
  return (parents.get(shardId) ?? []).flatMap((parent) => [parent, ...ancestorsOf(parents, parent)])
}
