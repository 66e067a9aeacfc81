import { assert } from '../../assertion.ts'
import type { FlowConfig } from '../config.ts'
import type { ReadOutcome } from '../messages.ts'
import type { Unread } from '../part.ts'
import { type Held, type Pending, type Turn, ask, hold, sift } from '../state.ts'
import { paceAfterPage } from '../../pace.ts'
import { isPressed, readBytes, recordsInRoom } from '../room.ts'
import { type BatchLimits, batchLength, isFull } from '../../batch-size.ts'
import { owesAttempts } from './drain.ts'
import { takeFree, unlockGroup } from './groups.ts'
import { cutExpired, forgetEnded, release, settle } from './ledger.ts'
import type { QueueState } from './state.ts'
import { canReceiveAhead, createReceipt, isRunOut } from './receipt.ts'
import { flightsAllowed, scaleOnIdle, scaleReceives } from './scale.ts'

/** Decides the receives of a queue, and which of the messages held make the next batch. */

/** SQS answers a repeated ReceiveRequestAttemptId with the same messages for this long (behaviour §13.6). */
const attemptIdMs = 300_000

function limitsOf(config: FlowConfig): BatchLimits {
  return { records: config.batchSize, bytes: config.batchBytesMax }
}

/** Asks for as many receives as the scale wants and the room for their messages allows. */
export function receive(turn: Turn, queue: QueueState): void {
  const { state, config, env } = turn
  const receivesMax = Math.min(queue.scale.receives, config.scaling.receivesMax)
  if (state.pace.nextMs > env.monoMs) return
  for (let out = outstandingReads(turn); out.receives < receivesMax; out = outstandingReads(turn)) {
    const recordsMax = recordsOfNextRead(turn, queue, out)
    if (recordsMax === 0) return
    askRead(turn, queue, recordsMax)
  }
}

/** The one message by which a function is tried that may not be there (SPEC §2, Outage). */
export function receiveOne(turn: Turn, queue: QueueState): void {
  if (turn.state.pace.nextMs <= turn.env.monoMs && outstandingReads(turn).receives === 0) askRead(turn, queue, 1)
}

function askRead(turn: Turn, queue: QueueState, recordsMax: number): void {
  const { config, env } = turn
  const { outage } = queue
  assert(
    outage === null || (outage.phase === 'trying' && recordsMax === 1),
    'in an outage one message is received, after a look',
  )
  const visibilityMs = config.receiveVisibilityMs
  const lost = queue.lostReads.shift()
  const repeats = lost !== undefined && env.receiptMonoMs - lost.sinceMs < attemptIdMs ? lost : null
  ask(
    turn,
    {
      kind: 'read',
      recordsMax,
      waitMs: config.traits.readWaitMs,
      visibilityMs,
      from: null,
      repeats: repeats?.id ?? null,
    },
    {
      kind: 'read',
      recordsMax,
      bytes: readBytes(turn, recordsMax),
      visibilityMs,
      sentMs: env.receiptMonoMs,
      attemptSinceMs: repeats?.sinceMs ?? env.receiptMonoMs,
    },
  )
}

interface ReadsOut {
  readonly receives: number
  readonly records: number
  /** What they may bring where every receive makes batches of its own. */
  readonly batches: number
}

function outstandingReads({ state, config }: Turn): ReadsOut {
  let receives = 0
  let records = 0
  let batches = 0
  for (const pending of state.pending.values()) {
    if (pending.kind !== 'read') continue
    receives += 1
    records += pending.recordsMax
    batches += Math.ceil(pending.recordsMax / config.batchSize)
  }
  return { receives, records, batches }
}

/**
 * Never more is held than can be invoked at once plus one batch being gathered, and that one only where its receipts last as long.
 * A receive counts with all it may bring from the moment it is sent. 0: there is no room.
 */
function recordsOfNextRead(turn: Turn, queue: QueueState, out: ReadsOut): number {
  return recordsInRoom(turn, recordsWanted(turn, queue, out))
}

function recordsWanted(turn: Turn, queue: QueueState, out: ReadsOut): number {
  const { state, config, env } = turn
  const { readRecordsMax, ordered } = config.traits
  const one = Math.min(readRecordsMax, config.batchSize)
  if (state.heldRecords >= config.heldRecordsMax) return 0
  const flights = flightsAllowed(queue.scale, config.scaling, env.monoMs)
  const ahead = canReceiveAhead(config, queue) ? 1 : 0
  // Whoever waits for a permit is ahead of the flights.
  if (ahead === 0 && isAnyWaitingForPermit(turn)) return 0
  const room = flights + ahead - state.flights.size - queue.ready.length
  if (config.windowMs > 0) {
    // What is being gathered is no batch ahead: as long as it is not full, it is filled up.
    return Math.max(0, Math.min(one, room * config.batchSize - queue.gathering.length - out.records))
  }
  if (out.batches >= room) return 0
  // Small batches that can start at once share a receive. Messages of one group would wait for each other, out of sight of others.
  const shared = ordered === 'group' ? 1 : Math.max(1, Math.floor(readRecordsMax / config.batchSize))
  return one * Math.min(shared, room - out.batches)
}

function isAnyWaitingForPermit({ state }: Turn): boolean {
  for (const flight of state.flights.values()) if (flight.phase === 'permit') return true
  return false
}

function isOverfull(turn: Turn): boolean {
  const { state, config } = turn
  return isPressed(turn) || state.heldRecords >= config.heldRecordsMax
}

export function onReceived(
  turn: Turn,
  queue: QueueState,
  {
    pending,
    result,
  }: {
    readonly pending: Extract<Pending, { kind: 'read' }>
    readonly result: Extract<ReadOutcome, { kind: 'records' }>
  },
): void {
  const { state, config, env } = turn
  // A queue paces itself by its long poll; an empty answer that came at once must not make a tight loop.
  const early = result.records.length === 0 && env.receiptMonoMs - pending.sentMs < config.pace.tipMsMax
  paceAfterPage(state.pace, config.pace, { count: result.records.length, tip: early }, env.monoMs)
  scaleReceives(queue.scale, config.scaling, { count: result.records.length, asked: pending.recordsMax })
  queue.backlog = result.records.length >= pending.recordsMax
  if (result.records.length === 0) scaleOnIdle(queue.scale, state.flights.size)
  // An update while the receive was out does not change how long the queue hides what it brings.
  const visibilityMs = pending.visibilityMs ?? config.visibilityMs
  const asked = { askedMs: pending.attemptSinceMs, receivedMs: env.receiptMonoMs, visibilityMs }
  const held = result.records.map((record) => hold(turn, record, createReceipt(asked), 0))
  for (const { id } of result.records) queue.hidden.delete(id)
  // What came back while the flow is ending, and too late to be tried, goes straight back.
  if (state.phase !== 'running' && !owesAttempts(turn, queue)) return release(turn, queue, held)
  settle(
    turn,
    held.filter((one) => !one.record.matched),
    'filtered',
  )
  const matched = held.filter((one) => one.record.matched)
  if (config.windowMs > 0) queue.gathering.push(...matched)
  else queue.ready.push(...chunk(matched, limitsOf(config)))
}

/** Only a reply that was lost is asked for again by name; after a throttle the queue wants a new one (behaviour §13.6). */
export function onUnreceived(_turn: Turn, queue: QueueState, { id, pending, result }: Unread): void {
  queue.scale.receives = 1
  if (result.kind === 'failed') queue.lostReads.push({ id, sinceMs: pending.attemptSinceMs })
}

function chunk(held: readonly Held[], limits: BatchLimits): Held[][] {
  const batches: Held[][] = []
  for (let start = 0; start < held.length;) {
    const length = batchLength(held, start, limits)
    batches.push(held.slice(start, start + length))
    start += length
  }
  return batches
}

/** The next batch that may start now, taken out of the waiting lists; null when none may. */
export function nextBatch(turn: Turn, queue: QueueState): readonly Held[] | null {
  dropExpired(turn, queue)
  return takeFree(queue) ?? takeGathered(turn, queue)
}

function takeGathered(turn: Turn, queue: QueueState): readonly Held[] | null {
  if (queue.gathering.length === 0 || !isGatherDue(turn, queue)) return null
  return queue.gathering.splice(0, batchLength(queue.gathering, 0, limitsOf(turn.config)))
}

function isGatherDue(turn: Turn, queue: QueueState): boolean {
  const dueMs = gatherDueMs(turn.config, queue)
  return (
    isOverfull(turn) ||
    turn.state.phase !== 'running' ||
    queue.outage !== null ||
    (dueMs !== null && dueMs <= turn.env.monoMs) ||
    isFull(queue.gathering, 0, limitsOf(turn.config))
  )
}

/** The window of a queue starts at the first gathered record. */
export function gatherDueMs(config: FlowConfig, queue: QueueState): number | null {
  const first = queue.gathering[0]
  return first === undefined ? null : first.readMs + config.windowMs
}

/** Messages whose visibility ran out while they waited for a flight belong to the queue again. */
export function dropExpired(turn: Turn, queue: QueueState): void {
  const waiting = [...queue.ready.map((batch) => batch[0]), queue.gathering[0]]
  if (!waiting.some((one) => one !== undefined && isRunOut(one, turn.env.receiptMonoMs))) return
  cutExpired(turn, queue, [...queue.ready.flat(), ...queue.gathering])
  forgetEnded(queue)
}

/** New batch size, window or filter: what waits is laid out again under the new values, in the order it came. */
export function regroup(turn: Turn, queue: QueueState, returned: readonly Held[]): void {
  const waiting = [...returned, ...queue.ready.flat(), ...queue.gathering]
  for (const one of waiting) {
    one.stage = 'held'
    unlockGroup(queue, one)
  }
  const { kept, out } = sift(turn, waiting)
  settle(turn, out, 'filtered')
  queue.gathering = turn.config.windowMs > 0 ? kept : []
  queue.ready = turn.config.windowMs > 0 ? [] : chunk(kept, limitsOf(turn.config))
}
