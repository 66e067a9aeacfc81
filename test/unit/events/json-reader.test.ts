import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Effort } from '../../../src/events/effort.ts'
import { JsonReader } from '../../../src/events/json-reader.ts'
import { parseJson } from '../../../src/events/json-value.ts'
import { SpelledNumber } from '../../../src/events/spelled-number.ts'

function readInSlices(text: string, sliceSteps = 1): { readonly value: unknown; readonly slices: number } {
  const effort = new Effort(sliceSteps)
  const reader = new JsonReader(text)
  let slices = 1
  for (; !reader.read(effort); slices += 1) effort.nextSlice()
  return { value: reader.value, slices }
}

/** Spelled numbers as the doubles that JSON.parse makes of them. */
function asDoubles(value: unknown): unknown {
  if (value instanceof SpelledNumber) return Number(value.text)
  if (Array.isArray(value)) return value.map(asDoubles)
  if (typeof value !== 'object' || value === null) return value
  const copy = {}
  for (const [key, child] of Object.entries(value)) {
    Object.defineProperty(copy, key, { value: asDoubles(child), enumerable: true, configurable: true, writable: true })
  }
  return copy
}

const marks = [
  '{',
  '}',
  '[',
  ']',
  ',',
  ':',
  '"',
  '\\',
  ' ',
  '\n',
  '\t',
  '\u0000',
  '-',
  '0',
  '1',
  '.',
  'e',
  'E',
  '+',
  'true',
  'null',
  '\ufeff',
  '\u00a0',
]

describe('a text that is read in slices is the value that JSON.parse makes of it, or is no JSON for both', () => {
  it.each([
    '',
    ' ',
    'null',
    ' {"a" : [ ] , "b":{ } } ',
    '{"a":1,"a":2}',
    '{"__proto__":{"a":1},"constructor":2}',
    '{"2":1,"1":2,"x":3}',
    '["\\u0041\\n\\"\\\\","\\\\\\""]',
    '["\\x"]',
    '["a\nb"]',
    '"a',
    '"a\\"',
    '[1,]',
    '[,1]',
    '{"a":1,}',
    '{"a" 1}',
    '{a:1}',
    '{1:1}',
    '[1 2]',
    '[1]]',
    '[[1]',
    '{"a":[1}',
    '[01]',
    '[1.]',
    '[-]',
    '[-0]',
    '[1e5,1E+5,1.5e-3]',
    'truefalse',
    'nul',
    '\u00a0[1]',
  ])('%j', (text) => {
    expect(readInSlices(text).value).toEqual(parseJson(text))
  })

  it('for any JSON', () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 6 }), (text) => {
        expect(asDoubles(readInSlices(text).value)).toEqual(JSON.parse(text))
      }),
      { numRuns: 1_000 },
    )
  })

  it('for JSON that is broken somewhere', () => {
    const broken = fc
      .tuple(fc.json({ maxDepth: 4 }), fc.nat(), fc.nat(3), fc.constantFrom(...marks))
      .map(
        ([text, at, cut, mark]) =>
          text.slice(0, at % (text.length + 1)) + mark + text.slice((at % (text.length + 1)) + cut),
      )
    fc.assert(
      fc.property(broken, (text) => {
        expect(asDoubles(readInSlices(text).value)).toEqual(parseJson(text))
      }),
      { numRuns: 5_000 },
    )
  })
})

describe('numbers', () => {
  it('come as they are spelled where a double would change them, and only there', () => {
    const held = ['1', '-0', '1.50', '100000000000000000000', '0.1', '1e22', '123456789012345', '5e-324']
    const changed = ['12345678901234567890', '0.10000000000000000001', '1e400', '-1e-400', '9007199254740993']
    expect(readInSlices(`[${held.join()}]`).value).toEqual(held.map(Number))
    expect(readInSlices(`[${changed.join()}]`).value).toEqual(changed.map((text) => new SpelledNumber(text)))
  })

  it('of any length are read in one go', () => {
    const zeros = '0'.repeat(200_000)
    expect(readInSlices(`[1${zeros}1]`).value).toEqual([new SpelledNumber(`1${zeros}1`)])
  })
})

// proves: filter.slices
it('a slice reads as much as its effort allows', () => {
  const text = JSON.stringify(Array.from({ length: 1_000 }, (_, at) => ({ at, text: 'x'.repeat(640) })))
  const { slices } = readInSlices(text, 100)
  // Some ten tokens an object, and ten steps more for its string.
  expect(slices).toBeGreaterThan(100)
  expect(slices).toBeLessThan(300)
})

it('nesting of any depth overflows nothing', () => {
  const depth = 300_000
  let value = readInSlices(`${'['.repeat(depth)}${']'.repeat(depth)}`, 10_000).value
  let found = 0
  for (; Array.isArray(value); value = value[0]) found += 1
  expect(found).toBe(depth)
})
