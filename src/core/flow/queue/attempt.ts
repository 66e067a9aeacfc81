import type { Outcome } from '../../../model/invocation.ts'
import { backoffMs, pauseAskedMs } from '../../backoff.ts'
import { assert } from '../../assertion.ts'
import { askPermit, invoke, isWithin, startFlight, tellFailure, unitOf, pause, withdraw } from '../flight.ts'
import type { NextStep } from '../messages.ts'
import { type Flight, type Held, type Pending, type Turn, type Unit, recordsOf } from '../state.ts'
import { fitsAlone } from '../../batch-size.ts'
import { earliest } from '../../pace.ts'
import { lockGroups } from './groups.ts'
import { cutExpired, cutWornOut, endUnsettled, release, settle } from './ledger.ts'
import { owesAttempts } from './drain.ts'
import { outageReasonOf, park, sufferOutage, surviveOutage } from './outage.ts'
import { regroup } from './reader.ts'
import type { QueueState } from './state.ts'
import { isRunOut } from './receipt.ts'
import { scaleOnSuccess, scaleOnTrouble } from './scale.ts'

/**
 * Attempts of a queue's batch. A failure leaves the messages to their visibility: the queue counts the tries and redrives.
 * Only an attempt that never ran is made again with the same receipts, until shortly before they run out (behaviour §2.3).
 */

/** Answers with the flight's id; it may be over already. */
export function startQueueFlight(turn: Turn, queue: QueueState, held: readonly Held[]): number {
  lockGroups(turn, queue, held)
  const flight = startFlight(turn, held, { slot: 0, final: false })
  tryQueueBatch(turn, queue, flight)
  return flight.id
}

/** Cuts out of a batch that only waits what ran out meanwhile. */
export function dropExpiredFlight(turn: Turn, queue: QueueState, flight: Flight): void {
  const unit = unitOf(flight)
  const left = cutExpired(turn, queue, unit.held)
  if (left.length === 0) turn.state.flights.delete(flight.id)
  else if (left.length < unit.held.length) flight.units[flight.units.length - 1] = { ...unit, held: left }
}

/** Asks for a permit if anything of the batch is still ours to run. */
export function tryQueueBatch(turn: Turn, queue: QueueState, flight: Flight): void {
  if (prepare(turn, queue, flight)) askPermit(turn, flight)
}

export function onQueuePermitted(turn: Turn, queue: QueueState, flight: Flight, permit: number): void {
  const unit = mayStart(turn, queue, flight) ? prepare(turn, queue, flight) : null
  if (!unit) {
    turn.commands.push({ kind: 'giveBack', permit })
    return
  }
  assert(queue.outage === null || queue.outage.flight === flight.id, 'in an outage one batch tries the function')
  assert(!unit.held.some((one) => isRunOut(one, turn.env.receiptMonoMs)), 'what is invoked is still ours')
  invoke(turn, flight, { permit, unit, window: null, bytesMax: turn.config.batchBytesMax })
  flight.extendAtMs = turn.env.receiptMonoMs
}

/** Things may have changed while it waited for its permit: what does not start now waits, or goes back. */
function mayStart(turn: Turn, queue: QueueState, flight: Flight): boolean {
  if (turn.state.phase !== 'running' && !owesAttempts(turn, queue)) {
    dissolveQueueFlight(turn, queue, flight)
    return false
  }
  if (queue.outage === null || queue.outage.flight === flight.id) return true
  park(turn, flight)
  return false
}

/** Cuts out what expired, what is worn out, and what can never be sent; ends the flight when nothing is left. */
function prepare(turn: Turn, queue: QueueState, flight: Flight): Unit | null {
  const unit = unitOf(flight)
  const ours = cutExpired(turn, queue, unit.held)
  // A throttled batch is tried until its receipts run out (behaviour §2.3).
  const left = flight.notRunStreak > 0 ? ours : cutWornOut(turn, queue, ours)
  if (left.length === 0) {
    turn.state.flights.delete(flight.id)
    return null
  }
  const only = left.length === 1 ? left[0] : undefined
  if (only !== undefined && !fitsAlone(only.record, turn.config.batchBytesMax)) {
    turn.state.flights.delete(flight.id)
    tellFailure(turn, unit, { kind: 'oversize', bytes: only.record.bytes }, byVisibility(turn, left))
    endUnsettled(turn, queue, left)
    return null
  }
  const kept: Unit = left.length === unit.held.length ? unit : { ...unit, held: left }
  flight.units[flight.units.length - 1] = kept
  return kept
}

export function onQueueInvoked(
  turn: Turn,
  queue: QueueState,
  flight: Flight,
  { outcome, pending }: { readonly outcome: Outcome; readonly pending: Extract<Pending, { kind: 'invoke' }> },
): void {
  const unit = unitOf(flight)
  if (outcome.kind === 'notRun') return awaitAnother(turn, queue, flight, outcome)
  surviveOutage(turn, queue, flight)
  queue.longestRunMs = Math.max(queue.longestRunMs ?? 0, turn.env.receiptMonoMs - pending.sentMs)
  turn.state.flights.delete(flight.id)
  unit.attempts += 1
  switch (outcome.kind) {
    case 'succeeded':
      scaleOnSuccess(queue.scale, turn.config.scaling)
      return settle(turn, unit.held, 'succeeded')
    case 'partial': {
      scaleOnSuccess(queue.scale, turn.config.scaling)
      assert(isWithin(outcome.failed, unit.held.length), 'what failed is in the batch')
      const failed = new Set(outcome.failed)
      const kept = unit.held.filter((_, index) => failed.has(index))
      tellFailure(turn, unit, outcome, byVisibility(turn, kept))
      settle(
        turn,
        unit.held.filter((_, index) => !failed.has(index)),
        'succeeded',
      )
      return endUnsettled(turn, queue, kept)
    }
    case 'failed':
      scaleOnTrouble(queue.scale, turn.config.scaling, turn.env.monoMs)
      tellFailure(turn, unit, outcome, byVisibility(turn, unit.held))
      return endUnsettled(turn, queue, unit.held)
    default:
      return outcome satisfies never
  }
}

/** The same receipts wait for another try, as long as one can still come before they run out. */
function awaitAnother(
  turn: Turn,
  queue: QueueState,
  flight: Flight,
  outcome: Extract<Outcome, { kind: 'notRun' }>,
): void {
  const { state, config, env } = turn
  const unit = unitOf(flight)
  const reason = outageReasonOf(outcome)
  if (reason === null) surviveOutage(turn, queue, flight)
  if (state.phase !== 'running' && (reason !== null || !owesAttempts(turn, queue))) {
    tellFailure(turn, unit, outcome, { kind: 'drain' })
    // What waits would only be refused like this one.
    if (reason !== null) queue.starts = { untilMs: Number.NEGATIVE_INFINITY, stopMs: null }
    return dissolveQueueFlight(turn, queue, flight)
  }
  if (reason === null) scaleOnTrouble(queue.scale, config.scaling, env.monoMs)
  else sufferOutage(turn, queue, { flight, unit, outcome, reason })
  if (flight.dissolving) {
    if (reason === null) tellFailure(turn, unit, outcome, { kind: 'retry', inMs: 0 })
    state.flights.delete(flight.id)
    return regroup(turn, queue, withdraw(turn, flight))
  }
  if (reason !== null) return
  flight.notRunStreak += 1
  const inMs = pauseAskedMs(outcome.retryAfterMs, backoffMs(flight.notRunStreak, config.throttleBackoff, env.jitter))
  if (unit.held.every((one) => isRunOut(one, env.receiptMonoMs + inMs))) {
    tellFailure(turn, unit, outcome, byVisibility(turn, unit.held))
    state.flights.delete(flight.id)
    turn.commands.push({ kind: 'dropped', records: recordsOf(unit.held), reason: 'visibility' })
    return endUnsettled(turn, queue, unit.held)
  }
  tellFailure(turn, unit, outcome, { kind: 'retry', inMs })
  pause(turn, flight, inMs)
}

/** The queue makes the next try, when it shows the first of them again. */
function byVisibility(turn: Turn, held: readonly Held[]): NextStep {
  const shownMs = earliest(held.map(({ receipt }) => receipt.shownMs)) ?? turn.env.receiptMonoMs
  return { kind: 'visibility', inMs: Math.max(0, Math.round(shownMs - turn.env.receiptMonoMs)) }
}

/** The flow ends: what has not been invoked goes back to the queue. */
export function dissolveQueueFlight(turn: Turn, queue: QueueState, flight: Flight): void {
  const held = withdraw(turn, flight)
  turn.state.flights.delete(flight.id)
  release(turn, queue, held)
}
