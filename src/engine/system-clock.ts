import { randomUUID } from 'node:crypto'
import type { Clock } from '../ports.ts'
import { createMonotonicTime } from './boot-time.ts'

/** The longest wait that setTimeout takes; a longer one wakes early, which does no harm. */
const timeoutMsMax = 2_147_483_647

const monoMs = createMonotonicTime()

/** The real clock. Its timers never keep the process alive. */
export const systemClock: Clock = {
  wallMs: () => Date.now(),
  monoMs,
  random: () => Math.random(),
  uuid: () => randomUUID(),
  timer(atMonoMs, callback) {
    // Rounded up: setTimeout cuts fractions off, and a timer that is early would be set a second time.
    const waitMs = Math.min(Math.max(0, Math.ceil(atMonoMs - monoMs())), timeoutMsMax)
    const timeout = setTimeout(callback, waitMs)
    timeout.unref()
    return () => clearTimeout(timeout)
  },
}
