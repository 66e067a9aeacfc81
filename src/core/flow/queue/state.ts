import type { NotRunReason } from '../../../model/invocation.ts'
import type { FlowConfig } from '../config.ts'
import type { SettleReason } from '../messages.ts'
import type { Held } from '../state.ts'
import { type ScaleState, createScale } from './scale.ts'

/** The reader and the ledger of a queue. */
export interface QueueState {
  readonly kind: 'queue'
  readonly scale: ScaleState
  /** The last receive came back full: the queue has more. */
  backlog: boolean
  /** Records that wait for their window or for more of them (mappings with a batching window). */
  gathering: Held[]
  /** Batches as the receives brought them (window 0), waiting for a flight or for their groups. */
  ready: Held[][]
  /** Receives whose reply was lost, to be repeated by name. */
  lostReads: LostRead[]
  /** Message groups that have records in flight or not yet acknowledged, with their number. */
  readonly lockedGroups: Map<string, number>
  /** Acknowledgements that the queue refused, to be tried again one by one. */
  unsettled: Unsettled[]
  /** To be handed back when it is known how long they last (`flow/queue/extension.ts`). */
  unreleased: Held[]
  /** What was let go and comes back. */
  readonly hidden: HiddenMessages
  /** The longest run seen; null: none yet. */
  longestRunMs: number | null
  /** null: as far as is known, the function can be invoked. */
  outage: Outage | null
  /** Draining: how long an attempt may start. */
  starts: DrainStarts
}

/** Both monotonic (`flow/queue/drain.ts`). */
export interface DrainStarts {
  readonly untilMs: number
  /** The end of the grace time, by which the last run is to be done; null: the flow is not being stopped. */
  readonly stopMs: number | null
}

export type OutageReason = Exclude<NotRunReason, 'throttled' | 'unavailable'>

/** What is known of a function that cannot be invoked (`flow/queue/outage.ts`). */
export interface Outage {
  readonly reason: OutageReason
  phase: 'waiting' | 'looking' | 'trying'
  /** Looks since the last attempt. */
  looks: number
  /** Attempts in a row that were refused. */
  readonly refusals: number
  readonly refusedMs: number
  /** When the next look, or the next try, is due (monotonic). */
  nextMs: number
  /** The flight that tries. */
  flight: number | null
}

/** A message that left our hands unacknowledged and is hidden until its visibility ends. Only shown, never acted upon. */
export interface Hidden {
  readonly group: string
  /** When the queue shows it again (monotonic). */
  readonly untilMs: number
}

/** By message id, in the order in which they were let go. */
export type HiddenMessages = Map<string, Hidden>

export interface LostRead {
  readonly id: number
  readonly sinceMs: number
}

export interface Unsettled {
  readonly held: Held
  readonly why: SettleReason
  /** The one that was refused. */
  readonly attempt: number
  readonly dueMs: number
}

export function createQueueState(config: FlowConfig): QueueState {
  return {
    kind: 'queue',
    scale: createScale(),
    backlog: false,
    gathering: [],
    ready: [],
    lostReads: [],
    lockedGroups: new Map(),
    unsettled: [],
    unreleased: [],
    hidden: new Map(),
    longestRunMs: null,
    outage: config.unreachable ? outageAtStart() : null,
    starts: { untilMs: Number.NEGATIVE_INFINITY, stopMs: null },
  }
}

/** What a queue's flow begins with whose function could not be reached when it was looked at. */
function outageAtStart(): Outage {
  return { reason: 'unreachable', phase: 'waiting', looks: 0, refusals: 0, refusedMs: 0, nextMs: 0, flight: null }
}
