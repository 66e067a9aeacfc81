import type { FlowEvent, FlowRequest } from '../../src/core/flow/messages.ts'
import type { FlowRecord } from '../../src/model/record.ts'
import { type Book, type Fact, type Held, type Life, type OutageBook, heldKey, isStreamLife } from './book.ts'
import { setPhase } from './book-commands.ts'

/** What an event says about the records that are in hand. */
export function applyEvent(book: Book, life: Life, event: FlowEvent): void {
  const request = 'id' in event ? life.pending.get(event.id) : undefined
  if ('id' in event) forget(life, event.id)
  switch (event.kind) {
    case 'opened':
      return onOpened(life, event)
    case 'readDone':
      if (event.result.kind === 'records') deliver(book, life, event.result.records, receiveOf(life, event.id, request))
      return
    case 'permitted':
      life.granted.add(event.id)
      return
    case 'invoked':
      if (request?.kind === 'invoke') onInvoked(life, request, event)
      life.lastEndMs = life.env.monoMs
      return
    case 'settled':
      if (request?.kind === 'settle') onSettled(life, request, event.failed)
      life.lastEndMs = life.env.monoMs
      return
    case 'extended':
      if (request?.kind === 'extend') onExtended(life, request, event)
      return
    case 'discarded':
      if (request?.kind === 'discard') for (const held of heldOf(life, request.records)) resolve(life, held)
      life.lastEndMs = life.env.monoMs
      return
    case 'configured':
      life.configs += 1
      // What is left to do of a flow that ends is done under the filters it had.
      if (event.matches !== undefined && life.drainingSince === null) life.matches = event.matches
      return
    case 'draining':
      life.drainingSince ??= life.env.receiptMonoMs
      life.drain ??= event
      return
    case 'looked':
      return onLooked(life, event)
    case 'leaseLost':
      life.leaseLost = true
      return
    case 'fenced':
      life.fenced = true
      return
    case 'cancelled':
    case 'released':
    case 'checkpointed':
    case 'timer':
    case 'shardGone':
      return
    default:
      return event satisfies never
  }
}

function forget(life: Life, id: number): void {
  life.pending.delete(id)
  life.outage?.reads.delete(id)
}

function onOpened(life: Life, event: Extract<FlowEvent, { kind: 'opened' }>): void {
  life.opened = event.checkpoint
  if (!isStreamLife(life) && life.config.unreachable) life.outage = beginOutage('unreachable')
}

function onLooked({ outage }: Life, event: Extract<FlowEvent, { kind: 'looked' }>): void {
  if (outage !== null) outage.allowed = !saysNo(outage, event.answer)
}

function beginOutage(reason: OutageBook['reason']): OutageBook {
  return { reason, refusals: 0, refusedMs: 0, allowed: false, attempts: new Set(), reads: new Set() }
}

function noteRefusal(life: Life, { id, outcome }: Extract<FlowEvent, { kind: 'invoked' }>): void {
  if (outcome.kind !== 'notRun') noteRun(life, id)
  if (isStreamLife(life)) return
  const isOwn = life.outage?.attempts.delete(id) ?? true
  const reason = outcome.kind === 'notRun' ? outcome.reason : null
  // Of attempts that were out when it began nothing is to be learned.
  if (!isOwn) return
  if (reason !== 'unreachable' && reason !== 'missing' && reason !== 'denied') life.outage = null
  else {
    life.outage ??= beginOutage(reason)
    Object.assign(life.outage, { reason, refusedMs: life.env.monoMs, allowed: false })
    life.outage.refusals += 1
  }
}

function noteRun(life: Life, id: number): void {
  const ranMs = life.env.receiptMonoMs - (life.sentMs.get(id) ?? life.env.receiptMonoMs)
  life.longestRunMs = Math.max(life.longestRunMs ?? 0, ranMs)
}

function saysNo(outage: OutageBook, answer: Extract<FlowEvent, { kind: 'looked' }>['answer']): boolean {
  return answer === 'unreachable' || (answer === 'missing' && outage.reason !== 'unreachable')
}

/** What the receive asked for, or the queue's own; an update meanwhile changes nothing of it. */
function receiveOf(life: Life, id: number, request: FlowRequest | undefined): Receive {
  const visibilityMs = request?.kind === 'read' ? request.visibilityMs : null
  return {
    askedMs: life.sentMs.get(id) ?? life.env.receiptMonoMs,
    visibilityMs: visibilityMs ?? life.config.visibilityMs,
  }
}

type Receive = Pick<Held, 'askedMs' | 'visibilityMs'>

function deliver(book: Book, life: Life, records: readonly FlowRecord[], { askedMs, visibilityMs }: Receive): void {
  const stream = isStreamLife(life)
  const expiresMs = stream ? Infinity : life.env.receiptMonoMs + visibilityMs - Math.min(5_000, visibilityMs / 5)
  for (const record of records) {
    const fact = book.facts.get(record.fragment)
    const held: Held = {
      key: heldKey(record),
      fact,
      record,
      askedMs,
      receivedMs: life.env.receiptMonoMs,
      heldSinceMs: life.env.monoMs,
      visibilityMs,
      expiresMs,
      shownMs: life.env.receiptMonoMs + visibilityMs,
      sentMs: -1,
      extended: false,
      refused: false,
      refusedForGood: false,
      phase: 'held',
      failures: 0,
      notRuns: 0,
      settles: 0,
      leftMs: -1,
    }
    life.delivered += 1
    life.lastDelivered = record
    life.held.set(held.key, held)
    lineUp(life, held)
    if (!record.matched && fact !== undefined) fact.filtered = true
    if (stream && isSettledByReading(life, held)) resolve(life, held)
    else if (record.matched) life.waiting.set(held.key, held)
  }
}

function isSettledByReading(life: Life, held: Held): boolean {
  const { skipBeforeMs } = life.config
  return (
    !held.record.matched ||
    (skipBeforeMs !== null && held.record.arrivedMs < skipBeforeMs) ||
    wasCompleted(life, held.fact)
  )
}

/** The checkpoint this life began with says that the record is over. */
export function wasCompleted(life: Life, fact: Fact | undefined): boolean {
  const { opened } = life
  if (opened === null || fact === undefined || opened.incarnation !== fact.incarnation) return false
  const place = Number(fact.position)
  return (
    (opened.watermark !== null && place <= Number(opened.watermark)) ||
    opened.completed.some((range) => place >= Number(range.first) && place <= Number(range.last))
  )
}

function lineUp(life: Life, held: Held): void {
  life.shard.items.push(held)
  const line = life.keys.get(held.record.orderKey)
  if (line === undefined) life.keys.set(held.record.orderKey, { items: [held], first: 0 })
  else line.items.push(held)
}

function heldOf(life: Life, records: readonly FlowRecord[]): Held[] {
  return records.flatMap((record) => life.held.get(heldKey(record)) ?? [])
}

function resolve(life: Life, held: Held): void {
  if (held.fact !== undefined) held.fact.resolved = true
  setPhase(life, held, 'done')
}

function onInvoked(
  life: Life,
  request: Extract<FlowRequest, { kind: 'invoke' }>,
  event: Extract<FlowEvent, { kind: 'invoked' }>,
): void {
  const { outcome } = event
  noteRefusal(life, event)
  const stream = isStreamLife(life)
  const failed = outcome.kind === 'partial' ? new Set(outcome.failed) : null
  const lowest = outcome.kind === 'partial' ? (outcome.failed[0] ?? 0) : 0
  request.records.forEach((record, index) => {
    const held = life.held.get(heldKey(record))
    if (held === undefined) return
    if (outcome.kind === 'notRun') {
      held.notRuns += 1
      return setPhase(life, held, 'held')
    }
    const ok = outcome.kind === 'succeeded' || (failed !== null && (stream ? index < lowest : !failed.has(index)))
    if (ok) return succeed(life, held)
    held.failures += 1
    setPhase(life, held, stream ? 'held' : 'left')
  })
}

function succeed(life: Life, held: Held): void {
  if (held.fact !== undefined) held.fact.successes += 1
  if (isStreamLife(life)) resolve(life, held)
  else setPhase(life, held, 'acked')
}

/** It lasts from the question on: when the queue heard it, nobody knows. */
function onExtended(
  life: Life,
  request: Extract<FlowRequest, { kind: 'extend' }>,
  { failed, final }: Extract<FlowEvent, { kind: 'extended' }>,
): void {
  const sentMs = life.sentMs.get(request.id) ?? life.env.receiptMonoMs
  request.records.forEach((record, index) => {
    const held = life.held.get(heldKey(record))
    if (held === undefined) return
    if (failed.includes(index)) {
      held.refused = true
      held.refusedForGood ||= final?.includes(index) === true
      return
    }
    held.extended = true
    held.shownMs = sentMs + request.visibilityMs
    held.expiresMs = held.shownMs - Math.min(5_000, request.visibilityMs / 5)
  })
}

function onSettled(life: Life, request: Extract<FlowRequest, { kind: 'settle' }>, failed: readonly number[]): void {
  request.records.forEach((record, index) => {
    const held = life.held.get(heldKey(record))
    if (held === undefined) return
    held.settles += 1
    if (failed.includes(index)) setPhase(life, held, 'acked')
    else resolve(life, held)
  })
}
