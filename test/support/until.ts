import { setTimeout as pause } from 'node:timers/promises'

const firstPauseMs = 1
const pauseMsMax = 50

/**
 * Waits for what others bring about: a process, a socket, a promise. Bounded, and so generously that no busy machine decides; what
 * did not come true is in the error. Looks often at first, then seldom: a look may be a request.
 */
export async function until(
  condition: () => boolean | Promise<boolean>,
  what: string | (() => string | Promise<string>),
  { secondsMax = 120 }: { readonly secondsMax?: number } = {},
): Promise<void> {
  const giveUpAt = performance.now() + secondsMax * 1_000
  for (let pauseMs = firstPauseMs; !(await condition()); pauseMs = Math.min(pauseMs * 1.5, pauseMsMax)) {
    if (performance.now() > giveUpAt) {
      throw new Error(`not within ${secondsMax} s: ${typeof what === 'string' ? what : await what()}`)
    }
    await pause(pauseMs)
  }
}
