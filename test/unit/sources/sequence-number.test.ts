import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { compareSequenceNumbers } from '../../../src/sources/sequence-number.ts'

describe('sequence numbers', () => {
  // own reading: long numbers
  it('are compared as numbers of any length, zero-padded or not, never as strings', () => {
    const number = fc.bigInt({ min: 0n, max: 10n ** 56n })
    const padding = fc.nat({ max: 30 })
    fc.assert(
      fc.property(number, number, padding, padding, (a, b, padA, padB) => {
        const order = compareSequenceNumbers(`${'0'.repeat(padA)}${a}`, `${'0'.repeat(padB)}${b}`)
        expect(order).toBe(a < b ? -1 : a > b ? 1 : 0)
      }),
    )
    expect(compareSequenceNumbers('9', '10')).toBe(-1)
    expect(compareSequenceNumbers('000', '0')).toBe(0)
  })
})
