import { withdraw } from '../flight.ts'
import { type Flight, type FlowState, type Held, type Turn, letGo } from '../state.ts'
import type { FlowEvent } from '../messages.ts'
import { dissolveQueueFlight, dropExpiredFlight, startQueueFlight, tryQueueBatch } from './attempt.ts'
import { owesAttempts, startsOf, startsUntilMs } from './drain.ts'
import { release, retryUnsettled } from './ledger.ts'
import { cancelLooks, look, mayTry, outageMoments } from './outage.ts'
import { dropExpired, gatherDueMs, nextBatch, receive, receiveOne, regroup } from './reader.ts'
import type { Outage, QueueState } from './state.ts'
import { flightsAllowed, nextRampMs, scaleOnBusy } from './scale.ts'

/** Puts the parts of a queue's flow together: what is due is done, and the earliest later moment is named. */

/** A queue has nothing to load; one whose function could not be reached says so, since no attempt will. */
export function openQueue({ commands }: Turn, { outage }: QueueState): void {
  if (outage !== null) commands.push({ kind: 'functionTrouble', trouble: outage.reason, message: 'no connection' })
}

export function pumpQueue(turn: Turn, queue: QueueState): void {
  retryUnsettled(turn, queue)
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

export function reconfigureQueue(turn: Turn, queue: QueueState): void {
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

export function drainQueue(turn: Turn, queue: QueueState, event: Extract<FlowEvent, { kind: 'draining' }>): void {
  const starts = startsOf({ ...event, nowMs: turn.env.monoMs })
  if (turn.state.phase === 'draining') {
    // A disabled mapping may be stopped before it is done.
    queue.starts = { untilMs: Math.min(queue.starts.untilMs, starts.untilMs), stopMs: starts.stopMs }
    return
  }
  queue.lostReads = []
  queue.starts = starts
  cancelLooks(turn)
}

/** Whether messages are in hand that wait for their attempt or their acknowledgement. */
export function isQueueOwed({ flights }: FlowState, { unsettled, ready, gathering }: QueueState): boolean {
  return unsettled.length + ready.length + gathering.length + flights.size > 0
}

/** Somebody else owns the flow: everything is dropped, nothing is said to the source. */
export function forsakeQueue(turn: Turn, queue: QueueState): void {
  const flying = [...turn.state.flights.values()].flatMap((flight) => takeBack(turn, flight))
  const unsettled = queue.unsettled.map((one) => one.held)
  for (const one of [...queue.ready.flat(), ...queue.gathering, ...flying, ...unsettled]) letGo(turn.state, one)
  Object.assign(queue, { ready: [], gathering: [], lostReads: [], unsettled: [] })
  cancelLooks(turn)
  queue.lockedGroups.clear()
}

/** The moments at which something is to be done although nothing happens. */
export function queueMoments(turn: Turn, queue: QueueState): number[] {
  const { state, config, env } = turn
  const moments = queue.unsettled.map((one) => one.dueMs)
  const waits = state.phase === 'running' ? queue.outage : null
  if (waits !== null) return [...moments, ...outageMoments(turn, waits), state.pace.nextMs]
  for (const flight of state.flights.values()) if (flight.phase === 'waiting') moments.push(flight.dueMs)
  // The moment after it is the one at which nothing more may start.
  if (state.phase !== 'running') return [...moments, startsUntilMs(config, queue) + 1]
  moments.push(state.pace.nextMs)
  const full = state.flights.size >= allowed(turn, queue)
  const next = full ? nextRampMs(queue.scale, config.scaling, env.monoMs) : gatherDueMs(config, queue)
  if (next !== null) moments.push(next)
  return moments
}
