import type { Checkpoint } from './model/checkpoint.ts'
import type { FunctionLook, InvocationReply } from './model/invocation.ts'
import type { MappingDocument } from './model/mapping.ts'
import type { ReadTrouble } from './model/read-trouble.ts'
import type { SourceRecord } from './model/record.ts'

/** Everything outside the process sits behind these. Expected answers are data; a rejected promise means a bug or an abort. */

export interface Clock {
  wallMs(): number
  monoMs(): number
  /** In [0, 1). */
  random(): number
  uuid(): string
  /** Calls back once, at or after `atMonoMs`. Returns how to call it off. Does not keep the process alive. */
  timer(atMonoMs: number, callback: () => void): () => void
}

// ---- Sources

/** One mapping's way to its queue or stream. Opened by a `SourceOpener`, closed with the mapping. */
export interface Source {
  /**
   * Looks at the queue or stream. Also tells whether it exists, for create and for `why`. `since`: the ARN of the stream that a
   * mapping which follows a name is attached to; those of the name that have ended since are told of as long as they can be read.
   */
  describe(signal: AbortSignal, since?: string | null): Promise<DescribeResult>
  /**
   * Keeps where the open shards end now, for reads from `latest`, and says which shards are closed; null: that could not be
   * told. Absent: the source seeks by time.
   */
  keepLatest?(signal: AbortSignal): Promise<KeptLatest | null>
  /** How much waits in a queue now, and what becomes of its messages. Asked only when somebody wants to know. */
  depth(signal: AbortSignal): Promise<DepthResult>
  read(request: ReadRequest, signal: AbortSignal): Promise<ReadResult>
  /** Acknowledges, one try. `apart`: each by a call of its own. Answers with the indexes that the source refused, each with its reason. */
  settle(records: readonly SourceRecord[], signal: AbortSignal, apart?: boolean): Promise<SettleResult>
  /** Has each held for so long from now on, one try: of a queue. Answers with the indexes that keep their end, each with the reason. */
  extend(records: readonly SourceRecord[], visibilityMs: number, signal: AbortSignal): Promise<SettleResult>
  /** Hands back at once, best effort. */
  release(records: readonly SourceRecord[], signal: AbortSignal): Promise<void>
  /** The source's clock minus the local one, by the `Date` header of its last reply. */
  clockOffsetMs(): number
  close(): Promise<void>
}

export interface ReadRequest {
  /** The shard; empty for a queue. */
  readonly shardId: string
  readonly recordsMax: number
  readonly waitMs: number
  readonly visibilityMs: number | null
  readonly from:
    | { readonly at: 'after'; readonly position: string }
    | { readonly at: 'horizon' }
    /** `orNow`: where the source's clock has not come so far, its present is meant. */
    | { readonly at: 'time'; readonly ms: number; readonly orNow?: boolean }
    /** Where `keepLatest` found the shard's end; the horizon where it was not asked, or is known no more. */
    | { readonly at: 'latest' }
    | null
  /** The life of the stream that `from` belongs to: in another one the source answers `recreated`. Absent: the life it read last. */
  readonly incarnation?: string | undefined
  /** Names this read; a read that repeats a lost one carries the same. */
  readonly attemptId: string
}

export type ReadResult =
  | {
      readonly kind: 'records'
      readonly records: readonly SourceRecord[]
      readonly end: boolean
      readonly tip: boolean
      /** It went on where `keepLatest` found the end: nothing older can come behind it. */
      readonly fromKeptEnd?: boolean | undefined
      /** How far behind the tip the source says this read is; null where it does not say. */
      readonly behindMs: number | null
    }
  | ReadTrouble

export type DescribeResult =
  | {
      readonly kind: 'found'
      /** The ARN that records carry (a stream named by its table resolves to the newest one). */
      readonly arn: string
      readonly incarnation: string
      /** Queues: the queue's own visibility timeout. */
      readonly visibilityMs: number | null
      /** Queues: how often a message is received before the redrive policy takes it; null or absent: it has none. */
      readonly maxReceiveCount?: number | null
      /** Streams: how long records are kept. */
      readonly retentionMs: number | null
      /** Streams: every shard that is listed now, all pages. Empty for queues. */
      readonly shards: readonly Shard[]
      /** Streams of the same name that ended before this one began and can still be read, oldest first. */
      readonly older?: readonly StreamListing[] | undefined
    }
  | { readonly kind: 'missing'; readonly message: string }
  | { readonly kind: 'denied'; readonly message: string; readonly action?: string | undefined }
  | { readonly kind: 'throttled'; readonly message: string; readonly retryAfterMs?: number | undefined }
  | { readonly kind: 'failed'; readonly message: string }

export type DepthResult =
  | {
      readonly kind: 'queue'
      /** All three are approximate, as the service says itself. */
      readonly visible: number
      readonly inFlight: number
      readonly delayed: number
      readonly visibilityMs: number | null
      /** null: there is none, a message that always fails comes back until its retention ends. */
      readonly redrive: { readonly deadLetterArn: string; readonly receivesMax: number } | null
    }
  /** A stream counts nothing. */
  | { readonly kind: 'uncounted' }
  | { readonly kind: 'missing' | 'denied' | 'throttled' | 'failed'; readonly message: string }

/** One life of a stream with all of its shards. */
export interface StreamListing {
  readonly arn: string
  readonly incarnation: string
  readonly shards: readonly Shard[]
}

export interface KeptLatest {
  readonly arn: string
  readonly incarnation: string
  readonly closed: readonly string[]
}

export interface Shard {
  readonly shardId: string
  /** None, one (a split, a rollover), or two (a merge). */
  readonly parentIds: readonly string[]
  readonly startingPosition: string
  /** The shard takes no more records. */
  readonly closed: boolean
}

export type SettleResult = { readonly failed: readonly SettleRefusal[] }

export interface SettleRefusal {
  readonly index: number
  readonly message: string
  /** Asking again would be refused again. */
  readonly final?: boolean | undefined
}

export interface SourceOpener {
  open(mapping: MappingDocument): Source
}

// ---- Targets

/** Runs functions. One call is one attempt: nothing behind this port retries. */
export interface Target {
  invoke(request: InvokeRequest, signal: AbortSignal): Promise<InvokeResult>
  /** What is known of the function: its timeout, and whether it exists. `lately`: what was found before will do. */
  describe(functionName: string, signal: AbortSignal, lately?: boolean): Promise<FunctionDescription>
  /** Whether its owner lets it loop for ever (RecursiveLoop: Allow). Asked only when a loop was found. */
  allowsLoops(functionName: string, signal: AbortSignal): Promise<boolean>
  /** Whether it could be invoked now, without invoking it. Costs one small request. */
  look(functionName: string, signal: AbortSignal): Promise<FunctionLook>
}

export interface InvokeRequest {
  /** A name, `name:qualifier` or an ARN, as the mapping has it. */
  readonly functionName: string
  readonly payload: string
  readonly traceHeader?: string | undefined
  /** Base64, as whoever invokes a function by hand has sent it. */
  readonly clientContext?: string | undefined
}

export type InvokeResult =
  /** The function answered, well or badly. */
  | { readonly kind: 'answered'; readonly reply: InvocationReply; readonly payload: string }
  /** It ran or may have run, and no usable answer came: a timeout, a connection lost after acceptance. */
  | { readonly kind: 'lost'; readonly errorType: string; readonly message: string }
  /** It did not run. `noLambda`: whoever answered runs no functions at all. */
  | {
      readonly kind: 'throttled' | 'unreachable' | 'missing' | 'noLambda' | 'denied' | 'unavailable'
      readonly message: string
      readonly retryAfterMs?: number | undefined
    }

export type FunctionDescription =
  | {
      readonly kind: 'found'
      /** The ARN, with the qualifier that was asked for; null where the target does not know one. */
      readonly arn: string | null
      readonly timeoutMs: number | null
      /** How many attempts may be out at once where Millrace hosts the function; null: the target decides. */
      readonly concurrency: number | null
    }
  | { readonly kind: 'missing'; readonly message: string }
  /** Nobody there runs functions. */
  | { readonly kind: 'noLambda'; readonly message: string }
  | { readonly kind: 'unknown'; readonly message: string }

/** The mappings that a Lambda endpoint itself has, and polls for. */
export interface UpstreamMappings {
  /** All pages. */
  list(signal: AbortSignal): Promise<UpstreamList>
  /** UpdateEventSourceMapping with this body. */
  update(uuid: string, body: Readonly<Record<string, unknown>>, signal: AbortSignal): Promise<UpstreamChange>
  delete(uuid: string, signal: AbortSignal): Promise<UpstreamChange>
}

export interface UpstreamMapping {
  readonly uuid: string
  readonly state: string
  /** null: the endpoint does not say when it was last modified. */
  readonly modifiedMs: number | null
  /** The whole configuration, as it came. */
  readonly members: Readonly<Record<string, unknown>>
}

export type UpstreamList =
  | { readonly kind: 'listed'; readonly mappings: readonly UpstreamMapping[] }
  /** The endpoint does not have these operations. */
  | { readonly kind: 'unsupported'; readonly message: string }
  | { readonly kind: 'failed'; readonly message: string }

export type UpstreamChange =
  | { readonly kind: 'done' }
  | { readonly kind: 'missing'; readonly message: string }
  /** It is changing already, or the endpoint asks for time. */
  | { readonly kind: 'busy'; readonly message: string }
  /** It was not done, and would not be if it were asked again. */
  | { readonly kind: 'refused'; readonly message: string }
  /** It may have been done. */
  | { readonly kind: 'failed'; readonly message: string }

// ---- Destinations

export interface Destination {
  /** One try. The caller tries again. */
  deliver(delivery: Delivery, signal: AbortSignal): Promise<DeliveryResult>
}

export interface Delivery {
  readonly arn: string
  /** The failure record. */
  readonly body: string
  /** Where an object store puts it. */
  readonly objectKey: string
}

export type DeliveryResult =
  { readonly kind: 'delivered' } | { readonly kind: 'refused'; readonly message: string; readonly retryable: boolean }

// ---- Store

/**
 * What a write survives once its promise has resolved: the end of the process, or a loss of power as well. The second costs a wait
 * for the disk, and is for what somebody was told; what a power cut undoes of the first is delivered or learned again.
 */
export type Survival = 'process' | 'power'

/** Keeps mappings and checkpoints. A write that was refused has changed nothing. */
export interface Store {
  /** Without those that are damaged. */
  mappings(): Promise<readonly MappingDocument[]>
  /** What was found wrong when it was opened, as far as it still is. */
  findings(): StoreFindings
  /** Survives a loss of power, unless less is asked for. */
  putMapping(document: MappingDocument, survives?: Survival): Promise<void>
  /** Removes the mapping with its checkpoints. */
  deleteMapping(uuid: string): Promise<void>
  /** Takes the flow over: raises its fence, so that writes of earlier owners are refused from here on. */
  openFlow(uuid: string, flow: string): Promise<{ readonly fence: number; readonly checkpoint: Checkpoint | null }>
  writeCheckpoint(uuid: string, flow: string, fence: number, checkpoint: Checkpoint): Promise<'written' | 'fenced'>
  checkpoints(uuid: string): Promise<readonly { readonly flow: string; readonly checkpoint: Checkpoint }[]>
  deleteCheckpoint(uuid: string, flow: string): Promise<void>
  /** Writes, and changes nothing by it: rejects when nothing can be written. */
  probe(): Promise<void>
  close(): Promise<void>
}

export interface StoreFindings {
  readonly damaged: readonly DamagedMapping[]
  /** What is gone, a sentence each. */
  readonly lost: readonly string[]
}

/** A mapping that is kept as it is and must not run: its document or one of its positions cannot be believed. */
export interface DamagedMapping {
  readonly uuid: string
  /** null: it is the document that is damaged. */
  readonly document: MappingDocument | null
  readonly sourceName: string | null
  readonly functionArn: string | null
  /** Which file, table and UUID, and what to do. */
  readonly message: string
}
