import type { DiscardCondition, Outcome } from '../../../model/invocation.ts'
import { assert } from '../../assertion.ts'
import {
  askPermit,
  createUnit,
  currentUnit,
  invoke,
  isWithin,
  pause,
  startFlight,
  tellFailure,
  unitOf,
  waitUntil,
  withdraw,
} from '../flight.ts'
import type { NextStep } from '../messages.ts'
import { type Flight, type Held, type Pending, type Turn, type Unit, ask, recordsOf } from '../state.ts'
import { batchLength, fitsAlone } from '../../batch-size.ts'
import { type RetryPlan, nextStep, planRetry } from '../../retry-plan.ts'
import { onDiscarded, resolve } from './ledger.ts'
import { occupy, refillSlots, vacate } from './slots.ts'
import type { ShardState } from './state.ts'
import { endWindow, frameOf, keepState, recordBytesMax } from './window.ts'

/** Attempts of a shard's batch: the slot stays locked until every record of the batch is resolved. */

export function startShardFlight(
  turn: Turn,
  shard: ShardState,
  held: readonly Held[],
  place: { slot: number; final: boolean },
): void {
  const flight = startFlight(turn, held, place)
  occupy(shard, flight)
  tryUnit(turn, shard, flight)
}

/** Goes on with the flight: asks a permit for the current unit, waits, or lands. */
export function tryUnit(turn: Turn, shard: ShardState, flight: Flight): void {
  const unit = prepare(turn, shard, flight)
  if (unit !== null) askPermit(turn, flight)
}

export function onShardPermitted(turn: Turn, shard: ShardState, flight: Flight, permit: number): void {
  // What the drain did not wait for.
  const unit = turn.state.phase === 'running' ? prepare(turn, shard, flight) : null
  if (unit === null) {
    turn.commands.push({ kind: 'giveBack', permit })
    return
  }
  assert(!unit.held.some((one) => isTooOld(turn, one)), 'what is invoked is within its age')
  const { window } = shard
  assert(
    unit.final ? window !== null && window.phase !== 'open' : window?.phase !== 'terminating',
    'a final invocation comes when its window owes one, and before anything else',
  )
  invoke(turn, flight, {
    permit,
    unit,
    window: window && frameOf(window, unit.final),
    bytesMax: recordBytesMax(turn, shard),
  })
}

/** Finds the unit that can be invoked now, and gives up on the way what is too old or can never be sent. */
function prepare(turn: Turn, shard: ShardState, flight: Flight): Unit | null {
  // A state that outgrew its limit ends its part of the window before anything else of the batch runs.
  // While its final invocation is being given up, the window is still terminating and must not get another one.
  if (shard.window?.phase === 'terminating' && nextUnit(flight)?.final === false)
    flight.units.push(createUnit(turn, [], true))
  for (let unit = nextUnit(flight); unit !== null; unit = nextUnit(flight)) {
    const young = cutAged(turn, shard, flight, unit)
    const fitting = young && cutToFit(turn, shard, flight, young)
    if (fitting !== null) {
      if (!isOversize(turn, shard, fitting)) return fitting
      if (!failOversize(turn, shard, flight, fitting)) return null
    }
  }
  land(turn, shard, flight)
  return null
}

function nextUnit(flight: Flight): Unit | null {
  return flight.discards > 0 ? null : currentUnit(flight)
}

/** Ends the flight when nothing of it is open any more, and frees its slot. */
function land(turn: Turn, shard: ShardState, flight: Flight): void {
  flight.phase = 'landing'
  if (flight.units.length > 0 || flight.discards > 0) return
  turn.state.flights.delete(flight.id)
  vacate(shard, flight)
}

// ---- Age

/** Records past their limit are cut out before invoking; the rest is delivered (behaviour §4.4). */
function cutAged(turn: Turn, shard: ShardState, flight: Flight, unit: Unit): Unit | null {
  if (unit.final)
    return isFinalAged(turn, unit) ? giveUp(turn, shard, flight, { unit, condition: 'RecordAgeExceeded' }) : unit
  const { recordAgeMsMax } = turn.config
  const gone = unit.held.filter((one) => isGone(turn, one))
  const aged = unit.held.filter((one) => isOlder(turn, one, recordAgeMsMax) && !isGone(turn, one))
  if (gone.length === 0 && aged.length === 0) return unit
  flight.units.pop()
  if (gone.length > 0) {
    turn.commands.push({ kind: 'dropped', records: recordsOf(gone), reason: 'retention' })
    resolve(turn, shard, gone)
  }
  discard(turn, shard, flight, { unit: { ...unit, held: aged }, condition: 'RecordAgeExceeded' })
  const cut = new Set([...gone, ...aged])
  const left: Unit = { ...unit, held: unit.held.filter((one) => !cut.has(one)) }
  if (left.held.length === 0) return null
  flight.units.push(left)
  return aged.length === 0 ? left : null
}

function isTooOld(turn: Turn, held: Held): boolean {
  return isOlder(turn, held, turn.config.recordAgeMsMax) || isGone(turn, held)
}

/** The source keeps it no longer. */
function isGone({ config, env }: Turn, { record }: Held): boolean {
  return config.retentionMs !== null && env.retentionSourceMs - record.arrivedMs > config.retentionMs
}

export function isOlder(turn: Turn, held: Held, limitMs: number | null): boolean {
  return limitMs !== null && turn.env.sourceMs - held.record.arrivedMs > limitMs
}

/**
 * A final invocation has no record of its own, and may come due long after its window ended (an idle one is closed 120 s after):
 * its age counts from the moment it was due, so that a state is never given up untried.
 */
function isFinalAged({ config, env }: Turn, unit: Unit): boolean {
  return config.recordAgeMsMax !== null && env.monoMs - unit.sinceMs > config.recordAgeMsMax
}

// ---- Oversize

/** The state of a window may have grown since its batch was gathered: what fits no more beside it is a batch of its own. */
function cutToFit(turn: Turn, shard: ShardState, flight: Flight, unit: Unit): Unit {
  const { held } = unit
  const count = batchLength(held, 0, { records: held.length, bytes: recordBytesMax(turn, shard) })
  if (count === held.length) return unit
  const first = createUnit(turn, held.slice(0, count))
  flight.units.pop()
  flight.units.push(createUnit(turn, held.slice(count)), first)
  return first
}

function isOversize(turn: Turn, shard: ShardState, unit: Unit): boolean {
  const only = unit.held[0]
  return unit.held.length === 1 && only !== undefined && !fitsAlone(only.record, recordBytesMax(turn, shard))
}

/** A record that no event can carry is never invoked and still spends its retries (behaviour §4.2). True: go on with the next unit. */
function failOversize(turn: Turn, shard: ShardState, flight: Flight, unit: Unit): boolean {
  unit.attempts += 1
  const plan = planRetry({ count: 1, attempts: unit.attempts }, { kind: 'oversize' }, turn.config)
  const next = nextStep(turn, { unit, plan, outcome: null, notRunStreak: 0 })
  tellFailure(turn, unit, { kind: 'oversize', bytes: unit.held[0]?.record.bytes ?? 0 }, next)
  if (plan.kind === 'discard') {
    giveUp(turn, shard, flight, { unit, condition: plan.condition })
    return true
  }
  waitUntil(flight, turn.env.monoMs + (next.kind === 'retry' ? next.inMs : 0))
  if (turn.state.phase !== 'running' || flight.dissolving) dissolveShardFlight(turn, shard, flight)
  return false
}

// ---- Outcomes

export function onShardInvoked(
  turn: Turn,
  shard: ShardState,
  flight: Flight,
  answer: { readonly outcome: Outcome; readonly pending: Extract<Pending, { kind: 'invoke' }> },
): void {
  const unit = unitOf(flight)
  const { outcome } = answer
  if (outcome.kind === 'partial') assert(isWithin(outcome.failed, unit.held.length), 'what failed is in the batch')
  if (outcome.kind === 'notRun') flight.notRunStreak += 1
  else {
    flight.notRunStreak = 0
    unit.attempts += 1
    unit.lastReply = outcome.reply
  }
  const plan = planRetry({ count: unit.held.length, attempts: unit.attempts }, outcome, turn.config)
  const next = nextStep(turn, { unit, plan, outcome, notRunStreak: flight.notRunStreak })
  if (outcome.kind !== 'succeeded') tellFailure(turn, unit, outcome, next)
  if (outcome.kind === 'partial' && plan.kind === 'advance') keepState(shard, outcome.state)
  if (outcome.kind === 'succeeded' && !unit.final) keepState(shard, outcome.state)
  applyPlan(turn, shard, flight, plan)
  goOn(turn, shard, flight, next)
}

/** Changes the units as the plan says. */
function applyPlan(turn: Turn, shard: ShardState, flight: Flight, plan: RetryPlan): void {
  const unit = unitOf(flight)
  switch (plan.kind) {
    case 'done':
      flight.units.pop()
      if (unit.final) endWindow(shard)
      return resolve(turn, shard, unit.held)
    case 'advance':
      flight.units.pop()
      flight.units.push(createUnit(turn, unit.held.slice(plan.done)))
      return resolve(turn, shard, unit.held.slice(0, plan.done))
    case 'split':
      assert(plan.first > 0 && plan.first < unit.held.length, 'a batch is split into two')
      flight.units.pop()
      flight.units.push(createUnit(turn, unit.held.slice(plan.first)), createUnit(turn, unit.held.slice(0, plan.first)))
      return
    case 'discard':
      giveUp(turn, shard, flight, { unit, condition: plan.condition })
      return
    case 'retry':
      return assert(!isExhausted(turn, unit), 'a retry is one that MaximumRetryAttempts allows')
    case 'pause':
      return
    default:
      return plan satisfies never
  }
}

function goOn(turn: Turn, shard: ShardState, flight: Flight, next: NextStep): void {
  if (turn.state.phase !== 'running' || flight.dissolving) return dissolveShardFlight(turn, shard, flight)
  if (next.kind === 'retry') pause(turn, flight, next.inMs)
  else tryUnit(turn, shard, flight)
}

/** The attempts that MaximumRetryAttempts allows were made. */
function isExhausted({ config }: Turn, { attempts }: Unit): boolean {
  return config.retryAttemptsMax !== null && attempts > config.retryAttemptsMax
}

// ---- Giving up

interface Given {
  readonly unit: Unit
  readonly condition: DiscardCondition
}

function giveUp(turn: Turn, shard: ShardState, flight: Flight, given: Given): null {
  flight.units.pop()
  discard(turn, shard, flight, given)
  return null
}

function discard(turn: Turn, shard: ShardState, flight: Flight, { unit, condition }: Given): void {
  if (unit.held.length === 0 && !unit.final) return
  assert(condition !== 'RetryAttemptsExhausted' || isExhausted(turn, unit), 'what is given up has spent its retries')
  assert(
    condition !== 'RecordAgeExceeded' ||
      unit.final ||
      unit.held.every((one) => isOlder(turn, one, turn.config.recordAgeMsMax)),
    'what is given up for its age is too old',
  )
  const window = shard.window && frameOf(shard.window, unit.final)
  flight.discards += 1
  ask(
    turn,
    {
      kind: 'discard',
      records: recordsOf(unit.held),
      condition,
      attempts: Math.max(1, unit.attempts),
      reply: unit.lastReply,
      window,
    },
    { kind: 'discard', flight: flight.id, held: unit.held },
  )
}

export function onShardDiscarded(
  turn: Turn,
  shard: ShardState,
  pending: Extract<Pending, { kind: 'discard' }>,
  fate: 'delivered' | 'undeliverable' | 'undestined',
): void {
  onDiscarded(turn, shard, pending, fate)
  // The state of a window whose final invocation failed for good is gone with it.
  if (pending.held.length === 0) endWindow(shard)
  const flight = turn.state.flights.get(pending.flight)
  assert(flight !== undefined && flight.discards > 0, 'a flight waits for each of its discards')
  flight.discards -= 1
  if (flight.units.length > 0 && turn.state.phase === 'running') tryUnit(turn, shard, flight)
  else land(turn, shard, flight)
}

/** No further attempt: what is open goes back to the reader (or, when the flow ends, is read again some day). */
export function dissolveShardFlight(turn: Turn, shard: ShardState, flight: Flight): void {
  for (const one of withdraw(turn, flight)) one.stage = 'held'
  refillSlots(turn, shard)
  land(turn, shard, flight)
}
