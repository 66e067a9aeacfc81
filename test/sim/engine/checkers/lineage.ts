import type { Book } from '../book.ts'
import { lineOf, shown } from '../book.ts'
import type { Checker } from '../observation.ts'
import { violate } from '../observation.ts'
import type { SimStream } from '../world/sources.ts'

/** Promise 2: a child shard is read after everything in its parents is done, also across crashes. */
export function lineage(book: Book): Checker {
  return {
    name: 'lineage',
    see(seen) {
      if (seen.kind !== 'asked' || seen.what !== 'read' || seen.shardId === '') return
      const source = book.world.sources.get(book.world.planOf.get(book.world.functionOf(seen.uuid))?.source.arn ?? '')
      // A flow learns of its stream's next life by a read, and of the parents there by the next listing.
      if (source?.kind !== 'stream' || source.lives > 1) return
      const mapping = book.mapping(seen.uuid)
      const open = [...new Set(ancestorsOf(source, seen.shardId))].flatMap((shardId) =>
        (book.lines.get(lineOf(someOf(source, shardId))) ?? []).filter(
          (fact) => book.isOwed(seen.uuid, fact) && !mapping.done.has(fact.number),
        ),
      )
      if (open.length > mapping.dropped) {
        violate('lineage', `${seen.shardId} of ${seen.uuid} is read while its parents owe ${shown(open)}`)
      }
    },
  }
}

function someOf(source: SimStream, shardId: string): Parameters<typeof lineOf>[0] {
  const { incarnation, plan } = source
  const nothing = { number: 0, id: '', position: '', key: '', putMs: 0, skip: false, poison: false }
  return { ...nothing, source: plan.name, shardId, incarnation }
}

function ancestorsOf(source: SimStream, shardId: string): readonly string[] {
  const parents = source.parents.get(shardId) ?? []
  return parents.flatMap((parent) => [parent, ...ancestorsOf(source, parent)])
}
