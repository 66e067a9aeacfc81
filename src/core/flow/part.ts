import type { FlowEvent, ReadOutcome } from './messages.ts'
import type { Flight, FlowState, Part, Pending, Turn } from './state.ts'

/** The answers that only a queue, or only a shard, asks for. */
export type OwnAnswer = Extract<
  FlowEvent,
  { kind: 'settled' | 'released' | 'extended' | 'looked' | 'discarded' | 'checkpointed' }
>

/** A read that brought no page. */
export interface Unread {
  readonly id: number
  readonly pending: Extract<Pending, { kind: 'read' }>
  readonly result: Exclude<ReadOutcome, { kind: 'records' }>
}

/**
 * What the two kinds of a flow do differently: `flow/queue/part.ts` and `flow/shard/part.ts` each have one of these, and `flow/step.ts`
 * chooses by the kind of the part. A kind that misses one does not compile.
 */
export interface PartHandlers<P extends Part> {
  readonly open: (turn: Turn, part: P, event: Extract<FlowEvent, { kind: 'opened' }>) => void
  readonly onRead: (
    turn: Turn,
    part: P,
    read: {
      readonly pending: Extract<Pending, { kind: 'read' }>
      readonly result: Extract<ReadOutcome, { kind: 'records' }>
    },
  ) => void
  /** The pause is decided, and the source's trouble told. */
  readonly onUnread: (turn: Turn, part: P, unread: Unread) => void
  /** The flight still wants its permit. */
  readonly onPermitted: (turn: Turn, part: P, flight: Flight, permit: number) => void
  readonly onInvoked: (
    turn: Turn,
    part: P,
    flight: Flight,
    answer: {
      readonly outcome: Extract<FlowEvent, { kind: 'invoked' }>['outcome']
      readonly pending: Extract<Pending, { kind: 'invoke' }>
    },
  ) => void
  readonly onAnswered: (turn: Turn, part: P, pending: Pending, event: OwnAnswer) => void
  /** The source has it no more. */
  readonly lose: (turn: Turn, part: P, event: Extract<FlowEvent, { kind: 'shardGone' }>) => void
  /** The batches are laid out by other values now. */
  readonly reconfigure: (turn: Turn, part: P) => void
  /** The flow is told to end; `again`: it was told so before. */
  readonly drain: (turn: Turn, part: P, event: Extract<FlowEvent, { kind: 'draining' }>, again: boolean) => void
  /** Somebody else owns it: everything is dropped, nothing is said to the source. */
  readonly forsake: (turn: Turn, part: P) => void
  /** Does everything that is due. */
  readonly pump: (turn: Turn, part: P) => void
  /** Something is in hand that waits for its moment, although no answer is awaited. */
  readonly isOwed: (state: FlowState, part: P) => boolean
  /** It was read to its end, and that is written down. */
  readonly isFinished: (part: P) => boolean
  /** The moments at which something is to be done although nothing happens. */
  readonly moments: (turn: Turn, part: P) => readonly number[]
  /** Those of the clock that receipts run on. */
  readonly receiptMoments: (turn: Turn, part: P) => readonly number[]
}
