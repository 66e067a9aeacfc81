/** What one record weighs in an event: its fragment and the comma beside it. */
const commaBytes = 1

export interface BatchLimits {
  readonly records: number
  readonly bytes: number
}

interface Sized {
  readonly record: { readonly bytes: number }
}

/**
 * How many records from `start` on make the next batch: as many as fit both limits, at least one where there is one (a record
 * that alone is too big is the flight's business, not a reason to wait for ever).
 */
export function batchLength(records: readonly Sized[], start: number, limits: BatchLimits): number {
  let bytes = 0
  let count = 0
  for (let index = start; index < records.length && count < limits.records; index++) {
    bytes += (records[index]?.record.bytes ?? 0) + commaBytes
    if (count > 0 && bytes > limits.bytes) break
    count++
  }
  return count
}

/** True when waiting cannot make the batch larger: it is full by count, or the next record does not fit. */
export function isFull(records: readonly Sized[], start: number, limits: BatchLimits): boolean {
  const count = batchLength(records, start, limits)
  return count >= limits.records || start + count < records.length
}

export function fitsAlone(record: { readonly bytes: number }, bytesMax: number): boolean {
  return record.bytes + commaBytes <= bytesMax
}
