import type { Clock } from '../../../src/ports.ts'

/** A clock that stands still until it is told to move. */
export function manualClock(startWallMs = 1_700_000_000_000) {
  let nowMs = 0
  let ids = 0
  let timers: { readonly atMs: number; readonly callback: () => void }[] = []
  const clock: Clock = {
    wallMs: () => startWallMs + nowMs,
    monoMs: () => nowMs,
    random: () => 0.5,
    uuid: () => `uuid-${++ids}`,
    timer(atMs, callback) {
      const timer = { atMs, callback }
      timers.push(timer)
      return () => {
        timers = timers.filter((each) => each !== timer)
      }
    },
  }
  /** Lets everything that was promised happen. */
  const settle = async (): Promise<void> => {
    for (let round = 0; round < 5; round++) {
      await new Promise<void>((resolve) => {
        setImmediate(resolve)
      })
    }
  }
  return {
    clock,
    settle,
    timers: () => timers.map((timer) => timer.atMs).toSorted((a, b) => a - b),
    /** Moves the clock; timers fire at their moments, and what they cause happens before the next one. */
    async pass(ms: number): Promise<void> {
      const untilMs = nowMs + ms
      await settle()
      for (;;) {
        const due = timers.filter((timer) => timer.atMs <= untilMs).toSorted((a, b) => a.atMs - b.atMs)[0]
        if (due === undefined) break
        timers = timers.filter((each) => each !== due)
        nowMs = Math.max(nowMs, due.atMs)
        due.callback()
        await settle()
      }
      nowMs = untilMs
      await settle()
    },
  }
}
