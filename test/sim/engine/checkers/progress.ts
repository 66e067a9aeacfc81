import type { Checkpoint } from '../../../../src/model/checkpoint.ts'
import type { Book } from '../book.ts'
import { shown } from '../book.ts'
import type { Checker, Observation } from '../observation.ts'
import { violate } from '../observation.ts'
import type { Fact } from '../world/facts.ts'

/** Promise 3: what is written never passes an unresolved record and never moves back; the stale owner's write is refused. */
export function progress(book: Book): Checker {
  const written = new Map<string, Checkpoint>()
  const refused = new Set<string>()
  return {
    name: 'progress',
    see(seen) {
      if (seen.kind === 'stored' && seen.state === null) forget(written, seen.uuid)
      if (seen.kind !== 'written') return
      const owner = book.mapping(seen.uuid).sessions.get(seen.flow)?.at(-1)
      const session = `${seen.uuid} ${seen.flow} ${String(seen.fence)}`
      if (seen.answer === 'fenced') {
        if (refused.has(session)) violate('progress', `${session} writes on after it was fenced`)
        if (seen.told) refused.add(session)
        return
      }
      if (owner?.fence !== seen.fence) violate('progress', `${session} is stale and was written all the same`)
      movesOn(written, seen)
      passesNothing(book, seen)
    },
  }
}

type Written = Extract<Observation, { kind: 'written' }>

function forget(written: Map<string, Checkpoint>, uuid: string): void {
  for (const key of written.keys()) if (key.startsWith(`${uuid} `)) written.delete(key)
}

function movesOn(written: Map<string, Checkpoint>, seen: Written): void {
  const key = `${seen.uuid} ${seen.flow}`
  const before = written.get(key)
  written.set(key, seen.checkpoint)
  if (before === undefined || before.incarnation !== seen.checkpoint.incarnation || before.watermark === null) return
  if (!isAtMost(before.watermark, seen.checkpoint.watermark) || (before.done && !seen.checkpoint.done)) {
    violate('progress', `${key} moved back from ${before.watermark} to ${String(seen.checkpoint.watermark)}`)
  }
}

function passesNothing(book: Book, seen: Written): void {
  const { uuid, flow, checkpoint } = seen
  const mapping = book.mapping(uuid)
  const source = book.world.sourceOf(uuid)
  const line = book.lines.get([source, flow, checkpoint.incarnation].join('/')) ?? []
  const passed = line.filter(
    (fact) => isPassed(checkpoint, fact) && book.isOwed(uuid, fact) && !mapping.done.has(fact.number),
  )
  if (passed.length > mapping.dropped) {
    violate('progress', `${uuid} ${flow} is written down up to ${String(checkpoint.watermark)}, past ${shown(passed)}`)
  }
}

function isPassed(checkpoint: Checkpoint, fact: Fact): boolean {
  if (checkpoint.done || isAtMost(fact.position, checkpoint.watermark)) return true
  return checkpoint.completed.some(({ first, last }) => isAtMost(first, fact.position) && isAtMost(fact.position, last))
}

export function isAtMost(one: string, other: string | null): boolean {
  return other !== null && BigInt(one) <= BigInt(other)
}
