import { expect, it } from 'vitest'
import { RecentRate } from '../../../src/engine/recent-rate.ts'

it('the rate is that of the last minute, or of the time since the first record where that is less', () => {
  const rate = new RecentRate()
  expect(rate.perSecond(5_000)).toBe(0)
  rate.add(30, 10_000)
  expect(rate.perSecond(10_000)).toBe(30)
  rate.add(10, 14_000)
  expect(rate.perSecond(20_000)).toBe(4)
  expect(rate.perSecond(69_000)).toBe(0.7)
  expect(rate.perSecond(72_000)).toBe(0.2)
  expect(rate.perSecond(80_000)).toBe(0)
  rate.add(60, 100_000)
  expect(rate.perSecond(100_000)).toBe(1)
})
