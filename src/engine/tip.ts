import type { ReadResult } from '../ports.ts'

/**
 * A record younger than this is the newest there is, where nobody says more. DynamoDB stamps to the second: what is a second old by
 * its stamp may have been written this moment.
 */
const youngMs = 1_000
const stampMs = 1_000

/** Whether a page of a shard reached the tip: by the source's word, or by the age of its newest record where the source has none. */
export function reachesTip(page: Extract<ReadResult, { kind: 'records' }>, sourceMs: number): boolean {
  if (page.tip || page.behindMs !== null) return page.tip
  const newest = page.records.at(-1)
  return newest !== undefined && sourceMs - newest.arrivedMs < youngMs + stampMs
}
