import type { MappingState } from '../../model/mapping.ts'
import { isListed, type Discovery } from './discovery.ts'
import type { MappingCommand, MappingEnv, MappingPace, MappingRequest } from './messages.ts'
import { restingState } from './states.ts'

/** Where one mapping stands. Only `step` changes it. */
export interface MachineState {
  /** AWS's name for where it is. */
  phase: MappingState
  /** What the parameters say; decides where Creating leads. */
  enabled: boolean
  stopping: boolean
  stopped: boolean
  removed: boolean
  nextId: number
  /** Requests that are not answered yet, flows apart. */
  readonly pending: Map<number, MappingRequest['kind']>
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
  /** Their names by their ids. */
  readonly names: Map<number, string>
  /** Those whose shard the source refuses to read. */
  readonly refused: Set<string>
  readonly resting: Map<string, { readonly untilMs: number; readonly failures: number }>
}

/** One step in the making. */
export interface Turn {
  readonly state: MachineState
  readonly config: MappingPace
  readonly env: MappingEnv
  readonly commands: MappingCommand[]
}

export interface RunningFlow {
  readonly id: number
  /** The life of the stream it was started in. */
  readonly incarnation: string
  readonly startedMs: number
  draining: boolean
  gone: boolean
}

export function wantsToRun(state: MachineState): boolean {
  return !state.stopping && restingState(state.phase, state.enabled) === 'Enabled'
}

export function isPending(state: MachineState, kind: MappingRequest['kind']): boolean {
  for (const pending of state.pending.values()) if (pending === kind) return true
  return false
}

/** When flows that failed may be started again. Until there is a listing that says which, and it is written down, they wait for that. */
export function startMoments(state: MachineState): number[] {
  const { discovery, flows, resting } = state
  if (!isListed(discovery) || isPending(state, 'attach')) return []
  return [...resting].filter(([flow]) => !flows.has(flow)).map(([, rest]) => rest.untilMs)
}

// ---- What a step asks for

type Unnumbered = MappingRequest extends infer Request
  ? Request extends MappingRequest
    ? Omit<Request, 'id'>
    : never
  : never

export function ask(turn: Turn, request: Unnumbered): void {
  const id = turn.state.nextId++
  const numbered = { ...request, id } as MappingRequest
  turn.state.pending.set(id, request.kind)
  turn.commands.push(numbered)
}

export function askOnce(turn: Turn, request: Unnumbered): void {
  if (!isPending(turn.state, request.kind)) ask(turn, request)
}

/** A look that nobody needs any more: asked once to be given up, and awaited like everything else. */
export function cancel(turn: Turn, id: number): void {
  if (turn.state.cancelled.has(id)) return
  turn.state.cancelled.add(id)
  turn.commands.push({ kind: 'cancel', id })
}
