import { describe, expect, it } from 'vitest'
import { AttemptLine } from '../../../src/targets/attempt-line.ts'

describe('an attempt among those of its function', () => {
  it('may have begun as late as those before it were answered, and no answer behind it counts', () => {
    const line = new AttemptLine()
    const [a, b, c] = [line.enter(0), line.enter(1), line.enter(2)]
    expect([a, b, c].map((spot) => spot.beganMs())).toEqual([0, 1, 2])
    b.leave(50, 50)
    expect([a, c].map((spot) => spot.beganMs())).toEqual([0, 50])
    a.leave(70, null)
    expect(c.beganMs()).toBe(50)
    c.leave(90, 90)
    expect(line.isEmpty).toBe(true)
  })

  it('hears of an answer also when who stood between is gone without one', () => {
    const line = new AttemptLine()
    const [a, b, c] = [line.enter(0), line.enter(0), line.enter(0)]
    a.leave(40, 40)
    b.leave(60, null)
    expect(c.beganMs()).toBe(40)
    expect(line.enter(70).beganMs()).toBe(70)
  })

  it('is cold until one of them has ended, whatever it ended with, and after a long silence', () => {
    const line = new AttemptLine()
    const [a, b] = [line.enter(0), line.enter(0)]
    expect([a.isCold, b.isCold]).toEqual([true, true])
    a.leave(1_000, null)
    expect(line.enter(601_000).isCold).toBe(false)
    expect(line.enter(601_001).isCold).toBe(true)
  })
})
