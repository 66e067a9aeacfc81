/** The four event sources, and what the rest of Millrace has to know about each: its traits, never its name. */
export type SourceKind = 'sqs' | 'sqs-fifo' | 'kinesis' | 'dynamodb'

export interface SourceTraits {
  /** `receipt`: every record is acknowledged by itself. `position`: progress is a place in a sequence. */
  readonly progress: 'receipt' | 'position'
  /** What may not be overtaken: nothing, the records of a group, or the records of a shard. */
  readonly ordered: 'none' | 'group' | 'shard'
  /** The most records that one read returns. */
  readonly readRecordsMax: number
  /** The most bytes of records that one read returns. */
  readonly readBytesMax: number
  /** How long the service itself waits for a first record (long polling); 0: it answers at once. */
  readonly readWaitMs: number
  /** False: MaximumBatchingWindowInSeconds is refused. */
  readonly windowed: boolean
}

const megabyte = 1_048_576
const queue = { progress: 'receipt', readRecordsMax: 10, readBytesMax: 10 * megabyte, readWaitMs: 20_000 } as const
const stream = { progress: 'position', ordered: 'shard', readWaitMs: 0, windowed: true } as const

export const sourceTraits: Readonly<Record<SourceKind, SourceTraits>> = {
  sqs: { ...queue, ordered: 'none', windowed: true },
  'sqs-fifo': { ...queue, ordered: 'group', windowed: false },
  kinesis: { ...stream, readRecordsMax: 10_000, readBytesMax: 10 * megabyte },
  dynamodb: { ...stream, readRecordsMax: 1_000, readBytesMax: megabyte },
}

export function isStream(kind: SourceKind): boolean {
  return sourceTraits[kind].progress === 'position'
}
