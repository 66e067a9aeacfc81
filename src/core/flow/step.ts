import { assert } from '../assertion.ts'
import { createPace, earliest, paceAfterTrouble } from '../pace.ts'
import { type FlowConfig, isSameLayout, layoutOf } from './config.ts'
import type { FlowCommand, FlowEnv, FlowEvent, Matches } from './messages.ts'
import type { OwnAnswer, PartHandlers, Unread } from './part.ts'
import { queueHandlers } from './queue/part.ts'
import { createQueueState } from './queue/state.ts'
import { learnWeight } from './room.ts'
import { shardHandlers } from './shard/part.ts'
import { createShardState } from './shard/state.ts'
import {
  type Deadline,
  type FlowState,
  type Part,
  type PartKind,
  type Parts,
  type Pending,
  type Turn,
  cancelAll,
  expect,
  unask,
} from './state.ts'

/**
 * One queue or one shard of one mapping, as a machine: an event and the clocks go in, commands come out. Nothing here waits,
 * reads a clock or throws an expected error; SPEC.md has its states, events and invariants.
 */

const handlers: { readonly [K in PartKind]: PartHandlers<Parts[K]> } = { queue: queueHandlers, shard: shardHandlers }

export function create(config: FlowConfig): FlowState {
  return {
    phase: 'opening',
    drainReason: null,
    nextId: 1,
    pending: new Map(),
    flights: new Map(),
    pace: createPace(),
    trouble: null,
    missingBytes: 0,
    layout: layoutOf(config),
    matches: null,
    heldRecords: 0,
    heldBytes: 0,
    requestedBytes: 0,
    recordBytes: null,
    part: config.traits.progress === 'receipt' ? createQueueState(config) : createShardState(config),
    deadline: { monoMs: null, receiptMonoMs: null },
  }
}

export function step(state: FlowState, event: FlowEvent, config: FlowConfig, env: FlowEnv): readonly FlowCommand[] {
  const turn: Turn = { state, config, env, commands: [] }
  assert(state.phase !== 'ended', `nothing happens to a flow that has ended: ${event.kind}`)
  state.missingBytes = 0
  handle(turn, state.part, event)
  pump(turn, state.part)
  state.deadline = deadlineOf(turn, state.part)
  return turn.commands
}

/** When the flow wants a `timer` although nothing happens. */
export function deadline(state: FlowState): Deadline {
  return state.deadline
}

function handle<K extends PartKind>(turn: Turn, part: Part<K>, event: FlowEvent): void {
  const { state } = turn
  switch (event.kind) {
    case 'opened':
      assert(state.phase === 'opening' || state.phase === 'draining', 'a flow is opened once')
      handlers[part.kind].open(turn, part, event)
      if (state.phase === 'opening') state.phase = 'running'
      return
    case 'timer':
      return
    case 'configured':
      return reconfigure(turn, part, event.matches)
    case 'draining':
      return drain(turn, part, event)
    case 'leaseLost':
      return forsake(turn, part)
    case 'shardGone':
      return handlers[part.kind].lose(turn, part, event)
    case 'readDone':
    case 'permitted':
    case 'invoked':
    case 'settled':
    case 'released':
    case 'extended':
    case 'looked':
    case 'discarded':
    case 'checkpointed':
    case 'fenced':
    case 'cancelled':
      return answer(turn, part, event)
    default:
      return event satisfies never
  }
}

type Shared = Extract<FlowEvent, { kind: 'readDone' | 'permitted' | 'invoked' | 'fenced' | 'cancelled' }>

function answer<K extends PartKind>(turn: Turn, part: Part<K>, event: Shared | OwnAnswer): void {
  const pending = unask(turn.state, event.id)
  assert(pending !== undefined, `an answer to nothing: ${event.kind} ${event.id}`)
  // A shell that was told to give up answers so; the parts that asked have already let go of it.
  if (event.kind === 'cancelled') return
  if (turn.state.drainReason === 'leaseLost') return ignore(turn, event)
  switch (event.kind) {
    case 'readDone':
      return onRead(turn, part, expect(pending, 'read'), event)
    case 'permitted':
      return onPermitted(turn, part, expect(pending, 'permit'), event.id)
    case 'invoked':
      return onInvoked(turn, part, expect(pending, 'invoke'), event)
    case 'fenced':
      expect(pending, 'checkpoint')
      return forsake(turn, part)
    case 'settled':
    case 'released':
    case 'extended':
    case 'looked':
    case 'discarded':
    case 'checkpointed':
      return handlers[part.kind].onAnswered(turn, part, pending, event)
    default:
      return event satisfies never
  }
}

/** Results that reach a flow which is no longer the owner mean nothing; a permit still has to go back. */
function ignore(turn: Turn, event: Shared | OwnAnswer): void {
  if (event.kind === 'permitted') turn.commands.push({ kind: 'giveBack', permit: event.id })
}

// ---- Answers

function onRead<K extends PartKind>(
  turn: Turn,
  part: Part<K>,
  pending: Extract<Pending, { kind: 'read' }>,
  event: Extract<FlowEvent, { kind: 'readDone' }>,
): void {
  const { state } = turn
  const { result } = event
  if (result.kind !== 'records') return onUnread(turn, part, { id: event.id, pending, result })
  if (state.trouble !== null) {
    state.trouble = null
    turn.commands.push({ kind: 'sourceHealthy' })
  }
  learnWeight(state, result.records)
  handlers[part.kind].onRead(turn, part, { pending, result })
}

function onUnread<K extends PartKind>(turn: Turn, part: Part<K>, unread: Unread): void {
  const { state } = turn
  const { result } = unread
  if (state.phase !== 'running') return
  const retryMs = paceAfterTrouble(state.pace, result, turn.env)
  handlers[part.kind].onUnread(turn, part, unread)
  if (result.kind === 'trimmed' || result.kind === 'recreated') return
  // The first expired iterator is daily business.
  if (result.kind === 'expired' && state.pace.failures === 1) return
  state.trouble = result.kind
  turn.commands.push({ kind: 'sourceTrouble', trouble: result.kind, message: result.message, retryMs })
}

function onPermitted<K extends PartKind>(
  turn: Turn,
  part: Part<K>,
  pending: Extract<Pending, { kind: 'permit' }>,
  permit: number,
): void {
  const flight = pending.flight === null ? null : turn.state.flights.get(pending.flight)
  assert(flight !== undefined, 'a permit that nobody wants any more is withdrawn')
  const said = turn.commands.length
  if (flight === null) turn.commands.push({ kind: 'giveBack', permit })
  else {
    assert(flight.phase === 'permit', 'a permit is granted to a flight that waits for one')
    handlers[part.kind].onPermitted(turn, part, flight, permit)
  }
  assert(isUsedOnce(turn.commands, said, permit), 'a permit is used or given back in its step')
}

/** Among what was said since: an invocation under it, or that it goes back. */
function isUsedOnce(commands: readonly FlowCommand[], since: number, permit: number): boolean {
  let uses = 0
  for (let index = since; index < commands.length; index += 1) {
    const command = commands[index]
    if ((command?.kind === 'invoke' || command?.kind === 'giveBack') && command.permit === permit) uses += 1
  }
  return uses === 1
}

function onInvoked<K extends PartKind>(
  turn: Turn,
  part: Part<K>,
  pending: Extract<Pending, { kind: 'invoke' }>,
  { outcome }: Extract<FlowEvent, { kind: 'invoked' }>,
): void {
  const flight = turn.state.flights.get(pending.flight)
  assert(flight?.phase === 'invoking', 'an attempt that is answered was out')
  handlers[part.kind].onInvoked(turn, part, flight, { outcome, pending })
}

// ---- Changes of life

function reconfigure<K extends PartKind>(turn: Turn, part: Part<K>, matches: Matches | undefined): void {
  const { state, config } = turn
  if (matches !== undefined) state.matches = matches
  const layout = layoutOf(config)
  const isSame = matches === undefined && isSameLayout(layout, state.layout)
  state.layout = layout
  if (!isSame) handlers[part.kind].reconfigure(turn, part)
}

function drain<K extends PartKind>(turn: Turn, part: Part<K>, event: Extract<FlowEvent, { kind: 'draining' }>): void {
  const { state } = turn
  const again = state.phase === 'draining'
  state.phase = 'draining'
  if (!again) state.drainReason = event.reason
  handlers[part.kind].drain(turn, part, event, again)
}

function forsake<K extends PartKind>(turn: Turn, part: Part<K>): void {
  turn.state.phase = 'draining'
  turn.state.drainReason = 'leaseLost'
  cancelAll(turn, 'read')
  handlers[part.kind].forsake(turn, part)
}

// ---- What is due now, and what later

function pump<K extends PartKind>(turn: Turn, part: Part<K>): void {
  const { state } = turn
  if (state.phase === 'opening' || state.phase === 'ended') return
  const isOurs = state.drainReason !== 'leaseLost'
  if (isOurs) handlers[part.kind].pump(turn, part)
  if (state.pending.size > 0 || (isOurs && handlers[part.kind].isOwed(state, part))) return
  end(turn, isOurs && handlers[part.kind].isFinished(part))
}

/** Nothing is outstanding: the flow is over when its shard is, or when it was told to end. */
function end({ state, commands }: Turn, isFinished: boolean): void {
  if (state.phase !== 'draining' && !isFinished) return
  // Only what a drain leaves undone of a shard is read again some day.
  const mayLeave = state.part.kind === 'shard' && !isFinished && state.drainReason !== 'leaseLost'
  assert(mayLeave || state.heldRecords === 0, 'a flow ends when its records have left its hands')
  state.phase = 'ended'
  // One word ends a flow: of a shard that ended while it was told to end, that nothing is left to read.
  commands.push({ kind: isFinished ? 'finished' : 'drained' })
}

function deadlineOf<K extends PartKind>(turn: Turn, part: Part<K>): Deadline {
  const { env, state } = turn
  if (state.phase !== 'running' && state.phase !== 'draining') return { monoMs: null, receiptMonoMs: null }
  const { moments, receiptMoments } = handlers[part.kind]
  // What is due and was not done waits for an answer, not for the clock.
  return {
    monoMs: earliest(moments(turn, part).filter((momentMs) => momentMs > env.monoMs)),
    receiptMonoMs: earliest(receiptMoments(turn, part).filter((momentMs) => momentMs > env.receiptMonoMs)),
  }
}
