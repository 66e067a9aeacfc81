import type { Checkpoint } from '../../model/checkpoint.ts'
import type { DiscardCondition, FunctionLook, InvocationReply, Outcome, WindowFrame } from '../../model/invocation.ts'
import type { ReadTrouble } from '../../model/read-trouble.ts'
import type { FlowRecord } from '../../model/record.ts'
import type { OutageReason } from './queue/state.ts'

// ---- What happens to a flow

/** What happens to a flow. Events with an id answer the command of that id. */
export type FlowEvent =
  | { readonly kind: 'opened'; readonly checkpoint: Checkpoint | null; readonly incarnation: string }
  | { readonly kind: 'readDone'; readonly id: number; readonly result: ReadOutcome }
  | { readonly kind: 'permitted'; readonly id: number }
  | { readonly kind: 'invoked'; readonly id: number; readonly outcome: Outcome }
  /** `failed`: indexes of the records that could not be acknowledged; `final`: those among them that never can be. */
  | {
      readonly kind: 'settled'
      readonly id: number
      readonly failed: readonly number[]
      readonly final?: readonly number[] | undefined
    }
  | { readonly kind: 'released'; readonly id: number }
  /** `failed`: indexes of the records whose receipt keeps its end; `final`: those among them that would be refused again. */
  | {
      readonly kind: 'extended'
      readonly id: number
      readonly failed: readonly number[]
      readonly final?: readonly number[] | undefined
    }
  | { readonly kind: 'looked'; readonly id: number; readonly answer: FunctionLook }
  | { readonly kind: 'discarded'; readonly id: number; readonly fate: 'delivered' | 'undeliverable' | 'undestined' }
  | { readonly kind: 'checkpointed'; readonly id: number }
  | { readonly kind: 'fenced'; readonly id: number }
  | { readonly kind: 'cancelled'; readonly id: number }
  /** The moment `deadline` named has come; an early or late one does no harm. */
  | { readonly kind: 'timer' }
  /** The config of this step differs from the one before. `matches`: so do the filters, and what is held is held against them. */
  | { readonly kind: 'configured'; readonly matches?: Matches | undefined }
  /** `endsMs`: when a stop cuts off what is still out (monotonic); absent: that may be at once. */
  | { readonly kind: 'draining'; readonly reason: DrainReason; readonly endsMs?: number | undefined }
  | { readonly kind: 'leaseLost' }
  /** The source neither lists the shard nor lets anyone read it: what was read is finished. `incarnation`: the life that the source lives. */
  | { readonly kind: 'shardGone'; readonly incarnation: string }

export type Matches = (record: FlowRecord) => boolean

export type DrainReason = 'stop' | 'disable' | 'delete'

export type ReadOutcome =
  | {
      readonly kind: 'records'
      readonly records: readonly FlowRecord[]
      /** The shard is closed and this was its last page. */
      readonly end: boolean
      /** Nothing newer is known at the source. */
      readonly tip: boolean
      /** It went on at the end that was kept when the mapping was made. */
      readonly fromKeptEnd?: boolean | undefined
    }
  | ReadTrouble

/**
 * The clocks and the chance of one step (SPEC §5b). What the flow itself waits for runs on clocks that may be moved ahead; what others
 * count, queue, source or a stop that is cut off, on the real ones.
 */
export interface FlowEnv {
  /** Windows, pauses, idle times. It never jumps back. */
  readonly monoMs: number
  /** Receipts, runs, the end of a stop. It never jumps, and no test moves it. */
  readonly receiptMonoMs: number
  /** The source's clock, as far ahead as `monoMs` is: the age of a record, and its tumbling window. */
  readonly sourceMs: number
  /** The source's own clock: what it still keeps. */
  readonly retentionSourceMs: number
  /** How much the flow may be charged now: its share of the process's memory, which moves with what others hold. */
  readonly allowedBytes: number
  /** In [0, 1). */
  readonly jitter: number
}

// ---- What a flow asks for and tells

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
  /** Make their receipts last for so long from now on (receipts only). */
  | {
      readonly kind: 'extend'
      readonly id: number
      readonly records: readonly FlowRecord[]
      readonly visibilityMs: number
    }
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
