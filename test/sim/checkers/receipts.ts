import type { FlowCommand } from '../../../src/core/flow/messages.ts'
import type { FlowRecord } from '../../../src/model/record.ts'
import { type Book, type Held, type Life, heldKey, isStreamLife, lifeOf, matchesNow } from '../book.ts'
import { wasCompleted } from '../book-events.ts'
import { type Checker, violate } from '../trace.ts'

/** Nothing is invoked that is not in hand, matching and still ours; nothing is acknowledged that no function took. */
export function receipts(): Checker {
  return {
    name: 'receipts',
    see(entry, book) {
      if (entry.kind !== 'command') return
      const life = lifeOf(book, entry.life)
      if (entry.command.kind === 'invoke') onInvoke(entry.command.records, life, entry.t, book)
      if (entry.command.kind === 'filtered') onFiltered(entry.command.records, life, book)
      if (entry.command.kind === 'settle') onSettle(entry.command, life)
      if (entry.command.kind === 'discard')
        for (const record of entry.command.records) inHand(life, record, book, 'discards')
    },
  }
}

function onInvoke(records: readonly FlowRecord[], life: Life, t: number, book: Book): void {
  const seen = new Set<string>()
  for (const record of records) {
    const held = inHand(life, record, book, 'invokes')
    if (held === null) continue
    if (seen.has(held.key)) violate('receipts', `${record.fragment} twice in one batch`)
    seen.add(held.key)
    if (!matchesNow(life, record)) violate('receipts', `invokes ${record.fragment}, which does not match the filter`)
    if (held.expiresMs <= t)
      violate('receipts', `invokes ${record.fragment}, whose receipt ran out at ${String(held.expiresMs)}`)
    if (held.notRuns === 0 && isWornOut(life, held, t))
      violate('receipts', `invokes ${record.fragment}, which the queue may show again at ${String(held.shownMs)}`)
    if (held.fact?.oversize === true && record.bytes > life.config.batchBytesMax) {
      violate('receipts', `invokes ${record.fragment}, which does not fit an event`)
    }
  }
}

/** It has waited for longer than the margin, and what is left does not last for a run, as that of a fresh receipt would. */
export function isWornOut(life: Life, held: Held, t: number): boolean {
  if (isStreamLife(life)) return false
  const marginMs = held.shownMs - held.expiresMs
  const freshMs = held.shownMs - held.receivedMs - marginMs - life.config.windowMs
  const runMs = life.config.timeoutMs ?? life.longestRunMs ?? 0
  return t - held.receivedMs > marginMs && held.shownMs - t < Math.min(runMs, freshMs)
}

function inHand(life: Life, record: FlowRecord, book: Book, does: string): Held | null {
  const held = life.held.get(heldKey(record))
  // A completed run that was trimmed in part is not recognised; that its records come again does no harm.
  if (held === undefined && wasCompleted(life, book.facts.get(record.fragment))) {
    life.repeats = true
    return null
  }
  if (held?.phase !== 'held')
    return violate('receipts', `${does} ${record.fragment}, which is ${held?.phase ?? 'not in hand'}`)
  return held
}

function onSettle(command: Extract<FlowCommand, { kind: 'settle' }>, life: Life): void {
  if (command.records.length === 0) violate('receipts', 'acknowledges nothing')
  for (const record of command.records) {
    const held = life.held.get(heldKey(record))
    const filtered = held?.phase === 'held' && !matchesNow(life, record)
    if (held?.phase !== 'acked' && !filtered) {
      violate('receipts', `acknowledges ${record.fragment}, which is ${held?.phase ?? 'not in hand'}`)
    }
    // What is tried again was decided before: an update since may have made it match once more.
    if (command.why === 'filtered' && command.attempt === 1 && matchesNow(life, record))
      violate('receipts', `${record.fragment} matches and counts as filtered`)
    if (command.why === 'succeeded' && !record.matched && held?.phase !== 'acked') {
      violate('receipts', `${record.fragment} was filtered and counts as a success`)
    }
  }
  if (isStreamLife(life)) violate('receipts', 'a shard has nothing to acknowledge')
}

function onFiltered(records: readonly FlowRecord[], life: Life, book: Book): void {
  for (const record of records) {
    inHand(life, record, book, 'filters')
    if (matchesNow(life, record)) violate('receipts', `${record.fragment} is said to match no longer, and does`)
  }
}
