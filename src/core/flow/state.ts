import type { InvocationReply } from '../../model/invocation.ts'
import type { BatchStep } from '../../model/mapping-status.ts'
import type { FlowRecord } from '../../model/record.ts'
import { assert } from '../assertion.ts'
import type { DrainReason, FlowCommand, FlowEnv, FlowRequest, Matches, ReadOutcome, SettleReason } from './messages.ts'
import type { BatchLayout, FlowConfig } from './config.ts'
import type { PaceState } from '../pace.ts'
import type { QueueState } from './queue/state.ts'
import type { ShardState } from './shard/state.ts'

/**
 *   opening ──opened──▶ running ──draining / leaseLost / fenced──▶ draining ──nothing outstanding──▶ ended
 *                          └──shard end, all resolved, last checkpoint──────────────────────────────▶ ended
 */
export type FlowPhase = 'opening' | 'running' | 'draining' | 'ended'

/** Everything one flow knows. Owned and changed in place by `step`; nobody else writes to it. */
export interface FlowState {
  phase: FlowPhase
  drainReason: DrainReason | 'leaseLost' | null
  nextId: number
  /** What every unanswered id was asked for. */
  readonly pending: Map<number, Pending>
  readonly flights: Map<number, Flight>
  readonly pace: PaceState
  trouble: Exclude<ReadOutcome['kind'], 'records'> | null
  /** A read was left out for want of so much memory: the flow wants to be woken when there is as much; 0: it is not short. */
  missingBytes: number
  /** What the waiting batches were laid out by. */
  layout: BatchLayout
  /** The filters that came after records were read; null: the mark each record brought along is right. */
  matches: Matches | null
  heldRecords: number
  heldBytes: number
  /** What the requests that are out are charged: records that a read may bring, events on their way. */
  requestedBytes: number
  /** What a record weighed lately; null: none was seen. */
  recordBytes: number | null
  /** What the flow is of, by the source's traits. */
  readonly part: Part
  deadline: Deadline
}

/** The earliest moments at which a flow wants a `timer`, on either clock; null: there is none. */
export interface Deadline {
  readonly monoMs: number | null
  readonly receiptMonoMs: number | null
}

/** The kinds of a flow, and what each knows beside what all know. */
export interface Parts {
  readonly queue: QueueState
  readonly shard: ShardState
}

export type PartKind = keyof Parts

/** Written so that the compiler follows the kind from the part to its handlers. */
export type Part<K extends PartKind = PartKind> = { [P in K]: Parts[P] & { readonly kind: P } }[K]

/** A record in our hands, from the read that brought it until it is resolved. */
export interface Held {
  readonly record: FlowRecord
  readonly readMs: number
  /** Of a stream's record: one without an end. */
  readonly receipt: Receipt
  /** Streams: which life of the stream it belongs to. */
  readonly life: number
  stage: 'held' | 'flying' | 'done'
  /** It counts in the lock of its message group. */
  locked: boolean
}

/** How long a message is ours (`flow/queue/receipt.ts`). All moments are monotonic. */
export interface Receipt {
  /** When it was asked for: from then on, at the earliest, the queue counts how long it may last in all. */
  readonly askedMs: number
  readonly receivedMs: number
  /** What its receive asked for. */
  readonly visibilityMs: number
  /** It counts as run out. */
  expiresMs: number
  /** The queue shows the message again: the end without the margin. */
  shownMs: number
  /** When to prolong it, should it be with the function then. */
  extendAtMs: number
  /** It is being prolonged: nobody knows when it ends. */
  isAsked: boolean
}

/** One batch on its way through permit, invoke, wait, retry and bisect. */
export interface Flight {
  readonly id: number
  readonly slot: number
  phase: BatchStep
  /** The last one is being tried; the others are what bisect left for later, in order from the end. */
  readonly units: Unit[]
  /** waiting: when the next attempt is due (monotonic). */
  dueMs: number
  /** invoking: when to look whether its receipts are to be prolonged (`flow/queue/extension.ts`). */
  extendAtMs: number
  /** Attempts in a row that never ran. */
  notRunStreak: number
  /** Discards of its records that are not answered yet: the flight goes on when they are. */
  discards: number
  /** The slots are laid out anew: no further attempt, what is left goes back to the reader. */
  dissolving: boolean
}

/** The part of a flight that one invocation covers. */
export interface Unit {
  readonly held: readonly Held[]
  /** Attempts that ran (and failed). */
  attempts: number
  lastReply: InvocationReply | null
  /** The final invocation of a window carries no records. */
  readonly final: boolean
  /** When it was made (monotonic): the age of a final invocation, which has no record to take it from, begins here. */
  readonly sinceMs: number
}

export type Pending =
  | {
      readonly kind: 'read'
      readonly recordsMax: number
      readonly bytes: number
      /** The visibility it asked for; null: the queue's own. */
      readonly visibilityMs: number | null
      readonly sentMs: number
      readonly attemptSinceMs: number
    }
  /** null: the flight no longer wants it. */
  | { readonly kind: 'permit'; flight: number | null }
  | {
      readonly kind: 'invoke'
      readonly flight: number
      readonly bytes: number
      readonly sentMs: number
    }
  | { readonly kind: 'settle'; readonly held: readonly Held[]; readonly why: SettleReason; readonly attempt: number }
  | { readonly kind: 'release' }
  | {
      readonly kind: 'extend'
      readonly flight: number
      readonly held: readonly Held[]
      readonly visibilityMs: number
      readonly sentMs: number
    }
  | { readonly kind: 'look' }
  | {
      readonly kind: 'discard'
      readonly flight: number
      readonly held: readonly Held[]
    }
  | { readonly kind: 'checkpoint'; readonly done: boolean }

/** One step in the making: what the parts read and where they put their commands. */
export interface Turn {
  readonly state: FlowState
  readonly config: FlowConfig
  readonly env: FlowEnv
  readonly commands: FlowCommand[]
}

export function expect<Kind extends Pending['kind']>(pending: Pending, kind: Kind): Extract<Pending, { kind: Kind }> {
  assert(pending.kind === kind, `a ${pending.kind} was answered as a ${kind}`)
  return pending as Extract<Pending, { kind: Kind }>
}

type WithoutId<T> = T extends unknown ? Omit<T, 'id'> : never

/** What a flow asks for only while it runs. */
const beginnings: ReadonlySet<FlowRequest['kind']> = new Set(['read', 'look'])

/** Issues a command that will be answered, and remembers what for. */
export function ask(turn: Turn, request: WithoutId<FlowRequest>, pending: Pending): number {
  const { phase, drainReason } = turn.state
  assert(drainReason !== 'leaseLost', 'nothing is asked for a flow that somebody else owns')
  assert(phase === 'running' || !beginnings.has(request.kind), 'a flow that ends begins nothing')
  const id = turn.state.nextId++
  turn.state.pending.set(id, pending)
  turn.state.requestedBytes += bytesOf(pending)
  turn.commands.push({ ...request, id } as FlowRequest)
  return id
}

/** The answer is there. */
export function unask(state: FlowState, id: number): Pending | undefined {
  const pending = state.pending.get(id)
  if (pending === undefined) return undefined
  state.pending.delete(id)
  state.requestedBytes -= bytesOf(pending)
  return pending
}

function bytesOf(pending: Pending): number {
  return pending.kind === 'read' || pending.kind === 'invoke' ? pending.bytes : 0
}

export function isPending({ pending }: FlowState, kind: Pending['kind']): boolean {
  for (const one of pending.values()) if (one.kind === kind) return true
  return false
}

/** Gives up every request of this kind that is out. */
export function cancelAll({ state, commands }: Turn, kind: Pending['kind']): void {
  for (const [id, pending] of state.pending) if (pending.kind === kind) commands.push({ kind: 'cancel', id })
}

export function hold(turn: Turn, record: FlowRecord, receipt: Receipt, life: number): Held {
  turn.state.heldRecords += 1
  turn.state.heldBytes += record.bytes
  return { record, readMs: turn.env.monoMs, receipt, life, stage: 'held', locked: false }
}

/** The record leaves our hands. Twice is harmless. */
export function letGo(state: FlowState, held: Held): boolean {
  if (held.stage === 'done') return false
  held.stage = 'done'
  state.heldRecords -= 1
  state.heldBytes -= held.record.bytes
  assert(state.heldRecords >= 0 && state.heldBytes >= 0, 'no more leaves our hands than came into them')
  return true
}

/** Splits what is held by the filters that hold now. Tells which fell through. */
export function sift(turn: Turn, held: readonly Held[]): { readonly kept: Held[]; readonly out: readonly Held[] } {
  // A flow that ends leaves that to whoever reads them next: what it does not finish, it does not count.
  const matches = turn.state.phase === 'running' ? turn.state.matches : null
  const kept: Held[] = []
  const out: Held[] = []
  for (const one of held) (matches === null || matches(one.record) ? kept : out).push(one)
  if (out.length > 0) turn.commands.push({ kind: 'filtered', records: recordsOf(out) })
  return { kept, out }
}

export function recordsOf(held: readonly Held[]): readonly FlowRecord[] {
  return held.map((one) => one.record)
}
