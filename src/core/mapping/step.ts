import type { MappingState } from '../../model/mapping.ts'
import { backoffMs } from '../backoff.ts'
import type { DrainReason } from '../flow/messages.ts'
import {
  createDiscovery,
  isAbsent,
  isListed,
  isReadable,
  noteDone,
  noteIdle,
  outlivedShards,
  restartDiscovery,
  takeIdle,
  waitingShards,
} from './discovery.ts'
import type { ShardFacts } from './family.ts'
import { noteLook } from './look.ts'
import type { FlowEnd, MappingCommand, MappingEnv, MappingEvent, MappingPace } from './messages.ts'
import {
  ask,
  askOnce,
  cancel,
  isPending,
  type MachineState,
  type RunningFlow,
  startMoments,
  type Turn,
  wantsToRun,
} from './state.ts'
import { isAtRest, restingState } from './states.ts'

export function create(isStream: boolean): MachineState {
  return {
    phase: 'Creating',
    enabled: false,
    stopping: false,
    stopped: false,
    removed: false,
    nextId: 1,
    pending: new Map(),
    cancelled: new Set(),
    loaded: false,
    lookAtMs: null,
    troubles: 0,
    sourceTroubled: false,
    answered: false,
    unconfigured: false,
    discovery: createDiscovery(isStream),
    flows: new Map(),
    names: new Map(),
    refused: new Set(),
    resting: new Map(),
  }
}

/**
 * One mapping: which flows run, and in which of AWS's states it is. Driven by what is wanted: after every event `advance` compares
 * what is with what is wanted and says the difference as commands. `step` changes the state in place and is deterministic.
 */
export function step(
  state: MachineState,
  event: MappingEvent,
  config: MappingPace,
  env: MappingEnv,
): readonly MappingCommand[] {
  const commands: MappingCommand[] = []
  apply({ state, config, env, commands }, event)
  if (!state.stopped) advance({ state, config, env, commands })
  return commands
}

/** The earliest moment that matters (monotonic); null: nothing is due. */
export function deadline(state: MachineState): number | null {
  if (!wantsToRun(state)) return null
  const moments = startMoments(state)
  if (state.loaded && state.lookAtMs !== null && !isPending(state, 'describe')) moments.push(state.lookAtMs)
  return moments.length === 0 ? null : Math.min(...moments)
}

export function inspect(state: MachineState): {
  readonly state: MappingState
  readonly waiting: readonly ShardFacts[]
} {
  return { state: state.phase, waiting: waitingShards(state.discovery) }
}

function apply(turn: Turn, event: MappingEvent): void {
  const { state } = turn
  if ('id' in event && event.kind !== 'flowEnded') {
    state.pending.delete(event.id)
    state.cancelled.delete(event.id)
  }
  switch (event.kind) {
    case 'start':
      state.phase = event.state
      state.enabled = event.enabled
      return
    case 'loaded':
      for (const { flow, incarnation } of event.done) noteDone(state.discovery, flow, incarnation)
      state.loaded = true
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
      state.removed = true
      return
    case 'stop':
      state.stopping = true
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

function applyChanged(turn: Turn, phase: MappingState): void {
  const { state } = turn
  state.phase = phase
  if (phase === 'Updating') {
    state.unconfigured = true
    // What it waited for may be another function now.
    if (state.flows.size === 0) lookAnew(turn)
  }
  if (phase === 'Enabling') {
    state.answered = false
    state.lookAtMs = null
    state.resting.clear()
    restartDiscovery(state.discovery)
  }
  const resting = restingState(phase, state.enabled)
  if (resting !== null) state.enabled = resting === 'Enabled'
}

function applyFlowEnded(turn: Turn, id: number, end: FlowEnd): void {
  const { state, config, env } = turn
  const name = state.names.get(id)
  const flow = name === undefined ? undefined : state.flows.get(name)
  if (name === undefined || flow === undefined) return
  state.flows.delete(name)
  state.names.delete(id)
  state.refused.delete(name)
  if (end.how === 'finished' || flow.gone) {
    return applyDone(turn, name, end, flow.incarnation)
  }
  noteIdle(state.discovery, name)
  // A flow that ran well for long enough begins its backoff anew.
  const ranWell = env.monoMs - flow.startedMs > config.restartMs.capMs
  const failures = 1 + (ranWell ? 0 : (state.resting.get(name)?.failures ?? 0))
  state.resting.set(name, { untilMs: env.monoMs + backoffMs(failures, config.restartMs, env.jitter), failures })
}

/** What is gone went with the life it was started in: the next one may have a shard of the same name. */
function applyDone(turn: Turn, name: string, end: FlowEnd, startedIn: string): void {
  const { discovery, resting } = turn.state
  const incarnation = end.how === 'finished' ? end.incarnation : startedIn
  noteDone(discovery, name, incarnation)
  if (incarnation !== discovery.listing?.incarnation) {
    noteIdle(discovery, name)
    if (end.how === 'finished') discovery.outdated = true
  }
  resting.delete(name)
  discovery.looks = 0
  lookSoon(turn)
}

function applyRefused(turn: Turn, name: string, refused: boolean): void {
  const { state } = turn
  if (!state.flows.has(name) || state.refused.has(name) === refused) return
  if (!refused) return void state.refused.delete(name)
  state.refused.add(name)
  state.discovery.looks = 0
  lookSoon(turn)
}

function lookAnew(turn: Turn): void {
  turn.state.lookAtMs = null
  for (const [id, kind] of turn.state.pending) if (kind === 'describe') cancel(turn, id)
}

function lookSoon(turn: Turn): void {
  const { state, config, env } = turn
  const soonMs = env.monoMs + (state.discovery.isStream ? config.lookAgainMs : config.relistMs)
  state.lookAtMs = Math.min(state.lookAtMs ?? soonMs, soonMs)
}

function advance(turn: Turn): void {
  const { state } = turn
  if (wantsToRun(state)) run(turn)
  else windDown(turn)
}

function run(turn: Turn): void {
  const { state, env } = turn
  if (!state.loaded) {
    askOnce(turn, { kind: 'load' })
    return
  }
  if (state.lookAtMs === null || state.lookAtMs <= env.monoMs) askOnce(turn, { kind: 'describe' })
  startFlows(turn)
  endGoneFlows(turn)
  for (const flow of outlivedShards(state.discovery, turn.config, env.monoMs)) {
    state.discovery.done.delete(flow)
    ask(turn, { kind: 'forget', flow })
  }
  if (state.unconfigured) {
    state.unconfigured = false
    ask(turn, { kind: 'configure' })
  }
  // The first look ends a transition whatever it saw: a mapping whose source is missing is Enabled, and waits (behaviour §2.3).
  if (!isAtRest(state.phase) && state.answered && !isPending(state, 'configure')) rest(turn)
}

function startFlows(turn: Turn): void {
  const { state, env } = turn
  const { listing } = state.discovery
  if (listing === null || !isListed(state.discovery) || isPending(state, 'attach')) return
  forgetRests(state, env.monoMs)
  for (const flow of takeIdle(state.discovery, (shard) => (state.resting.get(shard)?.untilMs ?? 0) > env.monoMs)) {
    if (state.flows.has(flow)) continue
    const origin = state.discovery.first.has(flow) ? 'first' : 'late'
    const id = state.nextId++
    const { incarnation } = listing
    state.flows.set(flow, { id, incarnation, startedMs: env.monoMs, draining: false, gone: false })
    state.names.set(id, flow)
    turn.commands.push({ kind: 'startFlow', id, flow, incarnation, origin })
  }
}

/** A shard that is no longer read needs no moment to be started again at. */
function forgetRests({ resting, discovery }: MachineState, monoMs: number): void {
  for (const [flow, { untilMs }] of resting) {
    if (untilMs <= monoMs && !isReadable(discovery, flow)) resting.delete(flow)
  }
}

/** A flow whose shard the source refuses to read and no longer lists has only to finish what it holds. */
function endGoneFlows(turn: Turn): void {
  const { discovery, flows, refused } = turn.state
  const gone = [...refused].flatMap((name) => {
    const flow = flows.get(name)
    return flow === undefined || flow.draining || flow.gone || !isAbsent(discovery, name) ? [] : [{ name, flow }]
  })
  // In the order in which they began.
  for (const { name, flow } of gone.sort((one, other) => one.flow.id - other.flow.id)) {
    flow.gone = true
    const incarnation = discovery.listing?.incarnation ?? flow.incarnation
    turn.commands.push({ kind: 'shardGone', id: flow.id, flow: name, incarnation })
  }
}

function windDown(turn: Turn): void {
  const { state, commands } = turn
  const reason: DrainReason = state.stopping ? 'stop' : state.phase === 'Deleting' ? 'delete' : 'disable'
  for (const flow of state.flows.values()) if (!flow.draining) drain(turn, flow, reason)
  for (const [id, kind] of state.pending) if (kind === 'describe') cancel(turn, id)
  if (state.flows.size > 0 || state.pending.size > 0) return
  if (state.stopping || state.removed) {
    state.stopped = true
    commands.push({ kind: 'stopped' })
  } else windUp(turn)
}

/** Nothing runs and nothing is asked: the mapping comes to rest. */
function windUp(turn: Turn): void {
  if (turn.state.phase === 'Deleting') ask(turn, { kind: 'remove' })
  else if (!isAtRest(turn.state.phase)) rest(turn)
}

function drain(turn: Turn, flow: RunningFlow, reason: DrainReason): void {
  flow.draining = true
  turn.commands.push({ kind: 'drainFlow', id: flow.id, reason })
}

function rest(turn: Turn): void {
  const { state } = turn
  const phase = restingState(state.phase, state.enabled)
  if (phase === null) return
  state.phase = phase
  ask(turn, { kind: 'save', state: phase })
}
