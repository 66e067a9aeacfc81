import { type Life, isStreamLife, ownMs } from '../book.ts'
import { type Checker, type Entry, violate } from '../trace.ts'
import type { Terms } from './terms.ts'

/** No run holds so much. */
const roomyRecords = 10_000
const roomyBytes = 1_000_000

/** The last page that said it was the tip. */
interface Tip {
  readonly t: number
  readonly aheadMs: number
  readonly quietMs: number
  /** It brought a record, and since then there was room for more and nothing happened. */
  hurries: boolean
}

/** A shard of which nothing comes is looked at seldom, and as often as before after a record. */
export function idle(terms: Terms): Checker {
  const recordMs = new Map<number, number>()
  const tips = new Map<number, Tip>()
  return {
    name: 'idle',
    see(entry, book) {
      if (entry.kind === 'event') note(entry, recordMs, tips)
      if (entry.kind !== 'command' || entry.command.kind !== 'read') return
      const life = book.lives.get(entry.life)
      const tip = tips.get(entry.life)
      tips.delete(entry.life)
      if (life === undefined || tip === undefined || !isStreamLife(life)) return
      const monoMs = ownMs(life, entry.t)
      notSooner(life, tip, monoMs)
      // A clock that was moved in between says nothing of how long the flow slept.
      const isSteady = tip.aheadMs === monoMs - entry.t
      if (tip.hurries && isSteady && life.config.heldRecordsMax >= roomyRecords)
        notLater(life, tip, monoMs - terms.slackMs)
    },
  }
}

function note(
  { event, env, life }: Extract<Entry, { kind: 'event' }>,
  recordMs: Map<number, number>,
  tips: Map<number, Tip>,
): void {
  const t = env.monoMs
  if (event.kind === 'readDone') {
    tips.delete(life)
    if (event.result.kind !== 'records') return
    const brings = event.result.records.length > 0
    if (brings || !recordMs.has(life)) recordMs.set(life, t)
    if (event.result.tip)
      tips.set(life, { t, aheadMs: t - env.receiptMonoMs, quietMs: t - (recordMs.get(life) ?? t), hurries: brings })
  }
  const tip = tips.get(life)
  const isCalm = event.kind === 'readDone' || event.kind === 'timer'
  if (tip !== undefined && (!isCalm || env.allowedBytes < roomyBytes)) tip.hurries = false
}

function notSooner({ config }: Life, { t, quietMs }: Tip, readMs: number): void {
  const { idleMs } = config.pace
  const leastMs = quietMs >= 60_000 ? idleMs : quietMs >= 10_000 ? Math.min(100, idleMs) : 0
  if (readMs - t < leastMs)
    violate('idle', `looked again after ${String(readMs - t)} ms, though nothing came for ${String(quietMs)}`)
}

function notLater({ config }: Life, { t }: Tip, readMs: number): void {
  const { readIntervalMs, tipMsMin } = config.pace
  const mostMs = Math.max(readIntervalMs, tipMsMin)
  if (readMs - t > mostMs)
    violate('idle', `slept for ${String(readMs - t)} ms after a record, not for ${String(mostMs)}`)
}
