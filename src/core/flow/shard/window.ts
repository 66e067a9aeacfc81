import type { WindowFrame, WindowState } from '../../../model/invocation.ts'
import { windowEnvelopeBytes, windowStateBytesMax } from '../../../model/limits.ts'
import { assert } from '../../assertion.ts'
import type { Held, Turn } from '../state.ts'
import { isReadOut, type OpenWindow, type ShardState } from './state.ts'

/**
 * Tumbling windows of a shard (behaviour §4.7): aligned to the epoch, one open at a time, its state carried from invocation to
 * invocation, closed by a final invocation without records.
 *
 *   (none) ──first record──▶ open ──later record / shard end / idle / new length──▶ closing ──final done──▶ (none)
 *   open, closing ──state over 1 MB──▶ terminating ──final done──▶ open, empty state
 */

const emptyState = '{}'

export function windowEndMs(arrivedMs: number, tumblingMs: number): number {
  return (Math.floor(arrivedMs / tumblingMs) + 1) * tumblingMs
}

export function openWindow(shard: ShardState, tumblingMs: number, arrivedMs: number): OpenWindow {
  const endMs = windowEndMs(arrivedMs, tumblingMs)
  const window: OpenWindow = {
    startMs: endMs - tumblingMs,
    endMs,
    state: emptyState,
    stateBytes: emptyState.length,
    phase: 'open',
  }
  shard.window = window
  return window
}

/** A record of an earlier window joins the open one: its own is closed for good. */
export function belongsTo(window: OpenWindow, held: Held): boolean {
  return held.record.arrivedMs < window.endMs
}

export function frameOf(window: OpenWindow, final: boolean): WindowFrame {
  return {
    startMs: window.startMs,
    endMs: window.endMs,
    state: window.state,
    isFinal: final,
    isTerminatedEarly: final && window.phase === 'terminating',
  }
}

/** An invocation of the window succeeded (or got on): its state is the window's now. */
export function keepState(shard: ShardState, state: WindowState | null): void {
  const { window } = shard
  if (window === null || state === null) return
  window.state = state.json
  window.stateBytes = state.bytes
  // Also one that a recreated stream is closing: the rest of the batch that was out must not be judged too large beside it.
  if (state.bytes > windowStateBytesMax) window.phase = 'terminating'
  shard.dirty = true
}

/** The final invocation succeeded, or was given up: its state is gone either way. */
export function endWindow(shard: ShardState): void {
  const { window } = shard
  assert(window !== null && window.phase !== 'open', 'a window that ends was closing')
  if (window.phase === 'terminating') {
    window.state = emptyState
    window.stateBytes = emptyState.length
    window.phase = 'open'
  } else shard.window = null
  shard.dirty = true
}

/** Closes the open window when its time has come. Only asked while the slot is free. */
export function closeWhenDue(turn: Turn, shard: ShardState): void {
  const { window } = shard
  if (window === null || window.phase !== 'open') return
  // Its length is its own: the checkpoint of an earlier life may have been written under another one.
  if (window.endMs - window.startMs !== turn.config.tumblingMs || isOver(turn, shard, window)) {
    window.phase = 'closing'
    shard.dirty = true
  }
}

function isOver(turn: Turn, shard: ShardState, window: OpenWindow): boolean {
  const next = shard.slots[0]?.queue[0]
  if (next !== undefined) return !belongsTo(window, next)
  // An older look at the tip says nothing: the shard may have been too full, or its source too ill, to be read since.
  return (
    isReadOut(shard) || (shard.tipSeenMs !== null && shard.tipSeenMs >= window.endMs + turn.config.windowIdleCloseMs)
  )
}

/** The bytes of records that fit an event beside the window's members. */
export function recordBytesMax(turn: Turn, shard: ShardState): number {
  if (shard.window === null) return turn.config.batchBytesMax
  return turn.config.batchBytesMax - windowEnvelopeBytes - shard.window.stateBytes
}
