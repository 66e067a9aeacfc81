import type { Checkpoint } from '../model/checkpoint.ts'
import type { DiscardCondition, InvocationReply, Outcome, WindowFrame } from '../model/invocation.ts'
import type { FlowRecord } from '../model/record.ts'
import type { OutageReason } from './queue-state.ts'

/** Where a shard's read begins. */
export type ReadFrom =
  | { readonly at: 'after'; readonly position: string }
  | { readonly at: 'horizon' }
  /** `orNow`: where the source's clock has not come so far, its present is meant. */
  | { readonly at: 'time'; readonly ms: number; readonly orNow?: boolean }
  /** Where the shard ended when the mapping was made. */
  | { readonly at: 'latest' }

/**
 * What a flow asks of its shell. Every command has an id of its own and is answered by exactly one event that carries
 * that id: the event of its kind, or `cancelled` after a cancel.
 */
export type FlowRequest =
  | {
      readonly kind: 'read'
      readonly id: number
      readonly recordsMax: number
      readonly waitMs: number
      readonly visibilityMs: number | null
      /** null for queues. */
      readonly from: ReadFrom | null
      /** The read this one repeats because its reply was lost (a FIFO queue then answers with the same messages). */
      readonly repeats: number | null
    }
  | { readonly kind: 'permit'; readonly id: number }
  | {
      readonly kind: 'invoke'
      readonly id: number
      /** The permit it runs under; the shell takes it back when the attempt is answered. */
      readonly permit: number
      readonly records: readonly FlowRecord[]
      readonly attempt: number
      readonly window: WindowFrame | null
    }
  /** Acknowledge at the source (receipts only). */
  | {
      readonly kind: 'settle'
      readonly id: number
      readonly records: readonly FlowRecord[]
      readonly why: SettleReason
      /** 1: all together. Beyond that one by one, what the source refused before. */
      readonly attempt: number
      /** What is refused now is left to its visibility. */
      readonly last: boolean
    }
  /** Whether the function can be invoked now, without invoking it (receipts only). */
  | { readonly kind: 'look'; readonly id: number }
  /** Hand back to the source at once (receipts only). */
  | { readonly kind: 'release'; readonly id: number; readonly records: readonly FlowRecord[] }
  | {
      readonly kind: 'discard'
      readonly id: number
      readonly records: readonly FlowRecord[]
      readonly condition: DiscardCondition
      /** `approximateInvokeCount` of the failure record: at least 1. */
      readonly attempts: number
      /** The last reply; null when the function never answered for these records. */
      readonly reply: InvocationReply | null
      readonly window: WindowFrame | null
    }
  | { readonly kind: 'checkpoint'; readonly id: number; readonly checkpoint: Checkpoint }

/** Wishes and news that need no answer. */
export type FlowNotice =
  /** The command with this id is to be given up; it still answers, with `cancelled` or with what it had. */
  | { readonly kind: 'cancel'; readonly id: number }
  /** A permit that was granted and is not used after all. */
  | { readonly kind: 'giveBack'; readonly permit: number }
  | {
      readonly kind: 'attemptFailed'
      readonly records: readonly FlowRecord[]
      readonly attempt: number
      readonly outcome: Exclude<Outcome, { kind: 'succeeded' }> | { readonly kind: 'oversize'; readonly bytes: number }
      readonly next: NextStep
    }
  /** Records that were held when the filters changed and match none of the new ones. */
  | { readonly kind: 'filtered'; readonly records: readonly FlowRecord[] }
  /** Records that end without being acknowledged or delivered anywhere. */
  | { readonly kind: 'dropped'; readonly records: readonly FlowRecord[]; readonly reason: DropReason }
  /** The position was lost and reading goes on at the horizon. */
  | { readonly kind: 'positionLost'; readonly reason: 'trimmed' | 'recreated'; readonly watermark: string | null }
  | {
      readonly kind: 'sourceTrouble'
      readonly trouble: 'throttled' | 'expired' | 'missing' | 'denied' | 'failed'
      readonly message: string
      readonly retryMs: number
    }
  | { readonly kind: 'sourceHealthy' }
  /** The function cannot be invoked: nothing is received until it can (receipts only). */
  | { readonly kind: 'functionTrouble'; readonly trouble: OutageReason; readonly message: string }
  | { readonly kind: 'functionHealthy' }
  /** The shard is read to its end, everything resolved, and its last checkpoint written. */
  | { readonly kind: 'finished' }
  /** After `draining` or `leaseLost`: no id is outstanding any more. */
  | { readonly kind: 'drained' }

export type FlowCommand = FlowRequest | FlowNotice

export type SettleReason = 'succeeded' | 'filtered'

export type NextStep =
  | { readonly kind: 'retry'; readonly inMs: number }
  | { readonly kind: 'split' }
  | { readonly kind: 'discard'; readonly condition: DiscardCondition }
  /** As soon as the function can be invoked. */
  | { readonly kind: 'answer' }
  /** The queue shows the messages again when their visibility ends. */
  | { readonly kind: 'visibility'; readonly inMs: number }
  /** The flow is draining: no further attempt here. */
  | { readonly kind: 'drain' }

/**
 * `visibility`: receipts ran out before the function could run, the queue shows them again.
 * `retention`: the source no longer keeps the record. `undeliverable`: the failure destination refused it.
 * `undestined`: a limit the user set ended it and there is no destination.
 */
export type DropReason = 'visibility' | 'retention' | 'undeliverable' | 'undestined'
