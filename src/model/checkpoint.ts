/** What is written down of a shard's progress. One write is atomic and fenced. */
export interface Checkpoint {
  /** Which life of the stream the positions belong to; a recreated stream starts its numbers again. */
  readonly incarnation: string
  /** Everything up to and including this position is resolved; null: nothing yet. */
  readonly watermark: string | null
  /** When the watermark's record arrived, by the source's clock: tells whether the retention has passed over it. */
  readonly arrivedMs?: number | null
  /** Runs of resolved records beyond the watermark, in shard order, both ends included. */
  readonly completed: readonly CompletedRange[]
  readonly window: WindowCheckpoint | null
  /** The shard was read to its end and everything in it is resolved. */
  readonly done: boolean
}

export interface CompletedRange {
  readonly first: string
  readonly last: string
}

/** A tumbling window that is open, or whose final invocation is still owed. */
export interface WindowCheckpoint {
  readonly startMs: number
  readonly endMs: number
  /** The state the function returned last, as JSON text. */
  readonly state: string
  /** `terminating`: the state outgrew 1 MB, the early final invocation is owed. */
  readonly phase: 'open' | 'closing' | 'terminating'
}
