import type { Book, MappingBook, Session } from '../book.ts'
import { lineOf, shown } from '../book.ts'
import type { Checker, Observation } from '../observation.ts'
import { violate } from '../observation.ts'
import type { Fact } from '../world/facts.ts'
import { numbersLeft } from '../world/sources.ts'

/** Promise 2: per shard, per key under ParallelizationFactor, per message group; a record that waits is not overtaken. */
export function order(book: Book): Checker {
  return {
    name: 'order',
    see(seen) {
      if (seen.kind !== 'invoked') return
      const facts = seen.numbers.flatMap((number) => book.world.facts.get(number) ?? [])
      const [first] = facts
      if (first === undefined) return
      if (first.shardId !== '') inShardOrder(book, seen, facts)
      else if (first.position === '') inGroupOrder(book, seen, facts)
    },
  }
}

type Invoked = Extract<Observation, { kind: 'invoked' }>

function inShardOrder(book: Book, seen: Invoked, facts: readonly Fact[]): void {
  const mapping = book.mapping(seen.uuid)
  const inBatch = new Set<number>()
  let unheardOf = 0
  for (const fact of facts) {
    const session = mapping.sessions.get(fact.shardId)?.findLast(({ process }) => process === seen.process)
    if (session === undefined) violate('order', `${shown([fact])} invoked by a process that has not opened its shard`)
    const before = earlierOf(book, seen.uuid, fact).filter(
      (earlier) => !inBatch.has(earlier.number) && !isDoneFor(mapping, session, earlier),
    )
    unheardOf = Math.max(unheardOf, before.length)
    if (unheardOf > mapping.dropped) {
      violate('order', `${shown(seen.numbers)} of ${seen.uuid} invoked while ${shown(before)} before it are unresolved`)
    }
    inBatch.add(fact.number)
  }
}

/** What the mapping owes of the records before this one in its order domain. */
function earlierOf(book: Book, uuid: string, fact: Fact): readonly Fact[] {
  const line = book.lines.get(lineOf(fact)) ?? []
  const parallel = book.isParallel(uuid)
  return line
    .slice(0, line.indexOf(fact))
    .filter((earlier) => (!parallel || earlier.key === fact.key) && book.isOwed(uuid, earlier))
}

/** Before the session began whoever did it counts; since then only what this process did. */
function isDoneFor(mapping: MappingBook, session: Session, fact: Fact): boolean {
  return (mapping.done.get(fact.number) ?? []).some(
    ({ process, order: at }) => at < session.order || process === session.process,
  )
}

function inGroupOrder(book: Book, seen: Invoked, facts: readonly Fact[]): void {
  const source = [...book.world.sources.values()].find(({ plan }) => plan.name === facts[0]?.source)
  if (source?.kind !== 'queue' || source.plan.kind !== 'sqs-fifo') return
  const left = numbersLeft(source)
  const inBatch = new Set<number>()
  for (const fact of facts) {
    const line = book.lines.get(lineOf(fact)) ?? []
    const overtaken = line
      .slice(0, line.indexOf(fact))
      .find(
        (one) =>
          one.key === fact.key && left.has(one.number) && !inBatch.has(one.number) && book.matches(seen.uuid, one),
      )
    if (overtaken !== undefined) violate('order', `${shown([fact])} overtakes ${shown([overtaken])} of its group`)
    inBatch.add(fact.number)
  }
}
