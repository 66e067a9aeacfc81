import type { Clock } from '../ports.ts'

/** Waits on the clock; rejects with the signal's reason when that comes first. */
export function sleep(clock: Pick<Clock, 'monoMs' | 'timer'>, ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) {
      reject(reasonOf(signal))
      return
    }
    const onAbort = (): void => {
      cancel()
      reject(reasonOf(signal))
    }
    const cancel = clock.timer(clock.monoMs() + ms, () => {
      signal.removeEventListener('abort', onAbort)
      resolve()
    })
    signal.addEventListener('abort', onAbort, { once: true })
  })
}

export function reasonOf(signal: AbortSignal): Error {
  return signal.reason instanceof Error ? signal.reason : new Error(String(signal.reason))
}

/** Why something was given up. Never shown to anyone: a command that is given up answers `cancelled`. */
export class GivenUp extends Error {
  override readonly name = 'GivenUp'
}
