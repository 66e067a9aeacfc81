import { setTimeout as sleep } from 'node:timers/promises'

const pollMs = 20

/**
 * Waits for what other processes bring about. Bounded, and so generously that no busy machine decides; what did not come true is in
 * the error, with what was seen last.
 */
export async function until(
  condition: () => boolean | Promise<boolean>,
  what: string | (() => string),
  secondsMax = 150,
): Promise<void> {
  const giveUpAt = performance.now() + secondsMax * 1_000
  while (!(await condition())) {
    if (performance.now() > giveUpAt) {
      throw new Error(`not within ${secondsMax} s: ${typeof what === 'string' ? what : what()}`)
    }
    await sleep(pollMs)
  }
}
