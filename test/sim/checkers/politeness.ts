import type { FlowCommand } from '../../../src/core/flow-commands.ts'
import type { Book, Life } from '../book.ts'
import { heldKey, isStreamLife, lifeOf } from '../book.ts'
import type { Checker } from '../trace.ts'
import { shown, violate } from '../trace.ts'
import type { Terms } from './terms.ts'

/** What a drain may take beside the attempt that is out: deliveries, acknowledgements, the last checkpoint. */
const drainMarginMs = 15_000

/** Promise 6: a drain begins nothing, finishes what is out, and hands back what no attempt has failed. */
export function politeness(terms: Terms): Checker {
  return {
    name: 'politeness',
    see(entry, book) {
      if (entry.kind === 'event') drainsInTime(book, entry.t, terms)
      if (entry.kind !== 'command') return
      const life = lifeOf(book, entry.life)
      if (isEnding(life)) startsNothing(entry.command, life)
      if (entry.command.kind === 'release') onRelease(entry.command, life)
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

function startsNothing(command: FlowCommand, life: Life): void {
  switch (command.kind) {
    case 'read':
    case 'permit':
    case 'invoke':
      return violate('politeness', `${command.kind} while draining`)
    case 'checkpoint':
    case 'settle':
    case 'discard':
      if (life.leaseLost || life.fenced) violate('politeness', `${command.kind} after the lease was lost`)
      return
    case 'release':
    case 'cancel':
    case 'giveBack':
    case 'attemptFailed':
    case 'filtered':
    case 'dropped':
    case 'positionLost':
    case 'sourceTrouble':
    case 'sourceHealthy':
    case 'finished':
    case 'drained':
      return
    default:
      return command satisfies never
  }
}

function onRelease(command: Extract<FlowCommand, { kind: 'release' }>, life: Life): void {
  if (!isEnding(life))
    violate('politeness', `${shown(command.records)} handed back without a drain: a hot loop for the queue`)
  for (const record of command.records) {
    const held = life.held.get(heldKey(record))
    if (held === undefined || held.phase !== 'held' || held.failures > 0) {
      violate('politeness', `${record.fragment} handed back although an attempt has it or has failed it`)
    }
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
