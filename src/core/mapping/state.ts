import type { MappingState } from '../../model/mapping.ts'
import { createDiscovery, isListed, type Discovery } from './discovery.ts'
import type { MappingCommand, MappingEnv, MappingPace, MappingRequest } from './messages.ts'
import { restingState } from './states.ts'

/** Where one mapping stands. Only `stepMapping` changes it. */
export interface MappingMachine {
  state: MappingState
  /** What the parameters say; decides where Creating leads. */
  enabled: boolean
  stopping: boolean
  stopped: boolean
  removed: boolean
  nextId: number
  /** Requests that are not answered yet, flows apart. */
  readonly asked: Map<number, MappingRequest['kind']>
  /** Those of them that were asked to be given up. */
  readonly cancelled: Set<number>
  loaded: boolean
  /** Null: never asked, or due at once. */
  lookAtMs: number | null
  /** Looks in a row after which nothing could be read; the first answer of any kind ends a transition. */
  troubles: number
  /** The last of them failed at the source, not for want of the function. */
  sourceTroubled: boolean
  answered: boolean
  unconfigured: boolean
  readonly discovery: Discovery
  readonly flows: Map<string, RunningFlow>
  readonly resting: Map<string, { readonly untilMs: number; readonly failures: number }>
}

/** One step in the making. */
export interface Turn {
  readonly machine: MappingMachine
  readonly pace: MappingPace
  readonly env: MappingEnv
  readonly out: MappingCommand[]
}

export interface RunningFlow {
  readonly id: number
  /** The life of the stream it was started in. */
  readonly incarnation: string
  readonly startedMs: number
  draining: boolean
  refused: boolean
  gone: boolean
}

export function createMapping(isStream: boolean): MappingMachine {
  return {
    state: 'Creating',
    enabled: false,
    stopping: false,
    stopped: false,
    removed: false,
    nextId: 1,
    asked: new Map(),
    cancelled: new Set(),
    loaded: false,
    lookAtMs: null,
    troubles: 0,
    sourceTroubled: false,
    answered: false,
    unconfigured: false,
    discovery: createDiscovery(isStream),
    flows: new Map(),
    resting: new Map(),
  }
}

export function wantsToRun(machine: MappingMachine): boolean {
  return !machine.stopping && restingState(machine.state, machine.enabled) === 'Enabled'
}

export function isAsked(machine: MappingMachine, kind: MappingRequest['kind']): boolean {
  for (const asked of machine.asked.values()) if (asked === kind) return true
  return false
}

/** When flows that failed may be started again. Until there is a listing that says which, and it is written down, they wait for that. */
export function startMoments(machine: MappingMachine): number[] {
  const { discovery, flows, resting } = machine
  if (!isListed(discovery) || isAsked(machine, 'attach')) return []
  return [...resting].filter(([flow]) => !flows.has(flow)).map(([, rest]) => rest.untilMs)
}

// ---- What a step asks for

type Unnumbered = MappingRequest extends infer Request
  ? Request extends MappingRequest
    ? Omit<Request, 'id'>
    : never
  : never

export function ask(turn: Turn, request: Unnumbered): void {
  const id = turn.machine.nextId++
  const numbered = { ...request, id } as MappingRequest
  turn.machine.asked.set(id, request.kind)
  turn.out.push(numbered)
}

export function askOnce(turn: Turn, request: Unnumbered): void {
  if (!isAsked(turn.machine, request.kind)) ask(turn, request)
}

/** A look that nobody needs any more: asked once to be given up, and awaited like everything else. */
export function cancel(turn: Turn, id: number): void {
  if (turn.machine.cancelled.has(id)) return
  turn.machine.cancelled.add(id)
  turn.out.push({ kind: 'cancel', id })
}
