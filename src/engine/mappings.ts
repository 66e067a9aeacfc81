import type { FlowDetail } from '../core/flow/inspection.ts'
import type { FunctionFailure } from '../model/failure.ts'
import type { Adoption, MappingDocument, MappingOrigin, MappingParameters } from '../model/mapping.ts'

/** All mappings of the process: what the API, the config file and `--adopt` act upon. Refusals are thrown as `ApiError`. */
export interface Mappings {
  list(): readonly MappingDocument[]
  get(uuid: string): MappingDocument | undefined
  /** Stores the mapping and starts it; resolves with what the response shows (State Creating, or Disabled). */
  create(request: CreateMapping): Promise<MappingDocument>
  /** Lays `changes` (already validated and resolved) over the mapping; resolves with State Updating, Enabling, Disabling or Disabled. */
  update(uuid: string, changes: MappingChanges): Promise<MappingDocument>
  /** Finishes what is in flight in the background, then forgets the mapping; resolves with State Deleting. */
  delete(uuid: string): Promise<MappingDocument>
  tag(uuid: string, tags: Readonly<Record<string, string>>): Promise<void>
  untag(uuid: string, keys: readonly string[]): Promise<void>
  status(uuid: string): MappingStatus | undefined
  /** Mappings of the store that are too damaged to be listed: nobody can tell their source or function. */
  nameless(): readonly MappingStatus[]
  /** Where the store cannot vouch for the mapping: what is damaged, and what to do. It does not run. */
  damageOf(uuid: string): string | undefined
}

export interface CreateMapping {
  readonly origin: MappingOrigin
  readonly sourceName: string
  readonly functionArn: string
  readonly parameters: MappingParameters
  readonly tags: Readonly<Record<string, string>>
  /** An adopted mapping keeps its UUID, so that what a stack knows of it holds here as well. */
  readonly adoption?: { readonly uuid: string; readonly createdMs: number; readonly adopted: Adoption }
}

export interface MappingChanges {
  readonly functionArn?: string
  /** The whole set after the change. */
  readonly parameters: MappingParameters
  readonly adopted?: Adoption
}

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
