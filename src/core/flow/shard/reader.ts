import type { FlowRecord } from '../../../model/record.ts'
import type { ReadOutcome } from '../messages.ts'
import type { Unread } from '../part.ts'
import { type Held, type Receipt, type Turn, ask, cancelAll, hold, isPending } from '../state.ts'
import { paceAfterPage } from '../../pace.ts'
import { isPressed, readBytes, recordsInRoom, recordsWeighing } from '../room.ts'
import { advanceWatermark, finish } from './ledger.ts'
import { enslot, isAnySlotIdle, isLayoutStale } from './slots.ts'
import { isReadOut, type ShardState } from './state.ts'

/** Decides the reads of a shard, one at a time, and takes in what they bring. */

/** A slot that is blocked stops the others only when so many times the usual number of records wait behind it. */
const blockedReach = 10
const readBytesWell = 2_097_152

export function readOn(turn: Turn, shard: ShardState): void {
  const { state, config, env } = turn
  if (isReadOut(shard) || isPending(state, 'read') || isLayoutStale(turn, shard) || state.pace.nextMs > env.monoMs)
    return
  const recordsMax = recordsOfNextRead(turn, shard)
  if (recordsMax === 0) return
  ask(
    turn,
    {
      kind: 'read',
      recordsMax,
      waitMs: config.traits.readWaitMs,
      visibilityMs: null,
      from: shard.cursor,
      repeats: null,
    },
    {
      kind: 'read',
      recordsMax,
      bytes: readBytes(turn, recordsMax),
      visibilityMs: null,
      sentMs: env.receiptMonoMs,
      attemptSinceMs: env.receiptMonoMs,
    },
  )
}

/** One read is always allowed; a further one only while what is unresolved stays under the caps. */
function recordsOfNextRead(turn: Turn, shard: ShardState): number {
  const { state, config } = turn
  const leftMax = state.heldRecords === 0 ? Infinity : Math.max(0, heldRecordsMax(turn, shard) - state.heldRecords)
  // What makes the next batches, or what a reply carries well: a larger one only stands in memory several times over.
  const usefulMax = Math.max(config.batchSize * config.slots, recordsWeighing(state, readBytesWell))
  return recordsInRoom(turn, Math.min(config.traits.readRecordsMax, usefulMax, leftMax))
}

function heldRecordsMax({ config }: Turn, shard: ShardState): number {
  return isAnySlotIdle(shard) ? config.heldRecordsMax * blockedReach : config.heldRecordsMax
}

/** Waiting for more records makes no sense when no more can be read. */
export function isFullUp(turn: Turn, shard: ShardState): boolean {
  return isReadOut(shard) || isPressed(turn) || turn.state.heldRecords >= heldRecordsMax(turn, shard)
}

export function onPage(
  turn: Turn,
  shard: ShardState,
  { result: page }: { readonly result: Extract<ReadOutcome, { kind: 'records' }> },
): void {
  const { state, config, env } = turn
  if (state.phase !== 'running') return
  paceAfterPage(state.pace, config.pace, { count: page.records.length, tip: page.tip }, env.monoMs)
  shard.tipSeenMs = page.tip ? env.sourceMs : null
  shard.atEnd = page.end
  // A kept end may be lost before the first record: from the horizon there is something to skip again.
  if (shard.cursor.at === 'latest') shard.sinceStart = page.fromKeptEnd === true
  forgetBrokenRun(turn, shard)
  noteOvertaken(turn, shard, page)
  for (const record of page.records) take(turn, shard, record)
  const last = page.records.at(-1)
  if (last === undefined) return
  shard.cursor = { at: 'after', position: last.position }
  advanceWatermark(turn, shard)
}

/**
 * Kinesis reads on at the horizon without a word when the place is trimmed. What was read last has left the retention, and what
 * comes now has not: records in between may be lost, and that must be said. A source that serves older ones keeps them longer.
 */
function noteOvertaken(turn: Turn, shard: ShardState, page: Extract<ReadOutcome, { kind: 'records' }>): void {
  const sourceMs = turn.env.retentionSourceMs
  const horizonMs = sourceMs - (turn.config.retentionMs ?? Number.POSITIVE_INFINITY)
  const first = page.records[0]
  if (first !== undefined && shard.readUpToMs !== null && shard.readUpToMs < horizonMs && first.arrivedMs >= horizonMs)
    turn.commands.push({ kind: 'positionLost', reason: 'trimmed', watermark: shard.watermark })
  const readMs = page.tip ? sourceMs : page.records.at(-1)?.arrivedMs
  if (readMs !== undefined) shard.readUpToMs = Math.max(readMs, shard.readUpToMs ?? readMs)
}

const endless: Receipt = {
  askedMs: 0,
  receivedMs: 0,
  visibilityMs: Number.POSITIVE_INFINITY,
  expiresMs: Number.POSITIVE_INFINITY,
  shownMs: Number.POSITIVE_INFINITY,
  extendAtMs: Number.POSITIVE_INFINITY,
  isAsked: false,
}

function take(turn: Turn, shard: ShardState, record: FlowRecord): void {
  const held = hold(turn, record, endless, shard.life)
  shard.entries.push(held)
  const isKnown = isCompleted(shard, record.position)
  if (isKnown) shard.skippedArrivedMs = record.arrivedMs
  if (isKnown || isTooEarly(turn, shard, record) || !record.matched) finish(turn, shard, held)
  else enslot(shard, held)
}

const minuteMs = 60_000

/** DynamoDB Local stamps to the minute: a stamp that is one may stand for any moment of it. */
function isTooEarly({ config }: Turn, shard: ShardState, { arrivedMs }: FlowRecord): boolean {
  if (config.skipBeforeMs === null || shard.sinceStart) return false
  const youngestMs = arrivedMs % minuteMs === 0 ? arrivedMs + minuteMs - 1 : arrivedMs
  return youngestMs < config.skipBeforeMs
}

/**
 * Kinesis reads on at the horizon without a word when the place is trimmed. Once the record skipped last is older than the
 * retention, the end of its run may be gone as well, and waiting for it would skip everything behind it.
 */
function forgetBrokenRun(turn: Turn, shard: ShardState): void {
  const { retentionMs } = turn.config
  if (shard.skippingTo === null || retentionMs === null) return
  if (turn.env.retentionSourceMs - shard.skippedArrivedMs > retentionMs) shard.skippingTo = null
}

/** Inside a run that the checkpoint names as resolved. Runs are found by their ends: only the source may compare positions. */
function isCompleted(shard: ShardState, position: string): boolean {
  if (shard.skippingTo === null) {
    const index = shard.skips.findIndex((range) => range.first === position)
    if (index < 0) return false
    shard.skippingTo = shard.skips[index]?.last ?? null
    shard.skips = shard.skips.slice(index + 1)
  }
  if (shard.skippingTo === position) shard.skippingTo = null
  return true
}

/** A place that is lost is no trouble of the source: reading goes on. */
export function onUnread(turn: Turn, shard: ShardState, { result }: Unread): void {
  if (result.kind === 'trimmed' || result.kind === 'recreated') losePosition(turn, shard, result)
}

/** The place is gone: go on at the horizon. What is held stays held and is finished. */
function losePosition(
  turn: Turn,
  shard: ShardState,
  result: Extract<ReadOutcome, { kind: 'trimmed' | 'recreated' }>,
): void {
  turn.commands.push({ kind: 'positionLost', reason: result.kind, watermark: shard.watermark })
  shard.readUpToMs = null
  if (result.kind === 'recreated') beginLife(shard, result.incarnation)
  // The end of a run that was being skipped may be gone with the rest: better twice than never.
  shard.skips = []
  shard.skippingTo = null
  shard.sinceStart = false
  shard.cursor = { at: 'horizon' }
}

/** Nothing more is read. When the stream was made again without the shard, what was not read of it is lost as well. */
export function loseShard(turn: Turn, shard: ShardState, { incarnation }: { readonly incarnation: string }): void {
  shard.gone = true
  if (shard.incarnation !== incarnation) losePosition(turn, shard, { kind: 'recreated', incarnation, message: '' })
  cancelAll(turn, 'read')
}

/** Positions of an earlier life mean nothing in this one; a window that was open then is closed with what it has. */
export function beginLife(shard: ShardState, incarnation: string): void {
  shard.incarnation = incarnation
  shard.life += 1
  shard.watermark = null
  shard.watermarkArrivedMs = null
  shard.readUpToMs = null
  shard.skips = []
  shard.skippingTo = null
  shard.dirty = true
  // One that is being ended early goes on for the rest of its batch, and closes when its time has come.
  if (shard.window?.phase === 'open') shard.window.phase = 'closing'
}

export function unresolvedOf(shard: ShardState): readonly Held[] {
  return shard.entries.filter((one): one is Held => one.stage !== 'done')
}
