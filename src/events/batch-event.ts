import { Buffer } from 'node:buffer'
import type { WindowFrame } from '../model/invocation.ts'
import { isoSeconds } from './event-time.ts'

/** What a batch of a tumbling window says beside its records (behaviour §4.7). */
export interface EventWindow {
  readonly frame: WindowFrame
  readonly shardId: string
  readonly eventSourceArn: string
}

/** The event of one invocation, put together from the fragments of its records. */
export function batchEvent(fragments: readonly string[], window: EventWindow | null): string {
  return `${head}${fragments.join(',')}${tailOf(window)}`
}

/** UTF-8 length of everything in the event but the records and the commas between them. */
export function envelopeBytesOf(window: EventWindow | null): number {
  return head.length + Buffer.byteLength(tailOf(window))
}

/** UTF-8 length of the event, without building it: exact, so that the 6 MB limit is. */
export function eventBytes(fragmentBytes: readonly number[], window: EventWindow | null): number {
  const commas = Math.max(0, fragmentBytes.length - 1)
  return fragmentBytes.reduce((sum, bytes) => sum + bytes, envelopeBytesOf(window) + commas)
}

const head = '{"Records":['

/** The state is JSON text already and goes in as it came from the function. */
function tailOf(window: EventWindow | null): string {
  if (window === null) return ']}'
  const { startMs, endMs, state, isFinal, isTerminatedEarly } = window.frame
  return (
    `],"window":{"start":"${isoSeconds(startMs)}","end":"${isoSeconds(endMs)}"},"state":${state}` +
    `,"shardId":${JSON.stringify(window.shardId)},"eventSourceARN":${JSON.stringify(window.eventSourceArn)}` +
    `,"isFinalInvokeForWindow":${isFinal},"isWindowTerminatedEarly":${isTerminatedEarly}}`
  )
}
