import type { Clock } from '../ports.ts'

/** One attempt's end: the caller's own abort, or the time that the function is given. Must be disposed of. */
export interface AttemptDeadline {
  readonly signal: AbortSignal
  /** The time ran out before the caller gave up. */
  expired(): boolean
  /** Whatever the attempt ended with, timers and listeners go. */
  dispose(): void
}

/** Asked when the time is over: how long the attempt has in all, from its start. */
export type Reconsider = (signal: AbortSignal) => Promise<number>

/**
 * Wires the two by hand: `AbortSignal.any` on a signal that lives as long as the mapping would leave a dependent behind
 * for every invocation until the collector comes by.
 */
export function startDeadline(
  clock: Clock,
  timeoutMs: number,
  outer: AbortSignal,
  reconsider?: Reconsider,
): AttemptDeadline {
  const startMs = clock.monoMs()
  const controller = new AbortController()
  let expired = false
  let disposed = false
  let cancelTimer = (): void => {}
  const onOuterAbort = (): void => controller.abort(outer.reason)
  if (outer.aborted) onOuterAbort()
  else outer.addEventListener('abort', onOuterAbort, { once: true })
  const expire = (): void => {
    if (controller.signal.aborted || disposed) return
    expired = true
    const elapsedMs = clock.monoMs() - startMs
    controller.abort(new DOMException(`No answer within ${elapsedMs} ms.`, 'TimeoutError'))
  }
  const waitFor = (ms: number): void => {
    cancelTimer = clock.timer(startMs + ms, () => {
      if (reconsider === undefined) expire()
      else void reconsider(controller.signal).then(goOn, expire)
    })
  }
  const goOn = (ms: number): void => {
    if (disposed || controller.signal.aborted) return
    if (startMs + ms > clock.monoMs()) waitFor(ms)
    else expire()
  }
  waitFor(timeoutMs)
  return {
    signal: controller.signal,
    expired: () => expired || (outer.aborted && isTimeout(outer.reason)),
    dispose() {
      disposed = true
      cancelTimer()
      outer.removeEventListener('abort', onOuterAbort)
    },
  }
}

/** A caller may bound the attempt itself, by `AbortSignal.timeout`: that is a function's timeout, not a drain. */
function isTimeout(reason: unknown): boolean {
  return reason instanceof Error && reason.name === 'TimeoutError'
}
