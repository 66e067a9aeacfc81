import type { FunctionFailure } from './failure.ts'

/** What the operations API shows of one mapping. Plain data. */
export interface MappingStatus {
  readonly uuid: string
  readonly state: string
  readonly source: string
  readonly functionArn: string
  /** Why nothing runs, if so: disabled, drain, or what troubles which of the two: `source denied`, `function missing`. */
  readonly pauseReasons: readonly string[]
  /** null: a queue, which has none (behaviour §1.3). */
  readonly lastProcessingResult: string | null
  readonly lastError: { readonly atMs: number; readonly message: string } | null
  /** What keeps the source from being read, or a flow's part of it. */
  readonly sourceTrouble: Trouble | null
  /** What keeps the function from running, or from ever succeeding. */
  readonly functionTrouble: Trouble<FunctionTroubleKind> | null
  readonly flows: readonly FlowStatus[]
}

/** Something that keeps a mapping from working, for as long as it lasts. */
export interface Trouble<Kind extends string = string> {
  readonly kind: Kind
  readonly message: string
  readonly sinceMs: number
}

/** Why a function does not run or never succeeds; `oversize`: no event can carry what it should get. */
export type FunctionTroubleKind = FunctionFailure | 'oversize'

export interface FunctionTrouble extends Trouble<FunctionTroubleKind> {
  /** Attempts that ended so, with no success between them. */
  readonly attempts: number
}

export interface FailedAttempt {
  readonly kind: string
  readonly message: string
  readonly atMs: number
  /** Which attempt of these records it was; a queue counts the receives. */
  readonly attempt: number
  readonly records: number
  readonly firstId: string | null
  readonly next: 'retry' | 'split' | 'discard' | 'visibility' | 'answer' | 'drain'
  readonly nextMs: number | null
}

export interface FlowStatus {
  /** Shard id, or `queue`. */
  readonly flow: string
  readonly phase: string
  readonly held: number
  readonly heldBytes: number
  readonly invoking: number
  /** Batches that wait for a permit or for their next attempt. */
  readonly waiting: number
  readonly concurrency: number
  readonly watermark: string | null
  /** The age of the oldest record that is not resolved, or how far the last read was behind the tip, whichever is more. */
  readonly behindMs: number | null
  /** The age of the last record of the batch that is out or waits for its next attempt (streams); null: there is none. */
  readonly iteratorAgeMs: number | null
  /** What the source answers to reads, in one word. */
  readonly trouble: string | null
  readonly sourceTrouble: Trouble | null
  readonly functionTrouble: FunctionTrouble | null
  readonly lastFailure: FailedAttempt | null
  /** Why its function cannot be invoked: nothing is received from the queue until it can. */
  readonly outage: string | null
  readonly detail: FlowDetail
  /** A shard that waits: which of its parents are not done. */
  readonly waitsFor: readonly string[]
}

/** What `why` has to know beside the numbers. */
export interface FlowDetail {
  /** The batches that are on their way and have the most to tell: those that failed first. */
  readonly batches: readonly BatchInspection[]
  /** FIFO: groups whose next message may not be run yet. */
  readonly groups: readonly GroupInspection[]
  /** Messages that were let go and come back when their visibility ends. */
  readonly hidden: HiddenInspection
  /** When the batching window ends; null: nothing is gathered in one. */
  readonly windowEndsInMs: number | null
}

/** Where a batch is on its way. */
export type BatchStep = 'permit' | 'invoking' | 'waiting' | 'landing'

/** One batch on its way, as it is shown. */
export interface BatchInspection {
  /** `permit`: it waits for a free invocation; `waiting`: for its next attempt; `landing`: for the failure destination. */
  readonly step: BatchStep
  readonly records: number
  /** Attempts that ran and failed. */
  readonly attempts: number
  /** Attempts in a row that did not run. */
  readonly notRun: number
  /** waiting: when the next attempt is due. */
  readonly nextInMs: number | null
  /** invoking: how long it has been with the function. */
  readonly runsForMs: number | null
  /** The first of its records: where it is the only one, the one that blocks. */
  readonly first: RecordInspection | null
  /** The final invocation of a tumbling window, which carries no records. */
  readonly final: boolean
  /** Records held here that may not go before it does. */
  readonly behind: number
}

export interface RecordInspection {
  readonly id: string
  readonly position: string
  readonly orderKey: string
  readonly arrivedMs: number
}

/** A message group that waits behind one of its messages. */
export interface GroupInspection {
  readonly group: string
  /** The message that the others wait behind. */
  readonly messageId: string
  /** `hidden`: it was let go, and the queue holds the group back until its visibility ends. Else what its batch does. */
  readonly step: BatchStep | 'hidden'
  /** hidden, waiting: when that ends. */
  readonly endsInMs: number | null
  /** Messages of the group that are known here to wait behind it. The queue may have more. */
  readonly behind: number
}

export interface HiddenInspection {
  readonly count: number
  /** When the first of them is shown again. */
  readonly firstInMs: number | null
  readonly firstId: string | null
}

/** What one mapping has done since the process started. */
export interface MappingCounts {
  readonly polled: number
  readonly filteredOut: number
}

/** What one mapping does now. */
export interface MappingActivity {
  readonly lastInvokedMs: number | null
  /** Records sent to the function, over the last minute. */
  readonly recordsPerSecond: number
}

/** A mapping in a list of all: what it does, what it did, and, where that was asked for, how much waits in its queue. */
export interface MappingOverview extends MappingStatus {
  readonly activity: MappingActivity
  /** Absent: nobody asked. null: a stream, which counts nothing, or the queue did not say. */
  readonly backlog?: Backlog | null
}

export interface Backlog {
  readonly visible: number
  readonly inFlight: number
  readonly delayed: number
}
