import { assert } from '../../assertion.ts'
import { type Flight, type Held, type Turn, sift } from '../state.ts'
import { resolve } from './ledger.ts'
import type { ShardState } from './state.ts'

/**
 * The slots of a shard (ParallelizationFactor): a record goes into one by the hash of its key, and each has one batch on its way.
 * When a slot's next batch starts is said in `flow/shard/part.ts`.
 */

export interface Slot {
  /** Records not yet in a flight, in shard order. */
  queue: Held[]
  flight: number | null
}

export function createSlots(count: number): Slot[] {
  return Array.from({ length: count }, () => ({ queue: [], flight: null }))
}

/** The slots must be laid out anew before anything is read or started. */
export function isLayoutStale(turn: Turn, shard: ShardState): boolean {
  return shard.slots.length !== turn.config.slots || shard.tumblingMs !== turn.config.tumblingMs
}

export function enslot(shard: ShardState, held: Held): void {
  slotAt(shard, held.record.orderHash % shard.slots.length).queue.push(held)
}

/** One of several slots has nothing to do while others have. */
export function isAnySlotIdle({ slots }: ShardState): boolean {
  return slots.some(({ flight, queue }) => flight === null && queue.length === 0)
}

/** No other batch of the slot starts until this one has landed. */
export function occupy(shard: ShardState, flight: Flight): void {
  const slot = slotAt(shard, flight.slot)
  assert(slot.flight === null, 'a slot has one batch on its way')
  slot.flight = flight.id
}

export function vacate(shard: ShardState, flight: Flight): void {
  const slot = slotAt(shard, flight.slot)
  assert(slot.flight === flight.id, 'a batch that lands was on its way in its slot')
  slot.flight = null
}

function slotAt({ slots }: ShardState, index: number): Slot {
  const slot = slots[index]
  assert(slot !== undefined, 'every key has a slot')
  return slot
}

/** Fills the slots again from the ledger: everything that is neither resolved nor in a flight, in shard order. */
export function refillSlots(turn: Turn, shard: ShardState): void {
  for (const slot of shard.slots) slot.queue = []
  const { kept, out } = sift(
    turn,
    shard.entries.filter((one): one is Held => one.stage === 'held'),
  )
  for (const held of kept) enslot(shard, held)
  if (out.length > 0) resolve(turn, shard, out)
}
