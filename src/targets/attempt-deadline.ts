import type { Clock } from '../ports.ts'

/** One attempt's end: the caller's own abort, or the time that the function is given. Must be disposed of. */
export interface AttemptDeadline {
  readonly signal: AbortSignal
  /** The time ran out before the caller gave up. */
  expired(): boolean
  /** Whatever the attempt ended with, timers and listeners go. */
  dispose(): void
}

/**
 * Wires the two by hand: `AbortSignal.any` on a signal that lives as long as the mapping would leave a dependent behind
 * for every invocation until the collector comes by.
 */
export function startDeadline(clock: Clock, timeoutMs: number, outer: AbortSignal): AttemptDeadline {
  const controller = new AbortController()
  let expired = false
  const onOuterAbort = (): void => controller.abort(outer.reason)
  if (outer.aborted) onOuterAbort()
  else outer.addEventListener('abort', onOuterAbort, { once: true })
  const cancelTimer = clock.timer(clock.monoMs() + timeoutMs, () => {
    if (controller.signal.aborted) return
    expired = true
    controller.abort(new DOMException(`No answer within ${timeoutMs} ms.`, 'TimeoutError'))
  })
  return {
    signal: controller.signal,
    expired: () => expired || (outer.aborted && isTimeout(outer.reason)),
    dispose() {
      cancelTimer()
      outer.removeEventListener('abort', onOuterAbort)
    },
  }
}

/** A caller may bound the attempt itself, by `AbortSignal.timeout`: that is a function's timeout, not a drain. */
function isTimeout(reason: unknown): boolean {
  return reason instanceof Error && reason.name === 'TimeoutError'
}
