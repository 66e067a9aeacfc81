import type { FlowCommand, FlowEvent } from '../../../src/core/flow/messages.ts'
import { type Life, heldKey, isStreamLife, lifeOf, ownMs } from '../book.ts'
import { type Checker, shown, violate } from '../trace.ts'

/** What was announced as a pause is one: for the batch that is to be tried again, and for the source that is not well. */
export function pauses(): Checker {
  const attempts = new Map<string, number>()
  const reads = new Map<number, number>()
  return {
    name: 'pauses',
    see(entry, book) {
      if (entry.kind === 'event') forget(entry.event, entry.life, reads)
      if (entry.kind !== 'command') return
      const { command } = entry
      const life = lifeOf(book, entry.life)
      const monoMs = ownMs(life, entry.t)
      // What an update has laid out anew starts afresh.
      if (life.configs > 0) return
      if (command.kind === 'attemptFailed') announce(command, life, monoMs, attempts)
      if (command.kind === 'invoke')
        notBefore(attempts.get(unitOf(life, command.records)), monoMs, shown(command.records))
      if (command.kind === 'sourceTrouble') reads.set(life.life, monoMs + command.retryMs)
      if (command.kind === 'read' && isStreamLife(life)) notBefore(reads.get(life.life), monoMs, 'the source')
    },
  }
}

function unitOf(life: Life, records: Parameters<typeof shown>[0]): string {
  // Another copy of a message is another batch.
  return `${String(life.life)} ${records.map(heldKey).join(' ')}`
}

function forget(event: FlowEvent, life: number, reads: Map<number, number>): void {
  if (event.kind === 'readDone' && event.result.kind === 'records') reads.delete(life)
}

function announce(
  command: Extract<FlowCommand, { kind: 'attemptFailed' }>,
  life: Life,
  t: number,
  attempts: Map<string, number>,
): void {
  const { next, outcome, records } = command
  // A final invocation has no records by which it could be told from another.
  if (next.kind !== 'retry' || records.length === 0) return
  if (next.inMs < 1) violate('pauses', `${shown(records)} is to be tried again in ${String(next.inMs)} ms`)
  const asked = outcome.kind === 'notRun' ? (outcome.retryAfterMs ?? 0) : 0
  if (life.config.recordAgeMsMax === null && next.inMs < asked) {
    violate('pauses', `${shown(records)} waits ${String(next.inMs)} ms, the target asked for ${String(asked)}`)
  }
  attempts.set(unitOf(life, records), t + next.inMs)
}

function notBefore(moment: number | undefined, t: number, what: string): void {
  if (moment !== undefined && t < moment)
    violate('pauses', `${what} is tried again at ${String(t)}, announced for ${String(moment)}`)
}
