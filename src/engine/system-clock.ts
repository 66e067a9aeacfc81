import { randomUUID } from 'node:crypto'
import type { Clock } from '../ports.ts'
import { createMonotonicTime } from './boot-time.ts'

/** The longest wait that setTimeout takes. */
const timeoutMsMax = 2_147_483_647

const monoMs = createMonotonicTime()

/** The real clock. Its timers never keep the process alive. */
export const systemClock: Clock = {
  wallMs: () => Date.now(),
  monoMs,
  random: () => Math.random(),
  uuid: () => randomUUID(),
  timer(atMonoMs, callback) {
    let timeout: NodeJS.Timeout
    const arm = (): void => {
      // Rounded up: setTimeout cuts fractions off.
      const waitMs = Math.min(Math.max(0, Math.ceil(atMonoMs - monoMs())), timeoutMsMax)
      timeout = setTimeout(fire, waitMs)
      timeout.unref()
    }
    // It counts from the time at which the event loop last looked, which may be a moment ago: early ones wait for the rest.
    const fire = (): void => (monoMs() < atMonoMs ? arm() : callback())
    arm()
    return () => clearTimeout(timeout)
  },
}
