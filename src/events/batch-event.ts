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
