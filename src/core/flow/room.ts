import type { FlowRecord } from '../../model/record.ts'
import type { FlowState, Held, Turn, Unit } from './state.ts'

/** What a flow is charged of the process's memory, and how much more it may read (SPEC §5a). */

/** A record in hand costs this beside its bytes. */
const heldOverheadBytes = 400
/** How much a record weighs as long as none was seen, and at least. */
const unseenRecordBytes = 4_096
const recordBytesMin = 256
/** A flow that is short of room is not woken for every record that fits. */
const wokenForRecords = 10

/** Records in hand, their copies in the events that are out, and what the reads that are out may bring. */
export function chargedBytes({ heldRecords, heldBytes, requestedBytes, part }: FlowState): number {
  const resolvedBytes = part.kind === 'shard' ? part.resolvedBytes : 0
  return heldBytes + heldRecords * heldOverheadBytes + requestedBytes + resolvedBytes
}

/** What the event of an attempt is charged while it is out: the text of its records once more. */
export function eventBytes({ held }: Unit): number {
  return held.reduce((sum, { record }) => sum + record.bytes, 0)
}

/** What a record in hand is charged. */
export function heldBytesOf({ record }: Held): number {
  return record.bytes + heldOverheadBytes
}

/** It holds records and has room for no more: what is being gathered goes, and nothing waits for its window. */
export function isPressed({ state, env }: Turn): boolean {
  return state.heldRecords > 0 && chargedBytes(state) >= env.allowedBytes
}

/**
 * How many of the records wanted fit the room that is left. Whoever has nothing in hand may always read one, so that nobody waits for
 * somebody else's function; who gets none is told when there is room.
 */
export function recordsInRoom(turn: Turn, recordsMax: number): number {
  if (recordsMax === 0) return 0
  const { state, config, env } = turn
  const roomBytes = env.allowedBytes - chargedBytes(state)
  if (roomBytes >= config.traits.readBytesMax) return recordsMax
  const fitting = Math.min(recordsMax, Math.floor(Math.max(0, roomBytes) / weightOf(state)))
  if (fitting > 0) return fitting
  if (state.heldRecords === 0 && state.requestedBytes === 0) return 1
  state.missingBytes = weightOf(state) * Math.min(recordsMax, wokenForRecords)
  return 0
}

/** What a read of so many records is charged from the moment it is sent. */
export function readBytes({ state, config }: Turn, recordsMax: number): number {
  return Math.min(config.traits.readBytesMax, recordsMax * weightOf(state))
}

/** What came says what the next read may bring: heavier records at once, lighter ones by and by. */
export function learnWeight(state: FlowState, records: readonly FlowRecord[]): void {
  const known = state.recordBytes ?? unseenRecordBytes
  if (records.length === 0) {
    state.recordBytes = Math.max(recordBytesMin, Math.ceil(known / 2))
    return
  }
  const bytes = records.reduce((sum, record) => sum + record.bytes, 0) / records.length
  const lately = state.recordBytes === null ? bytes : Math.max(bytes, (3 * known + bytes) / 4)
  state.recordBytes = Math.max(recordBytesMin, Math.ceil(lately))
}

/** How many records weigh so much, by what they weighed lately. */
export function recordsWeighing(state: FlowState, bytes: number): number {
  return Math.ceil(bytes / weightOf(state))
}

function weightOf({ recordBytes }: FlowState): number {
  return (recordBytes ?? unseenRecordBytes) + heldOverheadBytes
}
