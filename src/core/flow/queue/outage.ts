import type { FunctionLook, Outcome } from '../../../model/invocation.ts'
import { tellFailure, waitUntil } from '../flight.ts'
import { type Flight, type Turn, type Unit, ask, cancelAll } from '../state.ts'
import type { Outage, OutageReason, QueueState } from './state.ts'

/**
 * The time in which a queue's function cannot be invoked at all:
 *
 *   attempt refused ──▶ waiting ──due──▶ looking ──it answers, or nobody can tell──▶ trying ──not refused──▶ over
 *                          ▲                └──no──▶ waiting                            │
 *                          └─────────────────────────refused───────────────────────────┘
 *
 * Nothing is received meanwhile: each receive of a message that nothing can run leads it towards the dead-letter queue.
 */

/** Looks cost the source nothing, so that the first message after the function is back does not wait. */
const lookMs = { first: 250, most: 2_000 }
/** A try by a message that may cost it a receive. */
const tryMs = { first: 1_000, most: 30_000 }

type NotRun = Extract<Outcome, { kind: 'notRun' }>

/** Refusals that hold for every batch alike, until somebody acts. A throttle or an error of the endpoint is none. */
export function outageReasonOf({ reason }: NotRun): OutageReason | null {
  return reason === 'throttled' || reason === 'unavailable' ? null : reason
}

/** The attempt was refused: its batch is held, and nothing more is received or tried. */
export function sufferOutage(
  turn: Turn,
  queue: QueueState,
  refused: { readonly flight: Flight; readonly unit: Unit; readonly outcome: NotRun; readonly reason: OutageReason },
): void {
  const { flight, unit, outcome, reason } = refused
  tellFailure(turn, unit, outcome, { kind: 'answer' })
  park(turn, flight)
  const { outage } = queue
  // Attempts that were out already when another one was refused say nothing new.
  if (outage !== null && outage.flight !== flight.id) return
  if (outage?.reason !== reason) {
    turn.commands.push({ kind: 'functionTrouble', trouble: reason, message: outcome.message })
  }
  cancelAll(turn, 'read')
  const nextMs = turn.env.monoMs + lookMs.first
  const refusals = (outage?.refusals ?? 0) + 1
  queue.outage = { reason, phase: 'waiting', looks: 0, refusals, refusedMs: turn.env.monoMs, nextMs, flight: null }
}

/** It is due as soon as the outage is over; what runs out meanwhile is cut out of it. */
export function park(turn: Turn, flight: Flight): void {
  waitUntil(flight, turn.env.monoMs)
}

/** The function took the attempt, however it went on. */
export function surviveOutage(turn: Turn, queue: QueueState, flight: Flight): void {
  if (queue.outage === null || queue.outage.flight !== flight.id) return
  queue.outage = null
  turn.commands.push({ kind: 'functionHealthy' })
}

export function onLooked(turn: Turn, queue: QueueState, answer: FunctionLook): void {
  const { outage } = queue
  if (outage === null || outage.phase !== 'looking') return
  if (saysNo(outage.reason, answer)) {
    outage.looks += 1
    outage.phase = 'waiting'
    outage.nextMs = turn.env.monoMs + doubled(lookMs, outage.looks)
    return
  }
  outage.phase = 'trying'
  // A look that was contradicted by the attempt after it tells no more than one that knows nothing.
  const isBelieved = saysYes(outage.reason, answer) && outage.refusals <= 1
  outage.nextMs = isBelieved ? turn.env.monoMs : outage.refusedMs + doubled(tryMs, Math.max(0, outage.refusals - 1))
}

/** Asks for the look that is due. */
export function look(turn: Turn, outage: Outage): void {
  if (outage.phase !== 'waiting' || outage.nextMs > turn.env.monoMs) return
  outage.phase = 'looking'
  ask(turn, { kind: 'look' }, { kind: 'look' })
}

/** A batch may try the function now, and none does. */
export function mayTry(turn: Turn, outage: Outage): boolean {
  if (outage.flight !== null && !turn.state.flights.has(outage.flight)) outage.flight = null
  return outage.phase === 'trying' && outage.nextMs <= turn.env.monoMs && outage.flight === null
}

export function outageMoments(turn: Turn, { phase, nextMs }: Outage): readonly number[] {
  return [...(phase === 'looking' ? [] : [nextMs]), ...waitingFlights(turn).map(({ dueMs }) => dueMs)]
}

/** Of what is held, each receipt that runs out: by the clock of receipts. */
export function outageEnds(turn: Turn): readonly number[] {
  return waitingFlights(turn).flatMap(({ units }) =>
    units.flatMap(({ held }) => held.map(({ receipt }) => receipt.expiresMs)),
  )
}

function waitingFlights({ state }: Turn): readonly Flight[] {
  return [...state.flights.values()].filter((flight) => flight.phase === 'waiting')
}

function saysNo(reason: OutageReason, answer: FunctionLook): boolean {
  // An endpoint that answers at all can be reached again, whatever it says of the function.
  return answer === 'unreachable' || (answer === 'missing' && reason !== 'unreachable')
}

/** Who may look at a function may still not be allowed to invoke it. */
function saysYes(reason: OutageReason, answer: FunctionLook): boolean {
  return reason !== 'denied' && (answer === 'answers' || (answer === 'missing' && reason === 'unreachable'))
}

function doubled({ first, most }: { readonly first: number; readonly most: number }, times: number): number {
  return Math.min(most, first * 2 ** Math.min(times, 30))
}
