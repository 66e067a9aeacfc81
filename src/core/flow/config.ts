import type { SourceTraits } from '../../model/source.ts'
import type { ReadFrom } from './messages.ts'

/** Everything a flow has to know of its mapping, resolved: all present, units in the names. Replaced whole by `configured`. */
export interface FlowConfig {
  readonly traits: SourceTraits
  readonly batchSize: number
  readonly windowMs: number
  /** The bytes of fragments that fit one event, commas included. */
  readonly batchBytesMax: number
  /** Records this flow may hold unresolved; one read is always allowed. */
  readonly heldRecordsMax: number

  // Queues
  readonly scaling: ScalingConfig
  /** How long a received message stays ours. */
  readonly visibilityMs: number
  /** The function's timeout; null: unknown. */
  readonly timeoutMs: number | null
  /** When it was looked at last, nobody answered where the function should be. */
  readonly unreachable: boolean
  /** What a receive asks for; null: the queue's own, which is not known. */
  readonly receiveVisibilityMs: number | null
  /** What is with the function is prolonged: the mapping says so, or the shell (a debugger holds the function). */
  readonly extendsReceipts: boolean
  /** How long a receipt may last in all. */
  readonly receiptMsMax: number

  // Streams
  readonly slots: number
  readonly startFrom: ReadFrom
  /** LATEST of a source that cannot seek by time: records that arrived before this are skipped. */
  readonly skipBeforeMs: number | null
  /** null: without limit. */
  readonly retryAttemptsMax: number | null
  readonly recordAgeMsMax: number | null
  /** How long the source keeps records; null: unknown. */
  readonly retentionMs: number | null
  readonly bisect: boolean
  /** 0: no tumbling window. */
  readonly tumblingMs: number
  readonly windowIdleCloseMs: number
  readonly pace: PaceConfig
  readonly retryBackoff: BackoffConfig
  readonly throttleBackoff: BackoffConfig
}

export interface ScalingConfig {
  readonly policy: 'eager' | 'aws' | 'aws-2022'
  /** Concurrent batches at most (MaximumConcurrency, pollers × 10, or the documented ceiling). */
  readonly flightsMax: number
  /** Provisioned mode: what is ready without a ramp (MinimumPollers × 10), and a ramp of its own. */
  readonly provisioned?: { readonly flightsMin: number } | undefined
  /** Receives in flight at most. */
  readonly receivesMax: number
}

export interface PaceConfig {
  /** The shortest time between two reads of one shard; 0: at once while behind. */
  readonly readIntervalMs: number
  /** The first and the longest pause at the tip. The longest grows with the shards that are read: the shell sets it. */
  readonly tipMsMin: number
  readonly tipMsMax: number
  /** The pause at the tip once nothing came for a minute, where it is longer than those; half way there after 10 s. 0: none. */
  readonly idleMs: number
}

export interface BackoffConfig {
  readonly baseMs: number
  readonly capMs: number
}

/** A change of these takes waiting batches apart; anything else just holds for the next attempt. */
export type BatchLayout = Pick<FlowConfig, 'batchSize' | 'batchBytesMax' | 'windowMs' | 'slots' | 'tumblingMs'>

export function layoutOf({ batchSize, batchBytesMax, windowMs, slots, tumblingMs }: FlowConfig): BatchLayout {
  return { batchSize, batchBytesMax, windowMs, slots, tumblingMs }
}

export function isSameLayout(one: BatchLayout, other: BatchLayout): boolean {
  return (
    one.batchSize === other.batchSize &&
    one.batchBytesMax === other.batchBytesMax &&
    one.windowMs === other.windowMs &&
    one.slots === other.slots &&
    one.tumblingMs === other.tumblingMs
  )
}
