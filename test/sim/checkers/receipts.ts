import type { FlowCommand } from '../../../src/core/flow/messages.ts'
import type { FlowRecord } from '../../../src/model/record.ts'
import { type Book, type Held, type Life, heldKey, isStreamLife, lifeOf, matchesNow, pendingOf } from '../book.ts'
import { wasCompleted } from '../book-events.ts'
import { type Checker, shown, violate } from '../trace.ts'

/** An answer may be late by so much, and a timer. */
const slackMs = 3_100

/** Nothing is invoked that is not in hand, matching and still ours; nothing is acknowledged that no function took. */
export function receipts(): Checker {
  return {
    name: 'receipts',
    see(entry, book) {
      if (entry.kind === 'event') lastsUnderAttempts(book.lives.get(entry.life), entry.t)
      if (entry.kind !== 'command') return
      const life = lifeOf(book, entry.life)
      if (entry.command.kind === 'invoke') onInvoke(entry.command.records, life, entry.t, book)
      if (entry.command.kind === 'filtered') onFiltered(entry.command.records, life, book)
      if (entry.command.kind === 'extend') onExtend(entry.command, life, entry.t)
      if (entry.command.kind === 'release') onRelease(entry.command.records, life)
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
  if (isStreamLife(life) || life.config.extendsReceipts) return false
  const marginMs = Math.min(5_000, held.visibilityMs / 5)
  const freshMs = held.visibilityMs - marginMs - life.config.windowMs
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

/** Only what is with the function, while the queue hides it, and for so long in all as a queue does. */
function onExtend(command: Extract<FlowCommand, { kind: 'extend' }>, life: Life, t: number): void {
  const { config } = life
  if (!config.extendsReceipts) violate('receipts', `prolongs ${shown(command.records)} although nobody wants it`)
  if (command.records.length === 0 || command.visibilityMs % 1_000 !== 0)
    violate('receipts', `prolongs ${shown(command.records)} by ${String(command.visibilityMs)} ms`)
  for (const record of command.records) {
    const held = life.held.get(heldKey(record))
    const { fragment } = record
    if (held?.phase !== 'out') return violate('receipts', `prolongs ${fragment}, which is not with the function`)
    if (held.refusedForGood) violate('receipts', `prolongs ${fragment} although that was refused for good`)
    if (held.shownMs <= t) violate('receipts', `prolongs ${fragment}, which is shown since ${String(held.shownMs)}`)
    if (t + command.visibilityMs <= held.shownMs) violate('receipts', `prolongs ${fragment} by nothing`)
    if (t + command.visibilityMs > held.askedMs + config.receiptMsMax)
      violate('receipts', `prolongs ${fragment}, received at ${String(held.askedMs)}, beyond what a queue does`)
    if (pendingOf(life, 'extend').some((other) => other.records.includes(record)))
      violate('receipts', `prolongs ${fragment} while the answer to that is out`)
  }
}

/** An extension that is under way would hide it again. */
function onRelease(records: readonly FlowRecord[], life: Life): void {
  const asked = new Set(pendingOf(life, 'extend').flatMap((other) => other.records))
  for (const record of records)
    if (asked.has(record)) violate('receipts', `hands back ${record.fragment} while it is being prolonged`)
}

/** Where it is prolonged, no refusal stands in the way and the queue would do it, the queue does not show it while it runs. */
function lastsUnderAttempts(life: Life | undefined, t: number): void {
  if (life === undefined || life.extendsSinceMs === null || life.crashed || life.drained || isStreamLife(life)) return
  for (const held of life.held.values()) {
    if (held.phase !== 'out' || held.refused || held.shownMs > t - slackMs || life.extendsSinceMs > held.sentMs)
      continue
    if (held.shownMs + 1_000 > held.askedMs + life.config.receiptMsMax) continue
    violate('receipts', `${held.record.fragment} is with the function and was to be shown at ${String(held.shownMs)}`)
  }
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
