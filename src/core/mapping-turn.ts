import type { MappingRequest } from './mapping-messages.ts'
import { isAsked, type Turn } from './mapping-machine.ts'

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
