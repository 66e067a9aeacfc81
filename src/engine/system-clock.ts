import { randomUUID } from 'node:crypto'
import type { Clock } from '../ports.ts'

/** The longest wait that setTimeout takes; a longer one wakes early, which does no harm. */
const timeoutMsMax = 2_147_483_647

/** The real clock. Its timers never keep the process alive. */
export const systemClock: Clock = {
  wallMs: () => Date.now(),
  monoMs: () => performance.now(),
  random: () => Math.random(),
  uuid: () => randomUUID(),
  timer(atMonoMs, callback) {
    // Rounded up: setTimeout cuts fractions off, and a timer that is early would be set a second time.
    const waitMs = Math.min(Math.max(0, Math.ceil(atMonoMs - performance.now())), timeoutMsMax)
    const timeout = setTimeout(callback, waitMs)
    timeout.unref()
    return () => clearTimeout(timeout)
  },
}
