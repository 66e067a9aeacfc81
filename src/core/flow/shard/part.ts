import { assert } from '../../assertion.ts'
import type { FlowEvent } from '../messages.ts'
import type { OwnAnswer, PartHandlers } from '../part.ts'
import { type Held, type Pending, type Turn, cancelAll, expect, isPending, letGo, recordsOf } from '../state.ts'
import { batchLength, isFull } from '../../batch-size.ts'
import {
  dissolveShardFlight,
  isOlder,
  onShardDiscarded,
  onShardInvoked,
  onShardPermitted,
  startShardFlight,
  tryUnit,
} from './attempt.ts'
import { isEmpty, writeCheckpoint } from './ledger.ts'
import { beginLife, unresolvedOf, isFullUp, loseShard, onPage, onUnread, readOn } from './reader.ts'
import { type Slot, createSlots, isLayoutStale, refillSlots } from './slots.ts'
import { type ShardState, isReadOut } from './state.ts'
import { belongsTo, closeWhenDue, openWindow, recordBytesMax, windowEndMs } from './window.ts'

/** Puts the parts of a shard's flow together: what is due is done, and the earliest later moment is named. */

export const shardHandlers: PartHandlers<ShardState> = {
  open,
  onRead: onPage,
  onUnread,
  onPermitted: onShardPermitted,
  onInvoked: onShardInvoked,
  onAnswered,
  lose: loseShard,
  reconfigure,
  drain,
  forsake,
  pump,
  isOwed: () => false,
  isFinished: ({ doneWritten }) => doneWritten,
  moments,
  receiptMoments: () => [],
}

function open(turn: Turn, shard: ShardState, opened: Extract<FlowEvent, { kind: 'opened' }>): void {
  const { checkpoint } = opened
  shard.incarnation = opened.incarnation
  if (checkpoint === null) return
  const { window } = checkpoint
  if (window !== null) shard.window = { ...window, stateBytes: utf8Length(window.state) }
  if (checkpoint.incarnation !== opened.incarnation) {
    // Of a life that was read to its end nothing is lost, even where the next one gives its shards the same names.
    if (!checkpoint.done)
      turn.commands.push({ kind: 'positionLost', reason: 'recreated', watermark: checkpoint.watermark })
    beginLife(shard, opened.incarnation)
    shard.cursor = { at: 'horizon' }
    return
  }
  shard.watermark = checkpoint.watermark
  shard.watermarkArrivedMs = checkpoint.arrivedMs ?? null
  shard.readUpToMs = shard.watermarkArrivedMs
  shard.skips = [...checkpoint.completed]
  shard.atEnd = checkpoint.done
  if (checkpoint.watermark !== null) shard.cursor = { at: 'after', position: checkpoint.watermark }
}

/** Bytes of a text in UTF-8, without a codec: the core has none. */
function utf8Length(text: string): number {
  let bytes = 0
  for (const character of text) {
    const code = character.codePointAt(0) ?? 0
    bytes += code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x1_0000 ? 3 : 4
  }
  return bytes
}

function onAnswered(turn: Turn, shard: ShardState, pending: Pending, event: OwnAnswer): void {
  switch (event.kind) {
    case 'discarded':
      return onShardDiscarded(turn, shard, expect(pending, 'discard'), event.fate)
    case 'checkpointed':
      if (expect(pending, 'checkpoint').done) shard.doneWritten = true
      return
    case 'settled':
    case 'released':
    case 'extended':
    case 'looked':
      return assert(false, `a shard was answered as a queue: ${event.kind}`)
    default:
      return event satisfies never
  }
}

function pump(turn: Turn, shard: ShardState): void {
  const { state } = turn
  if (state.phase === 'running') run(turn, shard)
  writeCheckpoint(turn, shard)
  if (shard.gone && state.phase === 'draining' && state.pending.size === 0) leaveGone(turn, shard)
}

function run(turn: Turn, shard: ShardState): void {
  for (const flight of turn.state.flights.values()) {
    if (flight.phase === 'waiting' && flight.dueMs <= turn.env.monoMs) tryUnit(turn, shard, flight)
  }
  if (isLayoutStale(turn, shard)) layOutAnew(turn, shard)
  for (const [index, slot] of shard.slots.entries()) {
    // A batch whose records are all too old is gone before it needed a permit: the next one starts at once.
    let before = Infinity
    while (slot.flight === null && slot.queue.length < before) {
      before = slot.queue.length
      fly(turn, shard, slot, index)
    }
  }
  readOn(turn, shard)
  if (shard.gone && isEmpty(shard)) turn.state.phase = 'draining'
}

/** What a flow leaves undone is read again some day, but for the records of a shard that its source has no more. */
function leaveGone(turn: Turn, shard: ShardState): void {
  const left = unresolvedOf(shard)
  if (left.length > 0) turn.commands.push({ kind: 'dropped', records: recordsOf(left), reason: 'retention' })
}

/** A slot that is free starts its next batch, or the final invocation that its window owes. */
function fly(turn: Turn, shard: ShardState, slot: Slot, index: number): void {
  if (slot.flight !== null || isLayoutStale(turn, shard)) return
  closeWhenDue(turn, shard)
  if (shard.window !== null && shard.window.phase !== 'open') {
    // One final invocation, whatever the number of slots, and nothing beside it.
    if (turn.state.flights.size === 0) startShardFlight(turn, shard, [], { slot: index, final: true })
    return
  }
  const first = slot.queue[0]
  if (first === undefined) return
  const aged = agedLength(turn, shard, slot)
  if (aged > 0) {
    startShardFlight(turn, shard, slot.queue.splice(0, aged), { slot: index, final: false })
    return
  }
  if (!isDue(turn, shard, slot, first)) return
  if (turn.config.tumblingMs > 0 && shard.window === null) {
    openWindow(shard, turn.config.tumblingMs, first.record.arrivedMs)
    shard.dirty = true
  }
  startShardFlight(turn, shard, slot.queue.splice(0, nextLength(turn, shard, slot)), { slot: index, final: false })
}

/** The records of the next batch: within the limits, of one window, and of one life of the stream. */
function nextLength(turn: Turn, shard: ShardState, slot: Slot): number {
  // No further than the batch reaches: thousands may wait behind it.
  const fitting = slot.queue.slice(0, batchLength(slot.queue, 0, limits(turn, shard)))
  const { window } = shard
  const later = fitting.findIndex(
    (one) => one.life !== fitting[0]?.life || (window !== null && !belongsTo(window, one)),
  )
  return later < 0 ? fitting.length : later
}

/**
 * The first records that wait and are too old already: they are given up now, whatever their window says (behaviour §13.18). They open no
 * tumbling window, since no invocation will carry them.
 */
function agedLength(turn: Turn, shard: ShardState, slot: Slot): number {
  const { recordAgeMsMax } = turn.config
  const first = slot.queue[0]
  if (first === undefined || !isOlder(turn, first, recordAgeMsMax)) return 0
  const young = slot.queue.findIndex((one) => !isOlder(turn, one, recordAgeMsMax))
  return Math.min(nextLength(turn, shard, slot), young < 0 ? slot.queue.length : young)
}

function limits(turn: Turn, shard: ShardState): { records: number; bytes: number } {
  return { records: turn.config.batchSize, bytes: recordBytesMax(turn, shard) }
}

function isDue(turn: Turn, shard: ShardState, slot: Slot, first: Held): boolean {
  const { config, env } = turn
  if (dueMs(turn, first) <= env.monoMs || isFull(slot.queue, 0, limits(turn, shard)) || isFullUp(turn, shard))
    return true
  if (config.tumblingMs === 0) return false
  const edgeMs = windowEndMs(first.record.arrivedMs, config.tumblingMs)
  return env.sourceMs >= edgeMs || slot.queue.some((one) => one.record.arrivedMs >= edgeMs)
}

/** The batching window starts with the first record that waits (behaviour §13.15). */
function dueMs(turn: Turn, first: Held): number {
  return first.readMs + turn.config.windowMs
}

// ---- Changes of the mapping

/** What waits for a permit or a retry goes back and is batched under the new values. */
function reconfigure(turn: Turn, shard: ShardState): void {
  if (turn.state.phase !== 'running') return
  for (const flight of turn.state.flights.values()) {
    // The attempt that is out ends under the old values; what bisect left for later was cut to the old batch size.
    if (flight.phase === 'invoking') flight.dissolving = true
    else dissolveShardFlight(turn, shard, flight)
  }
  refillSlots(turn, shard)
}

/** New slots or a new window length: only when every flight has landed, so that nothing is overtaken. */
function layOutAnew(turn: Turn, shard: ShardState): void {
  if (turn.state.flights.size > 0) return
  shard.slots = createSlots(turn.config.slots)
  refillSlots(turn, shard)
  closeWhenDue(turn, shard)
  shard.tumblingMs = turn.config.tumblingMs
}

function drain(turn: Turn, shard: ShardState, _event: Extract<FlowEvent, { kind: 'draining' }>, again: boolean): void {
  if (again) return
  cancelAll(turn, 'read')
  for (const flight of turn.state.flights.values()) {
    if (flight.phase !== 'invoking') dissolveShardFlight(turn, shard, flight)
  }
}

function forsake(turn: Turn, shard: ShardState): void {
  for (const flight of turn.state.flights.values()) dissolveShardFlight(turn, shard, flight)
  turn.state.flights.clear()
  for (const held of unresolvedOf(shard)) letGo(turn.state, held)
  for (const slot of shard.slots) Object.assign(slot, { queue: [], flight: null })
  shard.entries = []
  shard.resolvedBytes = 0
  shard.dirty = false
}

// ---- Moments

function moments(turn: Turn, shard: ShardState): number[] {
  const { state } = turn
  if (state.phase !== 'running') return []
  const due = isReadOut(shard) || isPending(state, 'read') ? [] : [state.pace.nextMs]
  for (const flight of state.flights.values()) if (flight.phase === 'waiting') due.push(flight.dueMs)
  for (const slot of shard.slots) if (slot.flight === null) due.push(...slotMoments(turn, slot))
  return due
}

function slotMoments(turn: Turn, slot: Slot): number[] {
  const first = slot.queue[0]
  if (first === undefined) return []
  const { tumblingMs, recordAgeMsMax } = turn.config
  const { arrivedMs } = first.record
  const moments = [dueMs(turn, first)]
  if (tumblingMs > 0) moments.push(monoOf(turn, windowEndMs(arrivedMs, tumblingMs)))
  if (recordAgeMsMax !== null) moments.push(monoOf(turn, arrivedMs + recordAgeMsMax + 1))
  return moments
}

/** A moment of the source's clock on the monotonic one. A clock that jumps only makes the timer early or late by that jump. */
function monoOf(turn: Turn, sourceMs: number): number {
  return turn.env.monoMs + Math.max(0, sourceMs - turn.env.sourceMs)
}
