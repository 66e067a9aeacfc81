import type { FlowEnv, FlowEvent, FlowRequest, Matches } from '../../src/core/flow/messages.ts'
import type { FlowConfig } from '../../src/core/flow/config.ts'
import type { Checkpoint } from '../../src/model/checkpoint.ts'
import type { FlowRecord } from '../../src/model/record.ts'
import type { PutFact } from './put-fact.ts'

/** What a bystander knows who saw every entry so far, and nothing of the flow's inside. */
export interface Book {
  readonly facts: Map<string, Fact>
  readonly inOrder: Fact[]
  readonly lives: Map<number, Life>
  healed: boolean
}

/** The truth about one record of the source. */
export interface Fact extends PutFact {
  gone: 'trimmed' | 'deleted' | 'dlq' | null
  /** Acknowledged, filtered or discarded, as some flow saw it. */
  resolved: boolean
  /** How often a function took it with success. */
  successes: number
  /** A flow was told that it does not match. */
  filtered: boolean
  /** A flow counted it as dropped by retention. */
  dropped: boolean
}

/** One flow from `opened` to its end. */
export interface Life {
  readonly life: number
  config: FlowConfig
  env: FlowEnv
  opened: Checkpoint | null
  readonly pending: Map<number, FlowRequest>
  readonly used: Set<number>
  /** Permits that were granted and neither used nor given back. */
  readonly granted: Set<number>
  readonly held: Map<string, Held>
  /** Delivered and matching, no attempt yet, oldest first. */
  readonly waiting: Map<string, Held>
  readonly shard: Line
  readonly keys: Map<string, Line>
  lastDelivered: FlowRecord | null
  reads: number
  delivered: number
  /** The filters of the last update; null: the mark that a record brought along holds. */
  matches: Matches | null
  configs: number
  flightsMax: number
  /** It has had a tumbling window under one of its configurations. */
  tumbled: boolean
  /** Its stream began a new life under it. */
  recreated: boolean
  /** Records that its opening checkpoint calls done came again, because part of their run was trimmed. */
  repeats: boolean
  drainingSince: number | null
  drain: Extract<FlowEvent, { kind: 'draining' }> | null
  /** When each receive, attempt and extension was sent. */
  readonly sentMs: Map<number, number>
  /** Receipts are prolonged since; null: they are not. */
  extendsSinceMs: number | null
  /** Of the attempts that ran. */
  longestRunMs: number | null
  outage: OutageBook | null
  leaseLost: boolean
  fenced: boolean
  finished: boolean
  drained: boolean
  crashed: boolean
  /** When the last attempt, settle or discard ended. */
  lastEndMs: number
}

/** The function refused an attempt in a way that holds for all of them. */
export interface OutageBook {
  reason: 'unreachable' | 'missing' | 'denied'
  refusals: number
  refusedMs: number
  /** The last look since the last attempt did not say no. */
  allowed: boolean
  /** Attempts and receives since it began that are out. */
  readonly attempts: Set<number>
  readonly reads: Set<number>
}

/** Records in the order of delivery; everything before `first` is over. */
export interface Line {
  readonly items: Held[]
  first: number
}

export interface Held {
  readonly key: string
  readonly fact: Fact | undefined
  readonly record: FlowRecord
  /** When it was asked for, by the first of the receives that were one. */
  readonly askedMs: number
  readonly receivedMs: number
  /** The same by the clock of the flow's own waits: its window begins then. */
  readonly heldSinceMs: number
  /** What its receive asked for. */
  readonly visibilityMs: number
  /** Queues: when the receipt counts as run out, and when the queue shows the message again. */
  expiresMs: number
  shownMs: number
  /** When its last attempt was sent. */
  sentMs: number
  /** An extension of its receipt was granted, or refused. */
  extended: boolean
  refused: boolean
  /** A refusal that would be repeated. */
  refusedForGood: boolean
  /** `acked`: the function took it, the queue does not know yet. `left`: it ended unacknowledged. */
  phase: 'held' | 'out' | 'acked' | 'settling' | 'discarding' | 'done' | 'left'
  failures: number
  notRuns: number
  /** Answered settles. */
  settles: number
  /** When it ended unacknowledged. */
  leftMs: number
}

export function createBook(): Book {
  return { facts: new Map(), inOrder: [], lives: new Map(), healed: false }
}

/** What a record in hand is known by: a queue gives the same message again under another receipt. */
export function heldKey(record: FlowRecord): string {
  return record.receipt === '' ? record.fragment : record.receipt
}

export function lifeOf(book: Book, life: number): Life {
  const found = book.lives.get(life)
  if (found === undefined) throw new Error(`trace speaks of life ${String(life)} before it opened`)
  return found
}

export function isStreamLife(life: Life): boolean {
  return life.config.traits.progress === 'position'
}

export function beginLife(book: Book, number: number, config: FlowConfig, env: FlowEnv): Life {
  const life: Life = {
    life: number,
    config,
    env,
    opened: null,
    pending: new Map(),
    used: new Set(),
    granted: new Set(),
    held: new Map(),
    waiting: new Map(),
    shard: { items: [], first: 0 },
    keys: new Map(),
    lastDelivered: null,
    reads: 0,
    delivered: 0,
    matches: null,
    configs: 0,
    flightsMax: 0,
    tumbled: false,
    recreated: false,
    repeats: false,
    drainingSince: null,
    drain: null,
    sentMs: new Map(),
    extendsSinceMs: null,
    longestRunMs: null,
    outage: null,
    leaseLost: false,
    fenced: false,
    finished: false,
    drained: false,
    crashed: false,
    lastEndMs: env.monoMs,
  }
  book.lives.set(number, life)
  return life
}

/** What is asked of the world and not answered yet. */
export function pendingOf<K extends FlowRequest['kind']>(life: Life, kind: K): Extract<FlowRequest, { kind: K }>[] {
  return [...life.pending.values()].filter((one): one is Extract<FlowRequest, { kind: K }> => one.kind === kind)
}

export function countPending(life: Life, kind: FlowRequest['kind']): number {
  let count = 0
  for (const one of life.pending.values()) if (one.kind === kind) count += 1
  return count
}

/** By the mark it was read with and by the filters that came later. */
export function matchesNow(life: Life, record: FlowRecord): boolean {
  return record.matched && (life.matches === null || life.matches(record))
}

/** Everything of the line that is over leaves it. */
export function trimLine(line: Line): void {
  for (let next = line.items[line.first]; next !== undefined && isOver(next); next = line.items[line.first])
    line.first += 1
}

export function isOver(held: Held): boolean {
  return held.phase === 'done' || held.phase === 'left'
}

/** A moment by the clock of the flow's own waits, as far ahead as it was at its last step. */
export function ownMs({ env }: Life, t: number): number {
  return t + env.monoMs - env.receiptMonoMs
}
