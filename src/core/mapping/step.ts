import type { MappingState } from '../../model/mapping.ts'
import { backoffMs } from '../backoff.ts'
import type { DrainReason } from '../flow/messages.ts'
import { isAbsent, isListed, outlivedShards, readableShards, restartDiscovery, waitingShards } from './discovery.ts'
import type { ShardFacts } from './lineage.ts'
import { noteLook } from './look.ts'
import type { FlowEnd, MappingCommand, MappingEnv, MappingEvent, MappingPace } from './messages.ts'
import {
  ask,
  askOnce,
  cancel,
  isAsked,
  type MappingMachine,
  type RunningFlow,
  startMoments,
  type Turn,
  wantsToRun,
} from './state.ts'
import { isSettled, restingState } from './states.ts'

/**
 * One mapping: which flows run, and in which of AWS's states it is. Driven by what is wanted: after every event `advance` compares
 * what is with what is wanted and says the difference as commands. `stepMapping` changes the state in place and is deterministic.
 */
export function stepMapping(
  machine: MappingMachine,
  event: MappingEvent,
  pace: MappingPace,
  env: MappingEnv,
): readonly MappingCommand[] {
  const out: MappingCommand[] = []
  apply({ machine, pace, env, out }, event)
  if (!machine.stopped) advance({ machine, pace, env, out })
  return out
}

/** The earliest moment that matters (monotonic); null: nothing is due. */
export function mappingDeadline(machine: MappingMachine): number | null {
  if (!wantsToRun(machine)) return null
  const moments = startMoments(machine)
  if (machine.loaded && machine.lookAtMs !== null && !isAsked(machine, 'describe')) moments.push(machine.lookAtMs)
  return moments.length === 0 ? null : Math.min(...moments)
}

export function inspectMapping(machine: MappingMachine): {
  readonly state: MappingState
  readonly waiting: readonly ShardFacts[]
} {
  return { state: machine.state, waiting: waitingShards(machine.discovery) }
}

function apply(turn: Turn, event: MappingEvent): void {
  const { machine } = turn
  if ('id' in event && event.kind !== 'flowEnded') {
    machine.asked.delete(event.id)
    machine.cancelled.delete(event.id)
  }
  switch (event.kind) {
    case 'start':
      machine.state = event.state
      machine.enabled = event.enabled
      return
    case 'loaded':
      for (const { flow, incarnation } of event.done) machine.discovery.done.set(flow, incarnation)
      machine.loaded = true
      return
    case 'described':
      return noteLook(turn, event.result)
    case 'flowEnded':
      return applyFlowEnded(turn, event.id, event.end)
    case 'flowRefused':
      return applyRefused(turn, event.flow, event.refused)
    case 'changed':
      return applyChanged(turn, event.state)
    case 'removed':
      machine.removed = true
      return
    case 'stop':
      machine.stopping = true
      return
    case 'attached':
    case 'configured':
    case 'saved':
    case 'forgotten':
    case 'cancelled':
    case 'timer':
      return
    default:
      event satisfies never
  }
}

function applyChanged(turn: Turn, state: MappingState): void {
  const { machine } = turn
  machine.state = state
  if (state === 'Updating') {
    machine.unconfigured = true
    // What it waited for may be another function now.
    if (machine.flows.size === 0) lookAnew(turn)
  }
  if (state === 'Enabling') {
    machine.answered = false
    machine.lookAtMs = null
    machine.resting.clear()
    restartDiscovery(machine.discovery)
  }
  const resting = restingState(state, machine.enabled)
  if (resting !== null) machine.enabled = resting === 'Enabled'
}

function applyFlowEnded(turn: Turn, id: number, end: FlowEnd): void {
  const { machine, pace, env } = turn
  const entry = [...machine.flows].find(([, flow]) => flow.id === id)
  if (entry === undefined) return
  const [name, flow] = entry
  machine.flows.delete(name)
  if (end.how === 'finished' || flow.gone) {
    // What is gone went with the life it was started in: the next one may have a shard of the same name.
    const incarnation = end.how === 'finished' ? end.incarnation : flow.incarnation
    machine.discovery.done.set(name, incarnation)
    if (end.how === 'finished' && incarnation !== machine.discovery.listing?.incarnation)
      machine.discovery.outdated = true
    machine.resting.delete(name)
    machine.discovery.looks = 0
    lookSoon(turn)
    return
  }
  // A flow that ran well for long enough begins its backoff anew.
  const ranWell = env.monoMs - flow.startedMs > pace.restartMs.capMs
  const failures = 1 + (ranWell ? 0 : (machine.resting.get(name)?.failures ?? 0))
  machine.resting.set(name, { untilMs: env.monoMs + backoffMs(failures, pace.restartMs, env.jitter), failures })
}

function applyRefused(turn: Turn, name: string, refused: boolean): void {
  const flow = turn.machine.flows.get(name)
  if (flow === undefined || flow.refused === refused) return
  flow.refused = refused
  if (refused) {
    turn.machine.discovery.looks = 0
    lookSoon(turn)
  }
}

function lookAnew(turn: Turn): void {
  turn.machine.lookAtMs = null
  for (const [id, kind] of turn.machine.asked) if (kind === 'describe') cancel(turn, id)
}

function lookSoon(turn: Turn): void {
  const { machine, pace, env } = turn
  const soonMs = env.monoMs + (machine.discovery.isStream ? pace.lookAgainMs : pace.relistMs)
  machine.lookAtMs = Math.min(machine.lookAtMs ?? soonMs, soonMs)
}

function advance(turn: Turn): void {
  const { machine } = turn
  if (wantsToRun(machine)) run(turn)
  else windDown(turn)
}

function run(turn: Turn): void {
  const { machine, env } = turn
  if (!machine.loaded) {
    askOnce(turn, { kind: 'load' })
    return
  }
  if (machine.lookAtMs === null || machine.lookAtMs <= env.monoMs) askOnce(turn, { kind: 'describe' })
  startFlows(turn)
  endGoneFlows(turn)
  for (const flow of outlivedShards(machine.discovery, turn.pace, env.monoMs)) {
    machine.discovery.done.delete(flow)
    ask(turn, { kind: 'forget', flow })
  }
  if (machine.unconfigured) {
    machine.unconfigured = false
    ask(turn, { kind: 'configure' })
  }
  // The first look ends a transition whatever it saw: a mapping whose source is missing is Enabled, and waits (behaviour §2.3).
  if (!isSettled(machine.state) && machine.answered && !isAsked(machine, 'configure')) rest(turn)
}

function startFlows(turn: Turn): void {
  const { machine, env } = turn
  const { listing } = machine.discovery
  if (listing === null || !isListed(machine.discovery) || isAsked(machine, 'attach')) return
  const readable = readableShards(machine.discovery)
  forgetRests(machine, readable, env.monoMs)
  for (const flow of readable) {
    const restMs = machine.resting.get(flow)?.untilMs ?? 0
    if (machine.flows.has(flow) || restMs > env.monoMs) continue
    const origin = machine.discovery.first.has(flow) ? 'first' : 'late'
    const id = machine.nextId++
    const { incarnation } = listing
    machine.flows.set(flow, { id, incarnation, startedMs: env.monoMs, draining: false, refused: false, gone: false })
    turn.out.push({ kind: 'startFlow', id, flow, incarnation, origin })
  }
}

/** A shard that is no longer read needs no moment to be started again at. */
function forgetRests(machine: MappingMachine, readable: readonly string[], monoMs: number): void {
  const wanted = new Set(readable)
  for (const [flow, { untilMs }] of machine.resting) {
    if (untilMs <= monoMs && !wanted.has(flow)) machine.resting.delete(flow)
  }
}

/** A flow whose shard the source refuses to read and no longer lists has only to finish what it holds. */
function endGoneFlows(turn: Turn): void {
  const { discovery, flows } = turn.machine
  for (const [name, flow] of flows) {
    if (!flow.refused || flow.draining || flow.gone || !isAbsent(discovery, name)) continue
    flow.gone = true
    const incarnation = discovery.listing?.incarnation ?? flow.incarnation
    turn.out.push({ kind: 'shardGone', id: flow.id, flow: name, incarnation })
  }
}

function windDown(turn: Turn): void {
  const { machine, out } = turn
  const reason: DrainReason = machine.stopping ? 'stop' : machine.state === 'Deleting' ? 'delete' : 'disable'
  for (const flow of machine.flows.values()) if (!flow.draining) drain(turn, flow, reason)
  for (const [id, kind] of machine.asked) if (kind === 'describe') cancel(turn, id)
  if (machine.flows.size > 0 || machine.asked.size > 0) return
  if (machine.stopping || machine.removed) {
    machine.stopped = true
    out.push({ kind: 'stopped' })
  } else windUp(turn)
}

/** Nothing runs and nothing is asked: the state comes to rest. */
function windUp(turn: Turn): void {
  if (turn.machine.state === 'Deleting') ask(turn, { kind: 'remove' })
  else if (!isSettled(turn.machine.state)) rest(turn)
}

function drain(turn: Turn, flow: RunningFlow, reason: DrainReason): void {
  flow.draining = true
  turn.out.push({ kind: 'drainFlow', id: flow.id, reason })
}

function rest(turn: Turn): void {
  const { machine } = turn
  const state = restingState(machine.state, machine.enabled)
  if (state === null) return
  machine.state = state
  ask(turn, { kind: 'save', state })
}
