import { expect } from 'vitest'
import type { SourceRecord } from '../../src/model/record.ts'
import type { ReadRequest, ReadResult, Source } from '../../src/ports.ts'

/** What the contracts of queues and streams share: reading, and looking into what was read. */

export type Page = Extract<ReadResult, { kind: 'records' }>

export const neverAborted = new AbortController().signal

let attempts = 0

export function readRequest(changes: Partial<ReadRequest> = {}): ReadRequest {
  attempts += 1
  const attemptId = `attempt-${attempts}`
  return { shardId: '', recordsMax: 10, waitMs: 0, visibilityMs: null, from: null, attemptId, ...changes }
}

export async function readPage(source: Source, changes: Partial<ReadRequest> = {}): Promise<Page> {
  const result = await source.read(readRequest(changes), neverAborted)
  if (result.kind !== 'records') throw new Error(`The read was answered with ${result.kind}: ${result.message}`)
  return result
}

/** A member of the record as the function gets it, by its path. */
export function inFragment(record: SourceRecord, ...path: readonly string[]): unknown {
  let value: unknown = JSON.parse(record.fragment)
  for (const name of path) value = typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined
  return value
}

export function expectWellFormed(records: readonly SourceRecord[]): void {
  for (const record of records) {
    expect(JSON.parse(record.fragment)).toBeTypeOf('object')
    expect(record.bytes).toBe(Buffer.byteLength(record.fragment))
    expect(record.id).not.toBe('')
    expect(record.orderHash).toBe(record.orderHash >>> 0)
    expect(record.arrivedMs).toBeGreaterThan(0)
  }
}
