import { expect, it } from 'vitest'
import { orderHash } from '../../../src/events/order-hash.ts'

it('the hash of a key never changes: slots survive a restart', () => {
  expect([orderHash(''), orderHash('a'), orderHash('customer-42'), orderHash('ключ')]).toMatchInlineSnapshot(`
    [
      2872998923,
      444641715,
      2807919948,
      3185335672,
    ]
  `)
})

it('similar keys spread over ten slots', () => {
  const counts = Array.from({ length: 10 }, () => 0)
  for (let key = 0; key < 10_000; key++) {
    const slot = orderHash(`customer-${key}`) % 10
    counts[slot] = (counts[slot] ?? 0) + 1
  }
  expect(Math.min(...counts)).toBeGreaterThan(850)
  expect(Math.max(...counts)).toBeLessThan(1150)
})

it('the hash is an unsigned 32-bit number', () => {
  for (let key = 0; key < 1_000; key++) {
    const hash = orderHash(String(key))
    expect(Number.isInteger(hash) && hash >= 0 && hash <= 0xffff_ffff).toBe(true)
  }
})
