import { uptime } from 'node:os'

/** What the system counts since it was started, asleep or not; to the second on some systems. */
export interface BootTime {
  bootS(): number
  /** Stands still while the machine sleeps. */
  awakeMs(): number
}

const awakeMs = (): number => performance.now()
const systemTime: BootTime = { bootS: canTell() ? uptime : () => awakeMs() / 1_000, awakeMs }

/** Some sandboxes do not let it be asked. */
function canTell(): boolean {
  try {
    return uptime() >= 0
  } catch {
    return false
  }
}

/** Shorter sleeps are the grain of what the system counts in. */
const sleepMsMin = 2_000
/** How often it is asked: a step of the clock costs nothing. */
const askedEveryMs = 100

/**
 * Milliseconds that never jump back and do not miss the time in which the machine was asleep: a queue shows its messages again
 * whether or not a laptop's lid is shut, so the receipts that are held over it have to run out as well.
 */
export function createMonotonicTime(time: BootTime = systemTime): () => number {
  let asleepMs = 0
  let askedMs = Number.NEGATIVE_INFINITY
  const beganMs = time.bootS() * 1_000 - time.awakeMs()
  return () => {
    const nowMs = time.awakeMs()
    if (nowMs - askedMs >= askedEveryMs) {
      askedMs = nowMs
      const missedMs = time.bootS() * 1_000 - nowMs - beganMs - asleepMs
      if (missedMs >= sleepMsMin) asleepMs += missedMs
    }
    return nowMs + asleepMs
  }
}
