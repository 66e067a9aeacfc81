import type { Clock } from '../../src/ports.ts'
import { VirtualClock } from './virtual-clock.ts'

/** A clock that stands still until it is told to move. */
export function manualClock(startWallMs = 1_700_000_000_000) {
  const virtual = new VirtualClock()
  let ids = 0
  const clock: Clock = {
    wallMs: () => startWallMs + virtual.nowMs,
    monoMs: () => virtual.nowMs,
    random: () => 0.5,
    uuid: () => `uuid-${++ids}`,
    timer: (atMs, callback) => virtual.timer(atMs, callback),
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
    /** When those that are armed fire, the next one first. */
    timers: () => virtual.planned(),
    /** Moves the clock and fires what is due; who waits for a promise has not gone on yet. */
    advance(ms: number): void {
      const untilMs = virtual.nowMs + ms
      while ((virtual.nextMs ?? Infinity) <= untilMs) virtual.advance()
      virtual.moveTo(untilMs)
    },
    /** Moves the clock; timers fire at their moments, and what they cause happens before the next one. */
    async pass(ms: number): Promise<void> {
      const untilMs = virtual.nowMs + ms
      await settle()
      while ((virtual.nextMs ?? Infinity) <= untilMs) {
        virtual.advance()
        await settle()
      }
      virtual.moveTo(untilMs)
      await settle()
    },
  }
}
