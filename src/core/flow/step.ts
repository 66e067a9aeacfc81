import { flightOf } from './flight.ts'
import type { FlowCommand, FlowEnv, FlowEvent, Matches, ReadOutcome } from './messages.ts'
import type { FlowConfig } from './config.ts'
import { type FlowState, type Pending, type Turn, isSameLayout, layoutOf } from './state.ts'
import { createPace, paceAfterPage, paceAfterTrouble, earliest } from '../pace.ts'
import { onQueueInvoked, onQueuePermitted } from './queue/attempt.ts'
import {
  drainQueue,
  forsakeQueue,
  isQueueOwed,
  openQueue,
  pumpQueue,
  queueMoments,
  reconfigureQueue,
} from './queue/part.ts'
import { onSettled } from './queue/ledger.ts'
import { onLooked, outageAtStart } from './queue/outage.ts'
import { cancelReads, onReceived } from './queue/reader.ts'
import { createQueueState } from './queue/state.ts'
import { onShardDiscarded, onShardInvoked, onShardPermitted } from './shard/attempt.ts'
import { drainShard, forsakeShard, openShard, pumpShard, reconfigureShard, shardMoments } from './shard/part.ts'
import { loseShard, losePosition, onPage } from './shard/reader.ts'
import { createShardState } from './shard/state.ts'
import { assert } from '../assertion.ts'

/**
 * One queue or one shard of one mapping, as a machine: an event and the clocks go in, commands come out. Nothing here waits,
 * reads a clock or throws an expected error; SPEC.md has its states, events and invariants.
 */

export function createFlow(config: FlowConfig): FlowState {
  const isQueue = config.traits.progress === 'receipt'
  return {
    phase: 'opening',
    drainReason: null,
    nextId: 1,
    pending: new Map(),
    flights: new Map(),
    pace: createPace(),
    trouble: null,
    pressure: false,
    layout: layoutOf(config),
    matches: null,
    heldRecords: 0,
    heldBytes: 0,
    queue: isQueue ? createQueueState(config.unreachable ? outageAtStart() : null) : null,
    shard: isQueue ? null : createShardState(config),
    deadlineMs: null,
  }
}

export function step(state: FlowState, event: FlowEvent, config: FlowConfig, env: FlowEnv): readonly FlowCommand[] {
  const turn: Turn = { state, config, env, commands: [] }
  assert(state.phase !== 'ended', `nothing happens to a flow that has ended: ${event.kind}`)
  handle(turn, event)
  pump(turn)
  state.deadlineMs = deadlineOf(turn)
  return turn.commands
}

/** The earliest moment (monotonic) at which the flow wants a `timer`; null: it only waits for answers. */
export function deadline(state: FlowState): number | null {
  return state.deadlineMs
}

function handle(turn: Turn, event: FlowEvent): void {
  const { state } = turn
  switch (event.kind) {
    case 'opened':
      assert(state.phase === 'opening' || state.phase === 'draining', 'a flow is opened once')
      if (state.shard !== null) openShard(turn, state.shard, event)
      if (state.queue !== null) openQueue(turn, state.queue)
      if (state.phase === 'opening') state.phase = 'running'
      return
    case 'timer':
      return
    case 'configured':
      return reconfigure(turn, event.matches)
    case 'pressure':
      state.pressure = event.on
      return
    case 'draining':
      return drain(turn, event)
    case 'leaseLost':
      return forsake(turn)
    case 'shardGone':
      if (state.shard !== null) loseShard(turn, state.shard, event.incarnation)
      return cancelReads(turn)
    case 'readDone':
    case 'permitted':
    case 'invoked':
    case 'settled':
    case 'released':
    case 'looked':
    case 'discarded':
    case 'checkpointed':
    case 'fenced':
    case 'cancelled':
      return answer(turn, event)
    default:
      return event satisfies never
  }
}

type Answer = Extract<FlowEvent, { readonly id: number }>

function answer(turn: Turn, event: Answer): void {
  const pending = turn.state.pending.get(event.id)
  assert(pending !== undefined, `an answer to nothing: ${event.kind} ${event.id}`)
  turn.state.pending.delete(event.id)
  // A shell that was told to give up answers so; the parts that asked have already let go of it.
  if (event.kind === 'cancelled') return
  if (turn.state.drainReason === 'leaseLost') return ignore(turn, event)
  switch (event.kind) {
    case 'readDone':
      return onRead(turn, expect(pending, 'read'), event)
    case 'permitted':
      return onPermitted(turn, expect(pending, 'permit'), event.id)
    case 'invoked':
      return onInvoked(turn, expect(pending, 'invoke'), event)
    case 'settled':
      if (turn.state.queue !== null) onSettled(turn, turn.state.queue, expect(pending, 'settle'), event)
      return
    case 'released':
      expect(pending, 'release')
      return
    case 'looked':
      expect(pending, 'look')
      if (turn.state.queue !== null) onLooked(turn, turn.state.queue, event.answer)
      return
    case 'discarded':
      if (turn.state.shard !== null) onShardDiscarded(turn, turn.state.shard, expect(pending, 'discard'), event.fate)
      return
    case 'checkpointed':
      return onCheckpointed(turn, expect(pending, 'checkpoint'))
    case 'fenced':
      expect(pending, 'checkpoint')
      return forsake(turn)
    default:
      return event satisfies never
  }
}

function expect<Kind extends Pending['kind']>(pending: Pending, kind: Kind): Extract<Pending, { kind: Kind }> {
  assert(pending.kind === kind, `a ${pending.kind} was answered as a ${kind}`)
  return pending as Extract<Pending, { kind: Kind }>
}

/** Results that reach a flow which is no longer the owner mean nothing; a permit still has to go back. */
function ignore(turn: Turn, event: Answer): void {
  if (event.kind === 'permitted') turn.commands.push({ kind: 'giveBack', permit: event.id })
}

// ---- Answers

function onRead(
  turn: Turn,
  pending: Extract<Pending, { kind: 'read' }>,
  event: Extract<FlowEvent, { kind: 'readDone' }>,
): void {
  const { state, env } = turn
  const { result } = event
  if (result.kind !== 'records') return onTrouble(turn, pending, { id: event.id, result })
  if (state.trouble !== null) {
    state.trouble = null
    turn.commands.push({ kind: 'sourceHealthy' })
  }
  if (state.shard !== null) return onPage(turn, state.shard, result)
  // A queue paces itself by its long poll; an empty answer that came at once must not make a tight loop.
  const early = result.records.length === 0 && env.monoMs - pending.sentMs < turn.config.pace.tipMsMax
  paceAfterPage(state.pace, turn.config.pace, { count: result.records.length, tip: early }, env.monoMs)
  if (state.queue !== null) onReceived(turn, state.queue, pending, result)
}

function onTrouble(
  turn: Turn,
  pending: Extract<Pending, { kind: 'read' }>,
  answered: { readonly id: number; readonly result: Exclude<ReadOutcome, { kind: 'records' }> },
): void {
  const { state } = turn
  const { result } = answered
  if (state.phase !== 'running') return
  const retryMs = paceAfterTrouble(state.pace, result, turn.env)
  if (state.queue !== null) {
    state.queue.scale.receives = 1
    // Only a reply that was lost is asked for again by name; after a throttle the queue wants a new one (behaviour §13.6).
    if (result.kind === 'failed') state.queue.lostReads.push({ id: answered.id, sinceMs: pending.attemptSinceMs })
  }
  if (result.kind === 'trimmed' || result.kind === 'recreated') {
    if (state.shard !== null) losePosition(turn, state.shard, result)
    return
  }
  // The first expired iterator is daily business.
  if (result.kind === 'expired' && state.pace.failures === 1) return
  state.trouble = result.kind
  turn.commands.push({ kind: 'sourceTrouble', trouble: result.kind, message: result.message, retryMs })
}

function onPermitted(turn: Turn, pending: Extract<Pending, { kind: 'permit' }>, permit: number): void {
  const { state } = turn
  const flight = pending.flight === null ? undefined : state.flights.get(pending.flight)
  // What a shard's drain did not wait for; a queue's may still start.
  if (flight === undefined || (state.shard !== null && state.phase !== 'running')) {
    turn.commands.push({ kind: 'giveBack', permit })
    return
  }
  if (state.queue !== null) onQueuePermitted(turn, state.queue, flight, permit)
  if (state.shard !== null) onShardPermitted(turn, state.shard, flight, permit)
}

function onInvoked(
  turn: Turn,
  pending: Extract<Pending, { kind: 'invoke' }>,
  event: Extract<FlowEvent, { kind: 'invoked' }>,
): void {
  const { state } = turn
  const flight = flightOf(turn, pending)
  if (flight === undefined) return
  if (state.queue !== null) onQueueInvoked(turn, state.queue, flight, { outcome: event.outcome, pending })
  if (state.shard !== null) onShardInvoked(turn, state.shard, flight, { outcome: event.outcome, pending })
}

function onCheckpointed(turn: Turn, pending: Extract<Pending, { kind: 'checkpoint' }>): void {
  if (turn.state.shard !== null && pending.done) turn.state.shard.doneWritten = true
}

// ---- Changes of life

function reconfigure(turn: Turn, matches: Matches | undefined): void {
  const { state, config } = turn
  if (matches !== undefined) state.matches = matches
  const layout = layoutOf(config)
  const isSame = matches === undefined && isSameLayout(layout, state.layout)
  state.layout = layout
  if (isSame) return
  // A queue still makes the attempts that it owes.
  if (state.queue !== null && state.phase !== 'opening') reconfigureQueue(turn, state.queue)
  if (state.phase !== 'running') return
  if (state.shard !== null) reconfigureShard(turn, state.shard)
}

function drain(turn: Turn, event: Extract<FlowEvent, { kind: 'draining' }>): void {
  const { state } = turn
  if (state.queue !== null) drainQueue(turn, state.queue, event)
  if (state.phase === 'draining') return
  state.phase = 'draining'
  state.drainReason = event.reason
  cancelReads(turn)
  if (state.shard !== null) drainShard(turn, state.shard)
}

function forsake(turn: Turn): void {
  const { state } = turn
  state.phase = 'draining'
  state.drainReason = 'leaseLost'
  cancelReads(turn)
  if (state.queue !== null) forsakeQueue(turn, state.queue)
  if (state.shard !== null) forsakeShard(turn, state.shard)
}

// ---- What is due now, and what later

function pump(turn: Turn): void {
  const { state } = turn
  if (state.phase === 'opening' || state.phase === 'ended') return
  if (state.drainReason !== 'leaseLost') {
    if (state.queue !== null) pumpQueue(turn, state.queue)
    if (state.shard !== null) pumpShard(turn, state.shard)
  }
  if (state.pending.size === 0 && !isOwed(state)) end(turn)
}

/** A queue's attempts and acknowledgements that wait for their moment. */
function isOwed(state: FlowState): boolean {
  return state.queue !== null && state.drainReason !== 'leaseLost' && isQueueOwed(state, state.queue)
}

/** Nothing is outstanding: the flow is over when its shard is, or when it was told to end. */
function end(turn: Turn): void {
  const { state } = turn
  const isDraining = state.phase === 'draining'
  const isFinished = state.shard?.doneWritten === true && state.drainReason !== 'leaseLost'
  if (!isDraining && !isFinished) return
  state.phase = 'ended'
  // One word ends a flow: of a shard that ended while it was told to end, that nothing is left to read.
  turn.commands.push({ kind: isFinished ? 'finished' : 'drained' })
}

function deadlineOf(turn: Turn): number | null {
  const { state } = turn
  if (state.phase !== 'running' && state.phase !== 'draining') return null
  // What is due and was not done waits for an answer, not for the clock.
  const later = (momentMs: number): boolean => momentMs > turn.env.monoMs
  if (state.queue !== null) return earliest(queueMoments(turn, state.queue).filter(later))
  return state.shard === null ? null : earliest(shardMoments(turn, state.shard).filter(later))
}
