/** One message or stream record on its way to a function. Adapters make it; nothing changes it afterwards. */
export interface SourceRecord {
  /** What a partial batch response names: the message id, or the sequence number. */
  readonly id: string
  /** The place in the shard (sequence number). Only the source may compare two. Empty for queues. */
  readonly position: string
  /** Acknowledges the record (SQS receipt handle). Empty for streams. */
  readonly receipt: string
  /** The record as the function gets it: one JSON object, encoded once. */
  readonly fragment: string
  /** UTF-8 length of `fragment`. */
  readonly bytes: number
  /** Message group, partition key, or item key. Empty where the source has no order. */
  readonly orderKey: string
  /** A stable unsigned 32-bit hash of the order key: its remainder by ParallelizationFactor is the slot. */
  readonly orderHash: number
  /** When the source took it, by the source's clock: the age of the record, and its tumbling window. */
  readonly arrivedMs: number
  /** X-Ray trace header of the message (AWSTraceHeader), handed on to the function. */
  readonly traceHeader?: string | undefined
}

/** A record that has been held against the mapping's filters. */
export interface FlowRecord extends SourceRecord {
  readonly matched: boolean
}
