import type { Outcome, WindowFrame } from '../../model/invocation.ts'
import { assert } from '../assertion.ts'
import { batchLength } from '../batch-size.ts'
import type { NextStep } from './messages.ts'
import { eventBytes } from './room.ts'
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
    extendAtMs: Number.POSITIVE_INFINITY,
    notRunStreak: 0,
    discards: 0,
    dissolving: false,
  }
  for (const one of held) {
    assert(one.stage === 'held', 'a record is in one batch at a time')
    one.stage = 'flying'
  }
  turn.state.flights.set(flight.id, flight)
  return flight
}

export function createUnit({ env }: Turn, held: readonly Held[], final = false): Unit {
  return { held, attempts: 0, lastReply: null, final, sinceMs: env.monoMs }
}

export function currentUnit(flight: Flight): Unit | null {
  return flight.units.at(-1) ?? null
}

/** The unit of a flight that is on its way: only one that has landed, or waits for its discards, has none. */
export function unitOf(flight: Flight): Unit {
  const unit = currentUnit(flight)
  assert(unit !== null, 'a flight on its way has a unit')
  return unit
}

export function askPermit(turn: Turn, flight: Flight): void {
  assert(flight.phase !== 'permit', 'a flight asks for one permit at a time')
  flight.phase = 'permit'
  ask(turn, { kind: 'permit' }, { kind: 'permit', flight: flight.id })
}

/** Uses the permit: the attempt is out from now on. */
export function invoke(
  turn: Turn,
  flight: Flight,
  {
    permit,
    unit,
    window,
    bytesMax,
  }: {
    readonly permit: number
    readonly unit: Unit
    readonly window: WindowFrame | null
    /** What its records may weigh in the event. */
    readonly bytesMax: number
  },
): void {
  const { held } = unit
  assert(held.length > 0 !== unit.final, 'a final invocation carries no records, and no other does so')
  const length = batchLength(held, 0, { records: turn.config.batchSize, bytes: bytesMax })
  assert(length === held.length, 'a batch keeps to BatchSize and fits its event')
  assert(held.every(isFlying), 'an attempt carries what is in its batch and nowhere else')
  flight.phase = 'invoking'
  ask(
    turn,
    { kind: 'invoke', permit, records: recordsOf(held), attempt: unit.attempts + 1, window },
    { kind: 'invoke', flight: flight.id, bytes: eventBytes(unit), sentMs: turn.env.receiptMonoMs },
  )
}

function isFlying({ stage }: Held): boolean {
  return stage === 'flying'
}

/** The next attempt comes after a pause, however short. */
export function pause(turn: Turn, flight: Flight, inMs: number): void {
  assert(inMs > 0, 'nothing is tried again without a pause')
  waitUntil(flight, turn.env.monoMs + inMs)
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

/** Indexes of records of a batch, as an answer names them. */
export function isWithin(indexes: readonly number[], count: number): boolean {
  return indexes.every((index) => Number.isInteger(index) && index >= 0 && index < count)
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
