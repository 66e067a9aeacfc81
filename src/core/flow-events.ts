import type { Checkpoint } from '../model/checkpoint.ts'
import type { FunctionLook, Outcome } from '../model/invocation.ts'
import type { FlowRecord } from '../model/record.ts'

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
  /** The process holds too many bytes (or no longer does). */
  | { readonly kind: 'pressure'; readonly on: boolean }
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
      /** It went on at the end that was held when the mapping was made. */
      readonly held?: boolean | undefined
    }
  | { readonly kind: 'throttled'; readonly message: string; readonly retryAfterMs?: number | undefined }
  /** The iterator ran out; the same place can be read again. */
  | { readonly kind: 'expired'; readonly message: string }
  /** The place is older than what the source keeps. */
  | { readonly kind: 'trimmed'; readonly message: string }
  /** The stream lives its next life: positions of the last one mean nothing. */
  | { readonly kind: 'recreated'; readonly incarnation: string; readonly message: string }
  | { readonly kind: 'missing'; readonly message: string }
  | { readonly kind: 'denied'; readonly message: string }
  | { readonly kind: 'failed'; readonly message: string }

/** The clocks and the chance of one step. `sourceMs` is the source's own clock; only `monoMs` never jumps. */
export interface FlowEnv {
  readonly wallMs: number
  readonly monoMs: number
  readonly sourceMs: number
  /** In [0, 1). */
  readonly jitter: number
}
