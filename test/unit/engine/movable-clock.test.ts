import { describe, expect, it } from 'vitest'
import { MovableClock } from '../../../src/engine/movable-clock.ts'
import { manualClock } from '../../support/manual-clock.ts'

function movable() {
  const time = manualClock()
  const clock = new MovableClock(time.clock)
  const fired: string[] = []
  const timer = (atMs: number, name: string): (() => void) => clock.timer(atMs, () => fired.push(name))
  return { time, clock, fired, timer }
}

describe('a clock that may be moved', () => {
  it('is the real one until it is', async () => {
    const { time, clock, fired, timer } = movable()
    timer(100, 'a')
    await time.pass(99)
    expect([clock.monoMs(), clock.aheadMs, clock.wallMs(), fired]).toEqual([99, 0, time.clock.wallMs(), []])
    await time.pass(1)
    expect(fired).toEqual(['a'])
  })

  it('lets so much time pass at once, and what is due by it happens in its order', async () => {
    const { time, clock, fired, timer } = movable()
    timer(5_000, 'late')
    timer(300, 'b')
    timer(200, 'a')
    clock.advance(1_000)
    await time.pass(0)
    expect([fired, clock.monoMs(), clock.aheadMs]).toEqual([['a', 'b'], 1_000, 1_000])
    await time.pass(4_000)
    expect(fired).toEqual(['a', 'b', 'late'])
  })

  it('runs faster, and as fast as the real one again without going back', async () => {
    const { time, clock, fired, timer } = movable()
    clock.run(60)
    timer(60_000, 'minute')
    await time.pass(999)
    expect(fired).toEqual([])
    await time.pass(1)
    expect([fired, clock.monoMs(), clock.speed]).toEqual([['minute'], 60_000, 60])
    clock.run(1)
    await time.pass(10)
    expect([clock.monoMs(), clock.aheadMs]).toEqual([60_010, 59_000])
  })

  it('forgets a timer that was called off, moved or not', async () => {
    const { time, clock, fired, timer } = movable()
    const callOff = timer(100, 'a')
    clock.advance(50)
    callOff()
    clock.advance(1_000)
    await time.pass(1_000)
    expect(fired).toEqual([])
    expect(time.timers()).toEqual([])
  })
})
