import type { Checkpoint, CompletedRange } from '../../../model/checkpoint.ts'
import { assert } from '../../assertion.ts'
import type { DropReason } from '../messages.ts'
import { type Held, type Pending, type Turn, ask, isPending, letGo, recordsOf } from '../state.ts'
import { heldBytesOf } from '../room.ts'
import { type ResolvedRun, isRun, joined, runOf } from './resolved-run.ts'
import type { ShardState } from './state.ts'

/** What happens to the records of a shard: resolved one by one, in any order; written down as a watermark and what lies beyond. */

/** More runs than this are not written down: after a restart their records come again, which at-least-once permits. */
const completedRangesMax = 1_000

/** So much of what is resolved already is kept at most, beside a quarter of what is not. */
const looseBytesMax = 262_144

export function resolve(turn: Turn, shard: ShardState, held: readonly Held[]): void {
  for (const one of held) finish(turn, shard, one)
  advanceWatermark(turn, shard)
  shard.dirty = true
}

/** Nothing more is to be done for the record; it is still in the ledger. */
export function finish(turn: Turn, shard: ShardState, held: Held): void {
  if (letGo(turn.state, held)) shard.resolvedBytes += heldBytesOf(held)
}

function drop(turn: Turn, shard: ShardState, held: readonly Held[], reason: DropReason): void {
  if (held.length > 0) turn.commands.push({ kind: 'dropped', records: recordsOf(held), reason })
  resolve(turn, shard, held)
}

/** The watermark moves only over resolved records, and only over those of the stream's present life. */
export function advanceWatermark(turn: Turn, shard: ShardState): void {
  let passed = 0
  let newest: Held | ResolvedRun | null = null
  for (const one of shard.entries) {
    if (one.stage !== 'done') break
    passed += 1
    if (!isRun(one)) shard.resolvedBytes -= heldBytesOf(one)
    if (one.life === shard.life) newest = one
  }
  if (newest !== null) {
    const { last, arrivedMs } = runOf(newest)
    shard.watermark = last
    shard.watermarkArrivedMs = arrivedMs
  }
  if (passed > 0) {
    shard.entries = shard.entries.slice(passed)
    shard.dirty = true
  }
  // Now and then: a pass goes through everything that is held.
  if (shard.resolvedBytes > Math.max(looseBytesMax, turn.state.heldBytes / 4)) {
    shard.entries = joined(shard.entries)
    shard.resolvedBytes = 0
  }
}

function completedRanges(shard: ShardState): CompletedRange[] {
  const ranges: CompletedRange[] = []
  let run: { first: string; last: string } | null = null
  for (const one of shard.entries) {
    if (one.life !== shard.life) continue
    if (one.stage !== 'done') {
      run = null
      continue
    }
    const { first, last } = runOf(one)
    if (run !== null) run.last = last
    else if (ranges.length === completedRangesMax) break
    else ranges.push((run = { first, last }))
  }
  return ranges
}

/** One write at a time: what is resolved meanwhile goes into the next one. */
export function writeCheckpoint(turn: Turn, shard: ShardState): void {
  const done = shard.atEnd && isEmpty(shard)
  if (!shard.dirty && (!done || shard.doneWritten)) return
  if (isPending(turn.state, 'checkpoint')) return
  shard.dirty = false
  assert(!shard.doneWritten, 'nothing is written of a shard after the word that it is done')
  ask(turn, { kind: 'checkpoint', checkpoint: checkpointOf(shard, done) }, { kind: 'checkpoint', done })
}

function checkpointOf(shard: ShardState, done: boolean): Checkpoint {
  const { window } = shard
  return {
    incarnation: shard.incarnation,
    watermark: shard.watermark,
    arrivedMs: shard.watermarkArrivedMs,
    completed: completedRanges(shard),
    window: window && { startMs: window.startMs, endMs: window.endMs, state: window.state, phase: window.phase },
    done,
  }
}

/** Nothing is unresolved: every record read is behind the watermark and no window waits for its final invocation. */
export function isEmpty(shard: ShardState): boolean {
  return shard.entries.length === 0 && shard.window === null && shard.slots.every((slot) => slot.flight === null)
}

export function onDiscarded(
  turn: Turn,
  shard: ShardState,
  pending: Extract<Pending, { kind: 'discard' }>,
  fate: 'delivered' | 'undeliverable' | 'undestined',
): void {
  if (fate === 'delivered') resolve(turn, shard, pending.held)
  else drop(turn, shard, pending.held, fate)
}
