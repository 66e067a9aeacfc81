import type { FlowCommand, FlowRequest } from '../../../src/core/flow/messages.ts'
import type { Operation, Shell } from './shell.ts'
import type { World } from './world.ts'

/** How long the way to a service and back takes. */
const wayMsMax = 15

/** Does what a command says, as the shell around the flow would: later, and at the mercy of the scenario. */
export function perform(world: World, shell: Shell, command: FlowCommand): void {
  switch (command.kind) {
    case 'read':
      return read(world, shell, begin(shell, command), command)
    case 'permit':
      return permit(world, shell, begin(shell, command), command.id)
    case 'invoke':
      begin(shell, command)
      return invoke(world, shell, command)
    case 'settle':
      begin(shell, command)
      return settle(world, shell, command)
    case 'look':
      return look(world, shell, begin(shell, command), command.id)
    case 'release':
      begin(shell, command)
      return release(world, shell, command)
    case 'extend':
      begin(shell, command)
      return extend(world, shell, command)
    case 'discard':
      begin(shell, command)
      return discard(world, shell, command.id)
    case 'checkpoint':
      begin(shell, command)
      return checkpoint(world, shell, command)
    case 'cancel':
      return cancel(world, shell, command.id)
    case 'giveBack':
      if (shell.granted.delete(command.permit)) world.permits.back()
      return
    case 'finished':
    case 'drained':
      return world.ended(shell, command.kind)
    case 'attemptFailed':
    case 'filtered':
    case 'dropped':
    case 'positionLost':
    case 'sourceTrouble':
    case 'sourceHealthy':
    case 'functionTrouble':
    case 'functionHealthy':
      return
    default:
      return command satisfies never
  }
}

function begin(shell: Shell, request: FlowRequest): Operation {
  const operation: Operation = { request, cancel: null }
  shell.out.set(request.id, operation)
  return operation
}

/** There and back: `arrive` happens at the service even if nobody waits any more (a dead process had sent it, or had not). */
function travel(world: World, shell: Shell, arrive: () => void, lost?: () => void): void {
  world.clock.after(world.prng.int(1, wayMsMax), () => {
    if (shell.alive || world.prng.chance(0.5)) arrive()
    else lost?.()
  })
}

function back(world: World, deliver: () => void): void {
  world.clock.after(world.prng.int(1, wayMsMax), deliver)
}

function read(world: World, shell: Shell, operation: Operation, request: Extract<FlowRequest, { kind: 'read' }>): void {
  let gone = false
  operation.cancel = () => (gone = true)
  travel(world, shell, () => {
    if (gone) return
    operation.cancel = null
    const stop = world.source.read(shell, request, (result) => {
      operation.cancel = null
      back(world, () =>
        world.answer(shell, {
          kind: 'readDone',
          id: request.id,
          result: world.source.marked(result, shell.filterEpoch),
        }),
      )
    })
    if (shell.out.get(request.id) === operation && operation.cancel === null) operation.cancel = stop
  })
}

function permit(world: World, shell: Shell, operation: Operation, id: number): void {
  operation.cancel = world.permits.ask(shell.number, () => {
    operation.cancel = null
    back(world, () => {
      if (!shell.alive || !shell.out.has(id)) return world.permits.back()
      shell.granted.add(id)
      world.answer(shell, { kind: 'permitted', id })
    })
  })
}

function invoke(world: World, shell: Shell, request: Extract<FlowRequest, { kind: 'invoke' }>): void {
  shell.granted.delete(request.permit)
  const run = (): void => {
    const { outcome, tookMs } = world.function.invoke(request.records, request.window)
    world.clock.after(tookMs, () => {
      world.permits.back()
      world.answer(shell, { kind: 'invoked', id: request.id, outcome })
    })
  }
  travel(world, shell, run, () => world.permits.back())
}

function settle(world: World, shell: Shell, request: Extract<FlowRequest, { kind: 'settle' }>): void {
  travel(world, shell, () => {
    const failed: number[] = []
    request.records.forEach((record, index) => {
      const refused = world.prng.chance(world.source.faults.settleFailed)
      if (refused || !world.source.queue.delete(record.receipt)) failed.push(index)
    })
    world.source.poke()
    back(world, () => world.answer(shell, { kind: 'settled', id: request.id, failed }))
  })
}

function look(world: World, shell: Shell, operation: Operation, id: number): void {
  let gone = false
  operation.cancel = () => (gone = true)
  world.clock.after(world.prng.int(1, wayMsMax), () => {
    if (gone) return
    operation.cancel = null
    const answer = world.function.look()
    back(world, () => world.answer(shell, { kind: 'looked', id, answer }))
  })
}

function release(world: World, shell: Shell, request: Extract<FlowRequest, { kind: 'release' }>): void {
  travel(world, shell, () => {
    for (const record of request.records) world.source.queue.release(record.receipt)
    world.source.poke()
    back(world, () => world.answer(shell, { kind: 'released', id: request.id }))
  })
}

function extend(world: World, shell: Shell, request: Extract<FlowRequest, { kind: 'extend' }>): void {
  travel(world, shell, () => {
    const passing: number[] = []
    const final: number[] = []
    request.records.forEach((record, index) => {
      if (world.prng.chance(world.source.faults.extendRefused)) passing.push(index)
      else if (!world.source.queue.extend(record.receipt, request.visibilityMs)) final.push(index)
    })
    world.source.poke()
    const answered = { kind: 'extended', id: request.id, failed: [...passing, ...final], final } as const
    // One word for a batch of many: it comes late at times.
    world.clock.after(world.prng.chance(0.1) ? world.prng.int(1, 3_000) : 1, () => world.answer(shell, answered))
  })
}

function discard(world: World, shell: Shell, id: number): void {
  const refused = world.prng.chance(world.source.faults.undeliverable)
  const fate = refused ? world.prng.pick(['undeliverable', 'undestined']) : 'delivered'
  world.clock.after(world.prng.int(1, refused ? 2_000 : 50), () => world.answer(shell, { kind: 'discarded', id, fate }))
}

function checkpoint(world: World, shell: Shell, request: Extract<FlowRequest, { kind: 'checkpoint' }>): void {
  travel(world, shell, () => {
    const written = world.store.write(shell.fence, request.checkpoint) === 'written'
    if (written) {
      world.note({ kind: 'written', t: world.clock.nowMs, life: shell.number, checkpoint: request.checkpoint })
    }
    back(world, () => world.answer(shell, { kind: written ? 'checkpointed' : 'fenced', id: request.id }))
  })
}

/** What can still be called off answers so; what is on its way back may win the race, or be thrown away at the door. */
function cancel(world: World, shell: Shell, id: number): void {
  const operation = shell.out.get(id)
  if (operation === undefined) return
  const calledOff = operation.cancel?.() ?? false
  const atTheDoor = operation.request.kind === 'read' && world.prng.chance(0.5)
  if (calledOff || atTheDoor) back(world, () => world.answer(shell, { kind: 'cancelled', id }))
}
