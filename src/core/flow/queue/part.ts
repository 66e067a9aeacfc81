import { assert } from '../../assertion.ts'
import { withdraw } from '../flight.ts'
import type { FlowEvent } from '../messages.ts'
import type { OwnAnswer, PartHandlers } from '../part.ts'
import { type Flight, type FlowState, type Held, type Pending, type Turn, cancelAll, expect, letGo } from '../state.ts'
import {
  dissolveQueueFlight,
  dropExpiredFlight,
  onQueueInvoked,
  onQueuePermitted,
  startQueueFlight,
  tryQueueBatch,
} from './attempt.ts'
import { owesAttempts, startsOf, startsUntilMs } from './drain.ts'
import { addExtensionMoments, extendDue, onExtended } from './extension.ts'
import { onSettled, release, retryUnsettled } from './ledger.ts'
import { look, mayTry, onLooked, outageEnds, outageMoments } from './outage.ts'
import {
  dropExpired,
  gatherDueMs,
  nextBatch,
  onReceived,
  onUnreceived,
  receive,
  receiveOne,
  regroup,
} from './reader.ts'
import type { Outage, QueueState } from './state.ts'
import { flightsAllowed, nextRampMs, scaleOnBusy } from './scale.ts'

/** Puts the parts of a queue's flow together: what is due is done, and the earliest later moment is named. */

export const queueHandlers: PartHandlers<QueueState> = {
  open,
  onRead: onReceived,
  onUnread: onUnreceived,
  onPermitted: onQueuePermitted,
  onInvoked: onQueueInvoked,
  onAnswered,
  lose: () => assert(false, 'a queue was told that its shard is gone'),
  reconfigure,
  drain,
  forsake,
  pump,
  isOwed,
  isFinished: () => false,
  moments,
  receiptMoments,
}

/** A queue has nothing to load; one whose function could not be reached says so, since no attempt will. */
function open({ commands }: Turn, { outage }: QueueState): void {
  if (outage !== null) commands.push({ kind: 'functionTrouble', trouble: outage.reason, message: 'no connection' })
}

function onAnswered(turn: Turn, queue: QueueState, pending: Pending, event: OwnAnswer): void {
  switch (event.kind) {
    case 'settled':
      return onSettled(turn, queue, expect(pending, 'settle'), event)
    case 'released':
      expect(pending, 'release')
      return
    case 'extended':
      return onExtended(turn, queue, expect(pending, 'extend'), event)
    case 'looked':
      expect(pending, 'look')
      return onLooked(turn, queue, event.answer)
    case 'discarded':
    case 'checkpointed':
      return assert(false, `a queue was answered as a shard: ${event.kind}`)
    default:
      return event satisfies never
  }
}

function pump(turn: Turn, queue: QueueState): void {
  retryUnsettled(turn, queue)
  extendDue(turn)
  if (turn.state.phase !== 'running') return pumpDraining(turn, queue)
  if (queue.outage !== null) return pumpOutage(turn, queue, queue.outage)
  tryWaiting(turn, queue)
  fly(turn, queue)
  if (isBusy(turn, queue)) {
    scaleOnBusy(queue.scale, turn.config.scaling, turn.env.monoMs)
    fly(turn, queue)
  }
  receive(turn, queue)
}

function tryWaiting(turn: Turn, queue: QueueState): void {
  for (const flight of turn.state.flights.values()) {
    if (flight.phase === 'waiting' && flight.dueMs <= turn.env.monoMs) tryQueueBatch(turn, queue, flight)
  }
}

/** Nothing starts but the one batch that tries whether the function can be invoked again. */
function pumpOutage(turn: Turn, queue: QueueState, outage: Outage): void {
  dropExpired(turn, queue)
  for (const flight of turn.state.flights.values()) {
    if (flight.phase === 'waiting') dropExpiredFlight(turn, queue, flight)
  }
  look(turn, outage)
  if (!mayTry(turn, outage)) return
  for (const flight of turn.state.flights.values()) {
    if (flight.phase !== 'waiting' || flight.dueMs > turn.env.monoMs) continue
    outage.flight = flight.id
    tryQueueBatch(turn, queue, flight)
    if (turn.state.flights.has(flight.id)) return
  }
  for (let batch = nextBatch(turn, queue); batch !== null; batch = nextBatch(turn, queue)) {
    outage.flight = startQueueFlight(turn, queue, batch)
    if (turn.state.flights.has(outage.flight)) return
  }
  outage.flight = null
  receiveOne(turn, queue)
}

/** No read; what was received is tried as long as there is time, the rest goes back to the queue. */
function pumpDraining(turn: Turn, queue: QueueState): void {
  if (owesAttempts(turn, queue)) {
    tryWaiting(turn, queue)
    fly(turn, queue)
    return
  }
  const waiting = [...queue.ready.flat(), ...queue.gathering]
  queue.ready = []
  queue.gathering = []
  release(turn, queue, waiting)
  for (const flight of turn.state.flights.values()) {
    if (flight.phase === 'waiting' || flight.phase === 'permit') dissolveQueueFlight(turn, queue, flight)
  }
}

function fly(turn: Turn, queue: QueueState): void {
  while (turn.state.flights.size < allowed(turn, queue)) {
    const batch = nextBatch(turn, queue)
    if (batch === null) return
    startQueueFlight(turn, queue, batch)
  }
}

function allowed(turn: Turn, queue: QueueState): number {
  return flightsAllowed(queue.scale, turn.config.scaling, turn.env.monoMs)
}

/** Every flight is with the function, none waits for a permit, and the queue has more. */
function isBusy(turn: Turn, queue: QueueState): boolean {
  if (!queue.backlog || turn.state.flights.size < allowed(turn, queue)) return false
  for (const flight of turn.state.flights.values()) if (flight.phase !== 'invoking') return false
  return true
}

function reconfigure(turn: Turn, queue: QueueState): void {
  // A queue that is draining still makes the attempts that it owes.
  if (turn.state.phase === 'opening') return
  const returned: Held[] = []
  for (const flight of turn.state.flights.values()) {
    if (flight.phase === 'invoking') flight.dissolving = true
    else returned.push(...takeBack(turn, flight))
  }
  regroup(turn, queue, returned)
}

function takeBack(turn: Turn, flight: Flight): readonly Held[] {
  turn.state.flights.delete(flight.id)
  return withdraw(turn, flight)
}

function drain(turn: Turn, queue: QueueState, event: Extract<FlowEvent, { kind: 'draining' }>, again: boolean): void {
  const starts = startsOf({ ...event, nowMs: turn.env.receiptMonoMs })
  if (again) {
    // A disabled mapping may be stopped before it is done.
    queue.starts = { untilMs: Math.min(queue.starts.untilMs, starts.untilMs), stopMs: starts.stopMs }
    return
  }
  queue.lostReads = []
  queue.starts = starts
  cancelAll(turn, 'look')
  cancelAll(turn, 'read')
}

/** Whether messages are in hand that wait for their attempt or their acknowledgement. */
function isOwed({ flights }: FlowState, { unsettled, ready, gathering }: QueueState): boolean {
  return unsettled.length + ready.length + gathering.length + flights.size > 0
}

function forsake(turn: Turn, queue: QueueState): void {
  const flying = [...turn.state.flights.values()].flatMap((flight) => takeBack(turn, flight))
  const unsettled = queue.unsettled.map((one) => one.held)
  for (const one of [...queue.ready.flat(), ...queue.gathering, ...flying, ...unsettled]) letGo(turn.state, one)
  Object.assign(queue, { ready: [], gathering: [], lostReads: [], unsettled: [], unreleased: [] })
  cancelAll(turn, 'look')
  queue.lockedGroups.clear()
}

function moments(turn: Turn, queue: QueueState): number[] {
  const { state, config, env } = turn
  const due = queue.unsettled.map((one) => one.dueMs)
  const waits = state.phase === 'running' ? queue.outage : null
  if (waits !== null) return [...due, ...outageMoments(turn, waits), state.pace.nextMs]
  for (const flight of state.flights.values()) if (flight.phase === 'waiting') due.push(flight.dueMs)
  if (state.phase !== 'running') return due
  due.push(state.pace.nextMs)
  const full = state.flights.size >= allowed(turn, queue)
  const next = full ? nextRampMs(queue.scale, config.scaling, env.monoMs) : gatherDueMs(config, queue)
  if (next !== null) due.push(next)
  return due
}

function receiptMoments(turn: Turn, queue: QueueState): readonly number[] {
  // The moment after it is the one at which nothing more may start.
  const { state, config } = turn
  const due = state.phase === 'draining' ? [startsUntilMs(config, queue) + 1] : []
  if (state.phase === 'running' && queue.outage !== null) due.push(...outageEnds(turn))
  addExtensionMoments(due, turn)
  return due
}
