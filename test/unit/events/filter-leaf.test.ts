import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { foldCase } from '../../../src/events/filter-affixes.ts'
import { compileLeaf } from '../../../src/events/filter-leaf.ts'
import { above, below } from '../../../src/events/filter-ranges.ts'

/** Each alternative by itself must say what all of them together do. */
function agrees(alternatives: readonly unknown[], value: string | number | null): void {
  const one = alternatives.some((alternative) => compileLeaf([alternative], 'a').passes(value))
  expect(compileLeaf(alternatives, 'a').passes(value)).toBe(one)
}

const few = fc.string({ unit: fc.constantFrom('a', 'B', 'b', 'Σ', 'ς', 'σ', 'İ', '𐐀', '𐐨'), maxLength: 4 })
const number = fc.integer({ min: -3, max: 3 })
const alternative = fc.oneof(
  few,
  number,
  few.map((text) => ({ prefix: text })),
  few.map((text) => ({ suffix: text })),
  few.map((text) => ({ prefix: { 'equals-ignore-case': text } })),
  few.map((text) => ({ suffix: { 'equals-ignore-case': text } })),
  few.map((text) => ({ 'equals-ignore-case': text })),
  fc.array(few, { minLength: 1, maxLength: 3 }).map((texts) => ({ 'anything-but': texts })),
  fc.array(number, { minLength: 1, maxLength: 3 }).map((texts) => ({ 'anything-but': texts })),
  fc.tuple(fc.constantFrom('=', '<', '<=', '>', '>='), number).map((numeric) => ({ numeric })),
  fc
    .tuple(fc.constantFrom('>', '>='), number, fc.constantFrom('<', '<='), fc.integer({ min: 1, max: 4 }))
    .map(([lower, low, upper, more]) => ({ numeric: [lower, low, upper, low + more] })),
)

describe('many alternatives are one test', () => {
  it('that says what any of them says', () => {
    fc.assert(
      fc.property(
        fc.array(alternative, { minLength: 1, maxLength: 8 }),
        fc.oneof(few, number, fc.constant(null)),
        agrees,
      ),
      { numRuns: 5_000 },
    )
  })

  it.each([
    [{ numeric: ['>', 0] }, [Number.MIN_VALUE, 1], [0, -0, -1]],
    [{ numeric: ['<', 0] }, [-Number.MIN_VALUE, -1], [0, -0, 1]],
    [{ numeric: ['>', 1, '<', above(1)] }, [], [1, above(1), below(1)]],
    [{ numeric: ['>=', 1, '<', above(1)] }, [1], [above(1), below(1)]],
  ])('%j', (one, passing, failing) => {
    const { passes } = compileLeaf([one], 'a')
    expect(passing.filter(passes)).toEqual(passing)
    expect(failing.filter(passes)).toEqual([])
  })
})

it('the double above a number is the next one', () => {
  fc.assert(
    fc.property(fc.double({ noNaN: true, min: -1e300, max: 1e300 }), (value) => {
      const next = above(value)
      expect(next).toBeGreaterThan(value)
      const middle = value / 2 + next / 2
      expect(middle === value || middle === next || middle < value).toBe(true)
      expect(below(next) === value).toBe(true)
    }),
  )
})

// A value is folded only as far as the text that it is held against is long.
it('no character gets shorter by ignoring its case', () => {
  const shorter: string[] = []
  for (let code = 0; code <= 0x10_ff_ff; code += 1) {
    const char = String.fromCodePoint(code)
    if (foldCase(char).length < char.length) shorter.push(char)
  }
  expect(shorter).toEqual([])
})
