import { withdraw } from './flight.ts'
import type { Flight, Held, Turn } from './flow-state.ts'
import { letGo } from './flow-state.ts'
import { dissolveQueueFlight, startQueueFlight, tryQueueBatch } from './queue-attempt.ts'
import { release, retryUnsettled } from './queue-ledger.ts'
import { gatherDueMs, nextBatch, receive, regroup } from './queue-reader.ts'
import type { QueueState } from './queue-state.ts'
import { flightsAllowed, nextRampMs, scaleOnBusy } from './scale.ts'

/** Puts the parts of a queue's flow together: what is due is done, and the earliest later moment is named. */

export function pumpQueue(turn: Turn, queue: QueueState): void {
  retryUnsettled(turn, queue)
  if (turn.state.phase !== 'running') return
  for (const flight of turn.state.flights.values()) {
    if (flight.phase === 'waiting' && flight.dueMs <= turn.env.monoMs) tryQueueBatch(turn, queue, flight)
  }
  fly(turn, queue)
  if (isBusy(turn, queue)) {
    scaleOnBusy(queue.scale, turn.config.scaling, turn.env.monoMs)
    fly(turn, queue)
  }
  receive(turn, queue)
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

export function drainQueue(turn: Turn, queue: QueueState): void {
  const waiting = [...queue.ready.flat(), ...queue.gathering]
  queue.ready = []
  queue.gathering = []
  queue.lostReads = []
  release(turn, queue, waiting)
  for (const flight of turn.state.flights.values()) {
    if (flight.phase !== 'invoking') dissolveQueueFlight(turn, queue, flight)
  }
}

/** Somebody else owns the flow: everything is dropped, nothing is said to the source. */
export function forsakeQueue(turn: Turn, queue: QueueState): void {
  const flying = [...turn.state.flights.values()].flatMap((flight) => takeBack(turn, flight))
  const unsettled = queue.unsettled.map((one) => one.held)
  for (const one of [...queue.ready.flat(), ...queue.gathering, ...flying, ...unsettled]) letGo(turn.state, one)
  Object.assign(queue, { ready: [], gathering: [], lostReads: [], unsettled: [] })
  queue.lockedGroups.clear()
}

/** The moments at which something is to be done although nothing happens. */
export function queueMoments(turn: Turn, queue: QueueState): number[] {
  const { state, config, env } = turn
  const moments = queue.unsettled.map((one) => one.dueMs)
  if (state.phase !== 'running') return moments
  moments.push(state.pace.nextMs)
  for (const flight of state.flights.values()) if (flight.phase === 'waiting') moments.push(flight.dueMs)
  const full = state.flights.size >= allowed(turn, queue)
  const next = full ? nextRampMs(queue.scale, config.scaling, env.monoMs) : gatherDueMs(config, queue)
  if (next !== null) moments.push(next)
  return moments
}
