import type { Checkpoint } from '../../../src/model/checkpoint.ts'
import type { FlowRecord } from '../../../src/model/record.ts'
import type { Book, Fact, Held, Life } from '../book.ts'
import { lifeOf } from '../book.ts'
import { wasCompleted } from '../book-events.ts'
import type { Checker } from '../trace.ts'
import { shown, violate } from '../trace.ts'

/** Promise 3: the checkpoint never passes an unresolved record, never moves back, and is believed after a restart. */
export function progress(): Checker {
  const asked = new Map<number, Checkpoint>()
  let written: Checkpoint | null = null
  return {
    name: 'progress',
    see(entry, book) {
      if (entry.kind === 'written') {
        if (isBehind(entry.checkpoint, written)) violate('progress', 'the stored watermark moved back')
        written = entry.checkpoint
      }
      if (entry.kind !== 'command') return
      const life = lifeOf(book, entry.life)
      const { command } = entry
      if (command.kind === 'checkpoint') {
        if (isBehind(command.checkpoint, asked.get(life.life) ?? life.opened))
          violate('progress', 'the watermark moved back')
        asked.set(life.life, command.checkpoint)
        onlyResolved(book, life, command.checkpoint)
      }
      if (command.kind === 'invoke') notAgain(book, life, command.records)
      if (command.kind === 'finished' && (written === null || !written.done))
        violate('progress', 'finished without a checkpoint that says so')
    },
  }
}

function notAgain(book: Book, life: Life, records: readonly FlowRecord[]): void {
  for (const record of records) {
    if (wasCompleted(life, book.facts.get(record.fragment)) && !rangeIsBroken(book, life)) {
      violate('progress', `${record.fragment} of ${shown(records)} is invoked again, the checkpoint said it was done`)
    }
  }
}

function isBehind(next: Checkpoint, last: Checkpoint | null): boolean {
  if (last === null || last.incarnation !== next.incarnation || last.watermark === null) return false
  return next.watermark === null || Number(next.watermark) < Number(last.watermark)
}

/** A completed run is recognised by its first record; without it (trimmed since) the rest is repeated, which does no harm. */
function rangeIsBroken(book: Book, life: Life): boolean {
  const { opened } = life
  if (opened === null) return false
  // Nor is it looked for any longer once the retention has passed over what was recognised of it.
  const isPassed = (held: Held): boolean => held.fact?.dropped === true || isPastRetention(life, held)
  if (life.shard.items.some((held) => wasCompleted(life, held.fact) && isPassed(held))) return true
  return book.inOrder.some((fact) => fact.gone === 'trimmed' && fact.incarnation === opened.incarnation)
}

function onlyResolved(book: Book, life: Life, checkpoint: Checkpoint): void {
  const unresolved = new Map<string, string>()
  const tooOld = new Set<string>()
  for (const held of life.held.values()) {
    if (isPastRetention(life, held)) tooOld.add(held.record.fragment)
    else unresolved.set(held.record.fragment, held.phase)
  }
  for (const fact of book.inOrder) {
    if (fact.incarnation !== checkpoint.incarnation || fact.gone === 'trimmed' || fact.beforeStart) continue
    if (!covers(checkpoint, fact)) continue
    const phase = unresolved.get(fact.key)
    if (phase !== undefined && !wasCompleted(life, fact))
      violate('progress', `the checkpoint passes ${fact.key}, which is ${phase}`)
    if (phase === undefined && !tooOld.has(fact.key) && !isAccounted(life, fact))
      violate('progress', `the checkpoint passes ${fact.key}, which was never read`)
  }
}

function covers(checkpoint: Checkpoint, fact: Fact): boolean {
  const place = Number(fact.position)
  if (checkpoint.watermark !== null && place <= Number(checkpoint.watermark)) return true
  return checkpoint.completed.some((range) => place >= Number(range.first) && place <= Number(range.last))
}

function isAccounted(life: Life, fact: Fact): boolean {
  return fact.resolved || fact.dropped || wasCompleted(life, fact)
}

export function isPastRetention(life: Life, held: Held): boolean {
  const { retentionMs } = life.config
  return retentionMs !== null && life.env.retentionSourceMs - held.record.arrivedMs > retentionMs
}
