import type { FlowCommand } from '../../../src/core/flow/messages.ts'
import { type Book, type Life, heldKey, isStreamLife, lifeOf } from '../book.ts'
import { isWornOut } from './receipts.ts'
import { type Checker, shown, violate } from '../trace.ts'
import type { Terms } from './terms.ts'

/** What a drain may take beside the attempt that is out: deliveries, acknowledgements, the last checkpoint. */
const drainMarginMs = 15_000

/** Up to when a disabled or deleted queue starts what it has received, and what a stop leaves for the acknowledgement. */
const startsMs = 10_000
const acknowledgeMs = 500

/** Promise 6: a drain reads nothing, tries what a queue has received as long as there is time, and hands back the rest. */
export function politeness(terms: Terms): Checker {
  return {
    name: 'politeness',
    see(entry, book) {
      if (entry.kind === 'event') drainsInTime(book, entry.t, terms)
      if (entry.kind !== 'command') return
      const life = lifeOf(book, entry.life)
      if (isEnding(life)) startsNothing(entry.command, life, entry.t)
      if (entry.command.kind === 'release') onRelease(entry.command, life, entry.t)
      if (entry.command.kind === 'drained') handsBack(life, entry.t)
    },
  }
}

function isEnding(life: Life): boolean {
  return life.drainingSince !== null || life.leaseLost || life.fenced
}

function drainsInTime(book: Book, t: number, terms: Terms): void {
  for (const life of book.lives.values()) {
    if (life.drained || life.crashed || life.finished || life.drainingSince === null) continue
    if (t - life.drainingSince > terms.functionTimeoutMs + drainMarginMs) {
      violate('politeness', `life ${String(life.life)} drains since ${String(life.drainingSince)}`)
    }
  }
}

/** The last moment at which a draining queue starts an attempt; null: it does not. */
function startsUntil(life: Life): number | null {
  const { drain, drainingSince, config } = life
  if (isStreamLife(life) || drain === null || drainingSince === null || life.leaseLost) return null
  if (drain.reason !== 'stop') return drainingSince + startsMs
  const runMs = config.timeoutMs ?? life.longestRunMs
  return drain.endsMs === undefined || runMs === null ? null : drain.endsMs - acknowledgeMs - runMs
}

function startsNothing(command: FlowCommand, life: Life, t: number): void {
  switch (command.kind) {
    case 'read':
    case 'look':
      return violate('politeness', `${command.kind} while draining`)
    case 'permit':
    case 'invoke':
      if (t > (startsUntil(life) ?? -Infinity)) violate('politeness', `${command.kind} while draining`)
      return
    case 'checkpoint':
    case 'settle':
    case 'discard':
      if (life.leaseLost || life.fenced) violate('politeness', `${command.kind} after the lease was lost`)
      return
    case 'release':
    case 'extend':
    case 'cancel':
    case 'giveBack':
    case 'attemptFailed':
    case 'filtered':
    case 'dropped':
    case 'positionLost':
    case 'sourceTrouble':
    case 'sourceHealthy':
    case 'functionTrouble':
    case 'functionHealthy':
    case 'finished':
    case 'drained':
      return
    default:
      return command satisfies never
  }
}

function onRelease(command: Extract<FlowCommand, { kind: 'release' }>, life: Life, t: number): void {
  const isLate = isEnding(life) && (t > (startsUntil(life) ?? -Infinity) || life.outage !== null)
  if (!isLate) areWornOut(command, life, t)
  for (const record of command.records) {
    const held = life.held.get(heldKey(record))
    if (held === undefined || held.phase !== 'held' || held.failures > 0) {
      violate('politeness', `${record.fragment} handed back although an attempt has it or has failed it`)
    }
  }
}

/** Handed back although there is time: only what the queue would show again while it runs, and what lies behind it in its group. */
function areWornOut({ records }: Extract<FlowCommand, { kind: 'release' }>, life: Life, t: number): void {
  const groups = new Set<string>()
  for (const record of records) {
    const held = life.held.get(heldKey(record))
    if (groups.has(record.orderKey)) continue
    if (held === undefined || !(isWornOut(life, held, t) || held.extended))
      violate('politeness', `${shown(records)} handed back although there is time to run it`)
    if (life.config.traits.ordered === 'group') groups.add(record.orderKey)
  }
}

function handsBack(life: Life, t: number): void {
  if (isStreamLife(life) || life.leaseLost) return
  for (const held of life.held.values()) {
    if (held.phase === 'held' && held.expiresMs > t) violate('politeness', `drained and kept ${held.record.fragment}`)
    if (held.phase === 'acked' && held.settles === 0)
      violate('politeness', `drained without acknowledging ${held.record.fragment}`)
  }
}
