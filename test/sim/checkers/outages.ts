import type { FlowCommand } from '../../../src/core/flow/messages.ts'
import { type Life, isStreamLife, lifeOf, ownMs } from '../book.ts'
import { type Checker, violate } from '../trace.ts'

/** A function that was tried in vain after a look that let it be tried is not tried again before this. */
const tryMsMin = 1_000

/** While nobody can be invoked, nothing is received for the dead-letter queue: one look, then one batch or one message, at a pace. */
export function outages(): Checker {
  return {
    name: 'outages',
    see(entry, book) {
      if (entry.kind !== 'command') return
      const life = lifeOf(book, entry.life)
      if (isStreamLife(life) || life.outage === null || life.drainingSince !== null) return
      if (entry.command.kind === 'invoke') onInvoke(life, ownMs(life, entry.t))
      if (entry.command.kind === 'read') onRead(entry.command, life)
    },
  }
}

function onInvoke({ outage }: Life, monoMs: number): void {
  if (outage === null) return
  if (!outage.allowed) violate('outages', `tries a function that is ${outage.reason} without a look at it`)
  if (outage.attempts.size > 0) violate('outages', `tries a function that is ${outage.reason} twice at once`)
  if (outage.refusals > 1 && monoMs < outage.refusedMs + tryMsMin)
    violate(
      'outages',
      `tries again ${String(monoMs - outage.refusedMs)} ms after attempt ${String(outage.refusals)} in vain`,
    )
}

function onRead({ recordsMax }: Extract<FlowCommand, { kind: 'read' }>, { outage }: Life): void {
  if (outage === null) return
  if (!outage.allowed) violate('outages', `receives for a function that is ${outage.reason}`)
  if (recordsMax > 1)
    violate('outages', `receives ${String(recordsMax)} messages for a function that is ${outage.reason}`)
  if (outage.reads.size > 0) violate('outages', `receives twice at once for a function that is ${outage.reason}`)
}
