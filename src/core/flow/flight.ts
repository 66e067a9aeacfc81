import type { Outcome } from '../../model/invocation.ts'
import type { NextStep } from './messages.ts'
import { type Flight, type Held, type Turn, type Unit, ask, recordsOf } from './state.ts'

/**
 * One batch on its way:
 *
 *   permit ──permitted──▶ invoking ──invoked──▶ (next unit: permit) | waiting ──due──▶ permit | landing ──▶ gone
 *
 * A permit covers one attempt; a flight that waits holds none. What an outcome means for the records is the ledger's business:
 * `flow/queue/attempt.ts` and `flow/shard/attempt.ts`.
 */

export function startFlight(turn: Turn, held: readonly Held[], place: { slot: number; final: boolean }): Flight {
  const flight: Flight = {
    id: turn.state.nextId++,
    slot: place.slot,
    phase: 'waiting',
    units: [createUnit(turn, held, place.final)],
    dueMs: turn.env.monoMs,
    notRunStreak: 0,
    discards: 0,
    dissolving: false,
  }
  for (const one of held) one.stage = 'flying'
  turn.state.flights.set(flight.id, flight)
  return flight
}

export function createUnit({ env }: Turn, held: readonly Held[], final = false): Unit {
  return { held, attempts: 0, lastReply: null, final, sinceMs: env.monoMs }
}

export function currentUnit(flight: Flight): Unit | null {
  return flight.units.at(-1) ?? null
}

export function askPermit(turn: Turn, flight: Flight): void {
  flight.phase = 'permit'
  ask(turn, { kind: 'permit' }, { kind: 'permit', flight: flight.id })
}

export function waitUntil(flight: Flight, dueMs: number): void {
  flight.phase = 'waiting'
  flight.dueMs = dueMs
}

/** Gives up the wish for a permit; whatever the shell answers is handed back. Answers with the flight's records. */
export function withdraw(turn: Turn, flight: Flight): readonly Held[] {
  for (const [id, pending] of turn.state.pending) {
    if (pending.kind !== 'permit' || pending.flight !== flight.id) continue
    pending.flight = null
    turn.commands.push({ kind: 'cancel', id })
  }
  const held = flight.units
    .toReversed()
    .flatMap((unit) => unit.held)
    .filter((one) => one.stage !== 'done')
  flight.units.length = 0
  return held
}

export function tellFailure(
  turn: Turn,
  unit: Unit,
  outcome: Exclude<Outcome, { kind: 'succeeded' }> | { readonly kind: 'oversize'; readonly bytes: number },
  next: NextStep,
): void {
  turn.commands.push({
    kind: 'attemptFailed',
    records: recordsOf(unit.held),
    attempt: outcome.kind === 'notRun' ? unit.attempts + 1 : Math.max(unit.attempts, 1),
    outcome,
    next,
  })
}
