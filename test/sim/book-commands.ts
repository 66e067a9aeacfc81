import type { FlowCommand } from '../../src/core/flow-commands.ts'
import type { FlowRecord } from '../../src/model/record.ts'
import type { Held, Life } from './book.ts'
import { heldKey, isStreamLife, matchesNow } from './book.ts'

/** What a command says about the records it names. */
export function applyCommand(life: Life, command: FlowCommand, t: number): void {
  switch (command.kind) {
    case 'read':
      life.reads += 1
      return remember(life, command)
    case 'permit':
    case 'checkpoint':
      return remember(life, command)
    case 'invoke':
      life.granted.delete(command.permit)
      move(life, command.records, 'out')
      return remember(life, command)
    case 'settle':
      move(life, command.records, 'settling')
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
      return applyDropped(life, command, t)
    case 'finished':
      life.finished = true
      return
    case 'drained':
      life.drained = true
      return
    case 'filtered':
      for (const held of fallenThrough(life)) fallThrough(life, held)
      return
    case 'positionLost':
      life.recreated ||= command.reason === 'recreated'
      return
    case 'cancel':
    case 'attemptFailed':
    case 'sourceTrouble':
    case 'sourceHealthy':
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
    const held = life.held.get(heldKey(record)) ?? revive(life, heldKey(record))
    if (held !== undefined) setPhase(life, held, phase)
  }
}

/** A record that was thought to be dropped is used after all: another one that was due must have been meant. */
function revive(life: Life, key: string): Held | undefined {
  const held = life.doubtful.get(key)
  if (held === undefined) return undefined
  life.doubtful.delete(key)
  const [meant] = droppable(life, 'visibility', life.env.monoMs)
  const { orderKey } = held.record
  const behind =
    meant ?? [...life.held.values()].find((one) => one.phase === 'held' && one.record.orderKey === orderKey)
  if (behind !== undefined) {
    setPhase(life, behind, 'left')
    life.doubtful.set(behind.key, behind)
  }
  life.held.set(key, held)
  return held
}

export function setPhase(life: Life, held: Held, phase: Held['phase']): void {
  held.phase = phase
  if (phase === 'left' || phase === 'acked') held.leftMs = life.env.monoMs
  life.waiting.delete(held.key)
  if (phase === 'done' || phase === 'left') life.held.delete(held.key)
}

/** A count names nobody: the oldest that may be dropped for this reason are taken to be meant. */
function applyDropped(life: Life, command: Extract<FlowCommand, { kind: 'dropped' }>, t: number): void {
  if (command.reason !== 'visibility' && command.reason !== 'retention') return
  life.dropped += command.count
  let left = command.count
  for (const held of droppable(life, command.reason, t)) {
    if (left === 0) return
    if (isStreamLife(life) && held.fact !== undefined) held.fact.dropped = true
    setPhase(life, held, isStreamLife(life) ? 'done' : 'left')
    if (!isStreamLife(life)) life.doubtful.set(held.key, held)
    left -= 1
  }
}

/** A throttled batch whose receipts end before its next try may be let go at once. */
const pauseMsMax = 15_000

/** Who may be dropped: queues what ran out, and what lies behind a record of its group that ended; streams what is too old. */
export function droppable(life: Life, reason: 'visibility' | 'retention', t: number): Held[] {
  const ofGroup = life.config.traits.ordered === 'group'
  const retentionMs = life.config.retentionMs
  const found: Held[] = []
  const paused: Held[] = []
  const broken: Record<Breach, Held[]> = { now: [], perhaps: [] }
  const groups = new Set<string>()
  for (const held of life.held.values()) {
    if (held.phase !== 'held' || !matchesNow(life, held.record)) continue
    const breach = ofGroup ? breachBefore(life, held) : null
    if (reason === 'retention') {
      if (retentionMs !== null && life.env.sourceMs - held.record.arrivedMs > retentionMs) found.push(held)
    } else if (breach !== null) {
      broken[breach].push(held)
    } else if (held.expiresMs <= t || (ofGroup && groups.has(held.record.orderKey))) {
      groups.add(held.record.orderKey)
      found.push(held)
    } else if (held.notRuns > 0 && held.expiresMs <= t + pauseMsMax) paused.push(held)
  }
  return [...broken.now, ...broken.perhaps, ...found, ...paused]
}

/** `perhaps`: an earlier record of the group is only thought to have been dropped. */
type Breach = 'now' | 'perhaps'

/** Whether an earlier record of its group has ended unacknowledged. */
function breachBefore(life: Life, held: Held): Breach | null {
  let breach: Breach | null = null
  for (const other of life.keys.get(held.record.orderKey)?.items ?? []) {
    if (other === held) return breach
    if (life.doubtful.has(other.key)) breach = 'perhaps'
    else if ((other.phase === 'left' || other.phase === 'acked') && other.leftMs === life.env.monoMs) return 'now'
  }
  return null
}

/** Held, not out, read under earlier filters, and no match for those of now. */
export function fallenThrough(life: Life): Held[] {
  return [...life.held.values()].filter(
    ({ phase, record }) => phase === 'held' && record.matched && !matchesNow(life, record),
  )
}

/** A stream has nothing more to do for it; a queue has to be told. */
function fallThrough(life: Life, held: Held): void {
  if (held.fact !== undefined) held.fact.filtered = true
  life.waiting.delete(held.key)
  if (!isStreamLife(life)) return
  if (held.fact !== undefined) held.fact.resolved = true
  setPhase(life, held, 'done')
}
