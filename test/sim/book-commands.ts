import type { FlowCommand } from '../../src/core/flow/messages.ts'
import type { FlowRecord } from '../../src/model/record.ts'
import { type Held, type Life, heldKey, isStreamLife } from './book.ts'

/** What a command says about the records it names. */
export function applyCommand(life: Life, command: FlowCommand): void {
  switch (command.kind) {
    case 'read':
      life.reads += 1
      life.sentMs.set(command.id, life.sentMs.get(command.repeats ?? -1) ?? life.env.receiptMonoMs)
      life.outage?.reads.add(command.id)
      return remember(life, command)
    case 'permit':
    case 'look':
    case 'checkpoint':
      return remember(life, command)
    case 'invoke':
      life.granted.delete(command.permit)
      life.sentMs.set(command.id, life.env.receiptMonoMs)
      life.outage?.attempts.add(command.id)
      move(life, command.records, 'out')
      for (const record of command.records) noteSent(life, record)
      return remember(life, command)
    case 'settle':
      move(life, command.records, 'settling')
      return remember(life, command)
    case 'extend':
      life.sentMs.set(command.id, life.env.receiptMonoMs)
      return remember(life, command)
    case 'release':
      move(life, command.records, 'left')
      return remember(life, command)
    case 'discard':
      move(life, command.records, 'discarding')
      return remember(life, command)
    case 'giveBack':
      life.granted.delete(command.permit)
      return
    case 'dropped':
      return applyDropped(life, command)
    case 'finished':
      life.finished = true
      return
    case 'drained':
      life.drained = true
      return
    case 'filtered':
      return fallThrough(life, command.records)
    case 'positionLost':
      life.recreated ||= command.reason === 'recreated'
      // Its runs are looked for no longer.
      life.repeats ||= (life.opened?.completed.length ?? 0) > 0
      return
    case 'cancel':
    case 'attemptFailed':
    case 'sourceTrouble':
    case 'sourceHealthy':
    case 'functionTrouble':
    case 'functionHealthy':
      return
    default:
      return command satisfies never
  }
}

function remember(life: Life, command: Extract<FlowCommand, { id: number }> & { kind: string }): void {
  if (command.kind === 'cancel') return
  life.used.add(command.id)
  life.pending.set(command.id, command as never)
}

function move(life: Life, records: readonly FlowRecord[], phase: Held['phase']): void {
  for (const record of records) {
    const held = life.held.get(heldKey(record))
    if (held !== undefined) setPhase(life, held, phase)
  }
}

function noteSent(life: Life, record: FlowRecord): void {
  const held = life.held.get(heldKey(record))
  if (held !== undefined) held.sentMs = life.env.receiptMonoMs
}

export function setPhase(life: Life, held: Held, phase: Held['phase']): void {
  held.phase = phase
  if (phase === 'left' || phase === 'acked') held.leftMs = life.env.monoMs
  life.waiting.delete(held.key)
  if (phase === 'done' || phase === 'left') life.held.delete(held.key)
}

/** What was given up as undeliverable is told with the answer of its destination. */
function applyDropped(life: Life, command: Extract<FlowCommand, { kind: 'dropped' }>): void {
  if (command.reason !== 'visibility' && command.reason !== 'retention') return
  for (const record of command.records) {
    const key = heldKey(record)
    // What the checkpoint calls done was over when it was read.
    const held = life.held.get(key) ?? life.shard.items.find((one) => one.key === key)
    if (held === undefined) continue
    if (isStreamLife(life) && held.fact !== undefined) held.fact.dropped = true
    setPhase(life, held, isStreamLife(life) ? 'done' : 'left')
  }
}

/** A stream has nothing more to do for it; a queue has to be told. */
function fallThrough(life: Life, records: readonly FlowRecord[]): void {
  for (const record of records) {
    const held = life.held.get(heldKey(record))
    if (held === undefined) continue
    if (held.fact !== undefined) held.fact.filtered = true
    life.waiting.delete(held.key)
    if (!isStreamLife(life)) continue
    if (held.fact !== undefined) held.fact.resolved = true
    setPhase(life, held, 'done')
  }
}
