import type { FlowCommand } from '../../../src/core/flow/messages.ts'
import { type Life, isStreamLife, lifeOf } from '../book.ts'
import { type Checker, violate } from '../trace.ts'

/** No function gets a record that is older than MaximumRecordAge, or than what the source still keeps. */
export function ages(): Checker {
  return {
    name: 'ages',
    see(entry, book) {
      if (entry.kind === 'command' && entry.command.kind === 'invoke') onInvoke(entry.command, lifeOf(book, entry.life))
    },
  }
}

function onInvoke(command: Extract<FlowCommand, { kind: 'invoke' }>, life: Life): void {
  if (!isStreamLife(life)) return
  const { recordAgeMsMax, retentionMs } = life.config
  for (const record of command.records) {
    const ageMs = life.env.sourceMs - record.arrivedMs
    const keptMs = life.env.retentionSourceMs - record.arrivedMs
    if (ageMs > (recordAgeMsMax ?? Infinity) || keptMs > (retentionMs ?? Infinity))
      violate('ages', `invokes ${record.fragment} at the age of ${String(ageMs)} ms`)
  }
}
