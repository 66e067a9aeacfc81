import type { FlowCommand } from '../../../src/core/flow/messages.ts'
import { windowEnvelopeBytes } from '../../../src/model/limits.ts'
import { type Held, type Life, countPending, isOver, isStreamLife, lifeOf, ownMs } from '../book.ts'
import { type Checker, shown, violate } from '../trace.ts'
import { isAlive } from './no-loss.ts'
import type { Terms } from './terms.ts'

/** Promise 4: batch size, bytes, concurrency; once a flight is free, no gathered record outwaits its window. */
export function limits(terms: Terms): Checker {
  const freeSince = new Map<number, SlotTimes>()
  return {
    name: 'limits',
    see(entry, book) {
      if (entry.kind === 'event') {
        const life = book.lives.get(entry.life)
        if (life === undefined || !isAlive(life)) return
        // As far ahead as it was at the last step: of a move since then the flow has heard nothing yet.
        const nowMs = ownMs(life, entry.t)
        noteEnds(freeSince, life, entry.event.kind, nowMs)
        if (life.drainingSince === null) notOverdue(life, nowMs - terms.slackMs, freeSince.get(life.life))
      }
      if (entry.kind === 'command' && entry.command.kind === 'invoke') onInvoke(entry.command, lifeOf(book, entry.life))
    },
  }
}

function onInvoke(command: Extract<FlowCommand, { kind: 'invoke' }>, life: Life): void {
  const { config } = life
  const { records, window } = command
  if (records.length > config.batchSize) {
    violate('limits', `${shown(records)} is more than BatchSize ${String(config.batchSize)}`)
  }
  const windowBytes = window === null ? 0 : windowEnvelopeBytes + window.state.length
  // A final invocation carries the state alone, also one of over 1 MB that ends its window early.
  const bytes = records.length === 0 ? 0 : records.reduce((sum, record) => sum + record.bytes + 1, windowBytes - 1)
  if (bytes > config.batchBytesMax) violate('limits', `${shown(records)} weighs ${String(bytes)} bytes`)
  const flightsMax = isStreamLife(life) ? config.slots : config.scaling.flightsMax
  const out = countPending(life, 'invoke')
  if (out >= (life.configs === 0 ? flightsMax : life.flightsMax))
    violate('limits', `invocation number ${String(out + 1)} at once`)
}

/** When each slot of a shard was last released: its window starts anew then (behaviour §13.15). */
type SlotTimes = Map<number, number>

function noteEnds(times: Map<number, SlotTimes>, life: Life, kind: string, t: number): void {
  if (!isStreamLife(life)) return
  const slots = times.get(life.life) ?? new Map<number, number>()
  times.set(life.life, slots)
  if (kind === 'configured') slots.clear()
  for (const held of life.held.values()) {
    if (held.phase !== 'held' || held.failures + held.notRuns > 0) slots.set(slotOf(life, held), t)
  }
}

function slotOf(life: Life, held: Held): number {
  return held.record.orderHash % life.config.slots
}

function notOverdue(life: Life, t: number, ends: SlotTimes | undefined): void {
  // What was configured a moment ago takes effect when what is out has ended.
  if (life.configs > 0 && life.pending.size > 0) return
  if (isStreamLife(life)) slotsNotOverdue(life, t, ends)
  else queueNotOverdue(life, t)
}

/** Only an entirely idle flow is certain to have a flight free, whatever the scale says. */
function queueNotOverdue(life: Life, t: number): void {
  if (countPending(life, 'permit') + countPending(life, 'invoke') + countPending(life, 'settle') > 0) return
  // Nothing is tried while nobody can be invoked.
  if (life.outage !== null) return
  for (const held of life.held.values()) if (held.notRuns > 0 || held.phase === 'acked') return
  for (const held of life.waiting.values()) {
    if (held.expiresMs <= t - life.env.monoMs + life.env.receiptMonoMs) continue
    if (t > Math.max(held.heldSinceMs, life.lastEndMs) + life.config.windowMs) {
      violate('limits', `${held.record.fragment} waits since ${String(held.heldSinceMs)} and the flow is idle`)
    }
  }
}

function slotsNotOverdue(life: Life, t: number, ends: SlotTimes | undefined): void {
  const firsts = new Map<number, Held>()
  for (const held of life.held.values()) {
    const slot = slotOf(life, held)
    if (!isOver(held) && !firsts.has(slot)) firsts.set(slot, held)
  }
  const idle = [...firsts].filter(([slot, held]) => isOverdue(life, held, t, ends?.get(slot) ?? 0))
  // A final invocation holds the one slot of a tumbling window, also while it waits to be tried again.
  if (life.tumbled || life.repeats || (life.opened?.window ?? null) !== null) return
  const [first] = idle
  if (first !== undefined && idle.length > countPending(life, 'permit')) {
    violate('limits', `${first[1].record.fragment} waits in slot ${String(first[0])}, which is free`)
  }
}

function isOverdue(life: Life, held: Held, t: number, endMs: number): boolean {
  if (held.phase !== 'held' || held.failures + held.notRuns > 0 || held.fact?.oversize === true) return false
  const { retentionMs } = life.config
  if (retentionMs !== null && life.env.retentionSourceMs - held.record.arrivedMs >= retentionMs) return false
  const freeMs = Math.max(held.heldSinceMs, endMs)
  return t > freeMs + life.config.windowMs || (t > freeMs && isTooOld(life, held))
}

/** A clock that was set tells the age of a record wrongly by so much, until the next reply. */
const clockErrorMsMax = 2_500

/** What grows too old before its window ends waits no longer. */
function isTooOld({ config, env }: Life, { record }: Held): boolean {
  const { recordAgeMsMax } = config
  return recordAgeMsMax !== null && env.sourceMs - record.arrivedMs > recordAgeMsMax + clockErrorMsMax
}
