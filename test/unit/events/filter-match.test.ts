import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { matchesBranch } from '../../../src/events/filter-match.ts'
import { compilePattern } from '../../../src/events/filter-pattern.ts'
import { anyEvent, anyPattern, dottedNames, leaf, names } from './filter-arbitraries.ts'
import { referenceMatches } from './reference-matcher.ts'

function matches(pattern: object, event: unknown): boolean {
  const compiled = compilePattern(JSON.stringify(pattern))
  if (compiled.kind === 'fault') throw new Error(compiled.detail)
  return compiled.branches.some((branch) => matchesBranch(branch, event))
}

type Row = readonly [pattern: object, event: unknown, expected: boolean]

const rows: Readonly<Record<string, readonly Row[]>> = {
  equals: [
    [{ a: ['x'] }, { a: 'x' }, true],
    [{ a: ['x'] }, { a: 'X' }, false],
    [{ a: ['x'] }, { a: ' x' }, false],
    [{ a: ['x'] }, { A: 'x' }, false],
    [{ a: ['x'] }, {}, false],
    [{ a: [''] }, { a: '' }, true],
    [{ a: [''] }, { a: null }, false],
    [{ a: [''] }, {}, false],
    [{ a: [null] }, { a: null }, true],
    [{ a: [null] }, { a: '' }, false],
    [{ a: [null] }, {}, false],
    [{ a: [1] }, { a: 1 }, true],
    [{ a: [1] }, { a: '1' }, false],
    [{ a: ['1'] }, { a: 1 }, false],
    [{ a: [true] }, { a: true }, true],
    [{ a: [true] }, { a: 'true' }, false],
    [{ a: [false] }, { a: null }, false],
  ],
  'several alternatives, several fields': [
    [{ a: ['x', 'y', 3] }, { a: 'y' }, true],
    [{ a: ['x', 'y', 3] }, { a: 3 }, true],
    [{ a: ['x', 'y', 3] }, { a: 'z' }, false],
    [{ a: ['x'], b: ['y'] }, { a: 'x', b: 'y', c: 1 }, true],
    [{ a: ['x'], b: ['y'] }, { a: 'x', b: 'z' }, false],
    [{ a: { b: { c: ['x'] } } }, { a: { b: { c: 'x' } } }, true],
    [{ a: { b: { c: ['x'] } } }, { a: { c: 'x' } }, false],
    [{ a: { b: ['x'] } }, { a: 'x' }, false],
    [{ a: ['x'] }, { a: { x: 'x' } }, false],
  ],
  'equals-ignore-case': [
    [{ a: [{ 'equals-ignore-case': 'aBc' }] }, { a: 'AbC' }, true],
    [{ a: [{ 'equals-ignore-case': 'ÄÖ' }] }, { a: 'äö' }, true],
    [{ a: [{ 'equals-ignore-case': 'ΟΔΟΣ' }] }, { a: 'οδος' }, true],
    [{ a: [{ 'equals-ignore-case': 'ΟΔΟΣ' }] }, { a: 'οδοσ' }, true],
    [{ a: [{ 'equals-ignore-case': 'straße' }] }, { a: 'STRASSE' }, false],
    [{ a: [{ 'equals-ignore-case': '' }] }, { a: '' }, true],
    [{ a: [{ 'equals-ignore-case': '' }] }, {}, false],
    [{ a: [{ 'equals-ignore-case': 'abc' }] }, { a: 'abcd' }, false],
    [{ a: [{ 'equals-ignore-case': '1' }] }, { a: 1 }, false],
  ],
  'anything-but': [
    [{ a: [{ 'anything-but': 'x' }] }, { a: 'y' }, true],
    [{ a: [{ 'anything-but': 'x' }] }, { a: 'x' }, false],
    [{ a: [{ 'anything-but': 'x' }] }, { a: null }, true],
    [{ a: [{ 'anything-but': 'x' }] }, { a: 1 }, true],
    [{ a: [{ 'anything-but': 'x' }] }, {}, false],
    [{ a: [{ 'anything-but': ['x', 'y'] }] }, { a: 'y' }, false],
    [{ a: [{ 'anything-but': ['x', 'y'] }] }, { a: 'z' }, true],
    [{ a: [{ 'anything-but': 5 }] }, { a: 5.0 }, false],
    [{ a: [{ 'anything-but': [1, 2] }] }, { a: 3 }, true],
    [{ a: [{ 'anything-but': [1, 2] }] }, { a: '1' }, true],
    [{ a: [{ 'anything-but': ['x'] }] }, { a: ['x', 'y'] }, true],
    [{ a: [{ 'anything-but': ['x'] }] }, { a: ['x'] }, false],
    [{ a: [{ 'anything-but': ['x'] }] }, { a: [] }, false],
    [{ a: [{ 'anything-but': ['x'] }, { exists: false }] }, {}, true],
    [{ a: [{ 'anything-but': ['x'] }, { exists: false }] }, { a: 'x' }, false],
  ],
  numeric: [
    [{ a: [{ numeric: ['=', 300] }] }, { a: 3.0e2 }, true],
    [{ a: [{ numeric: ['=', 300] }] }, { a: '300' }, false],
    [{ a: [{ numeric: ['=', 0] }] }, { a: null }, false],
    [{ a: [{ numeric: ['>', 0, '<=', 5] }] }, { a: 0 }, false],
    [{ a: [{ numeric: ['>', 0, '<=', 5] }] }, { a: 0.001 }, true],
    [{ a: [{ numeric: ['>', 0, '<=', 5] }] }, { a: 5 }, true],
    [{ a: [{ numeric: ['>', 0, '<=', 5] }] }, { a: 5.1 }, false],
    [{ a: [{ numeric: ['>=', 0, '<', 5] }] }, { a: 0 }, true],
    [{ a: [{ numeric: ['>=', 0, '<', 5] }] }, { a: 5 }, false],
    [{ a: [{ numeric: ['<', -1.5] }] }, { a: -2 }, true],
    [{ a: [{ numeric: ['<=', -1.5] }] }, { a: -1.5 }, true],
    [{ a: [{ numeric: ['<', -1.5] }] }, { a: -1.5 }, false],
    [{ a: [{ numeric: ['>', 1] }, 'none'] }, { a: 'none' }, true],
  ],
  exists: [
    [{ a: [{ exists: true }] }, { a: null }, true],
    [{ a: [{ exists: true }] }, { a: '' }, true],
    [{ a: [{ exists: true }] }, {}, false],
    [{ a: [{ exists: true }] }, { a: [] }, false],
    [{ a: [{ exists: true }] }, { a: { b: 1 } }, false],
    [{ a: [{ exists: false }] }, {}, true],
    [{ a: [{ exists: false }] }, { a: null }, false],
    [{ a: [{ exists: false }] }, { a: [] }, true],
    [{ a: [{ exists: false }] }, { a: { b: 1 } }, true],
    [{ a: { b: [{ exists: false }] } }, { c: 1 }, true],
    [{ a: { b: [{ exists: false }] } }, { a: [{ b: 1 }, { c: 1 }] }, false],
    // An absence is judged in the order of the names: before an element is chosen, unless an earlier name has chosen it.
    [{ a: { b: [{ exists: false }], c: [1] } }, { a: [{ b: 1 }, { c: 1 }] }, false],
    [{ a: { b: [1], c: [{ exists: false }] } }, { a: [{ b: 1 }, { c: 1 }] }, true],
    [{ a: { c: [{ exists: false }], b: [1] } }, { a: [{ b: 1 }, { c: 1 }] }, true],
    [{ a: { b: [1], c: [{ exists: false }] } }, { a: [{ b: 1, c: 1 }, { c: 1 }] }, false],
    [{ items: { coupon: [{ exists: false }], sku: ['x'] } }, { items: [{ coupon: 1, sku: 'y' }, { sku: 'x' }] }, false],
    [{ items: { coupon: [{ exists: false }], sku: ['x'] } }, { items: [{ sku: 'y' }, { sku: 'x' }] }, true],
    [{ items: { sku: ['x'], stock: [{ exists: false }] } }, { items: [{ stock: 1, sku: 'y' }, { sku: 'x' }] }, true],
    [{ a: { b: [{ exists: false }], c: [1] } }, { a: [{ b: 1, c: 1 }] }, false],
  ],
  'exists: false that holds does not excuse its siblings (own reading: exists false)': [
    [{ a: [{ exists: false }], b: ['x'] }, { b: 'y' }, false],
    [{ a: [{ exists: false }], b: ['x'] }, { b: 'x' }, true],
    [{ b: ['x'], a: [{ exists: false }] }, {}, false],
  ],
  'prefix and suffix': [
    [{ a: [{ prefix: 'ab' }] }, { a: 'abc' }, true],
    [{ a: [{ prefix: 'ab' }] }, { a: 'ABC' }, false],
    [{ a: [{ prefix: '' }] }, { a: 'anything' }, true],
    [{ a: [{ prefix: '' }] }, { a: 1 }, false],
    [{ a: [{ prefix: '1' }] }, { a: 12 }, false],
    [{ a: [{ suffix: '.png' }] }, { a: 'x.png' }, true],
    [{ a: [{ suffix: '.png' }] }, { a: 'x.PNG' }, false],
    [{ a: [{ suffix: '' }] }, { a: 'x' }, true],
    [{ a: [{ suffix: 'n' }] }, { a: null }, false],
    [{ a: [{ prefix: { 'equals-ignore-case': 'AB' } }] }, { a: 'aBc' }, true],
    [{ a: [{ prefix: { 'equals-ignore-case': 'AB' } }] }, { a: 'xab' }, false],
    // A sigma at the end of a word is another letter in lower case, and the prefix does not end where the word does.
    [{ a: [{ prefix: { 'equals-ignore-case': 'ΟΔΟΣ' } }] }, { a: 'ΟΔΟΣΑ' }, true],
    [{ a: [{ suffix: { 'equals-ignore-case': 'Σ' } }] }, { a: 'ΟΔΟΣ' }, true],
    [{ a: [{ suffix: { 'equals-ignore-case': '.PNG' } }] }, { a: 'x.png' }, true],
    [{ a: [{ suffix: { 'equals-ignore-case': '.PNG' } }] }, { a: 'x.PnG' }, true],
    [{ a: [{ suffix: { 'equals-ignore-case': '.PNG' } }] }, { a: 'x.pn' }, false],
  ],
  $or: [
    [{ a: ['x'], $or: [{ b: [1] }, { c: [2] }] }, { a: 'x', c: 2 }, true],
    [{ a: ['x'], $or: [{ b: [1] }, { c: [2] }] }, { a: 'x', b: 1 }, true],
    [{ a: ['x'], $or: [{ b: [1] }, { c: [2] }] }, { a: 'x' }, false],
    [{ a: ['x'], $or: [{ b: [1] }, { c: [2] }] }, { c: 2 }, false],
    [{ $or: [{ b: [1], c: [2] }, { d: [3] }] }, { b: 1 }, false],
    [{ $or: [{ b: [1], $or: [{ e: [1] }, { f: [1] }] }, { d: [3] }] }, { b: 1, f: 1 }, true],
    [{ x: { $or: [{ b: [1] }, { c: [2] }] } }, { x: { c: 2 } }, true],
    [{ $or: [{ a: [1] }, { b: [1] }], x: { $or: [{ c: [1] }, { d: [1] }] } }, { b: 1, x: { d: 1 } }, true],
    [{ $or: [{ a: [1] }, { b: [1] }], x: { $or: [{ c: [1] }, { d: [1] }] } }, { b: 1 }, false],
    // Across an array, the branch and its surroundings meet in one element.
    [{ 'a.d': [3], $or: [{ 'a.b': [1] }, { 'a.c': [2] }] }, { a: [{ d: 3, c: 2 }] }, true],
    [{ 'a.d': [3], $or: [{ 'a.b': [1] }, { 'a.c': [2] }] }, { a: [{ d: 3 }, { c: 2 }] }, false],
    // A field that is only called so.
    [{ $or: ['x', 'y'] }, { $or: 'y' }, true],
    [{ $or: [{ prefix: 'x' }, { suffix: 'y' }] }, { $or: 'xz' }, true],
    [{ $or: [{ prefix: 'x' }, { suffix: 'y' }] }, { a: 'xz' }, false],
    [{ $or: { a: ['x'], b: ['y'] } }, { $or: { a: 'x', b: 'y' } }, true],
    // The same field inside and outside: what is written last holds.
    [{ a: [{ prefix: 'x' }], $or: [{ a: [{ suffix: 'y' }] }, { b: [1] }] }, { a: 'zy' }, true],
    [{ a: [{ prefix: 'x' }], $or: [{ a: [{ suffix: 'y' }] }, { b: [1] }] }, { a: 'xz' }, false],
    [{ $or: [{ a: [{ suffix: 'y' }] }, { b: [1] }], a: [{ prefix: 'x' }] }, { a: 'xz' }, true],
    [{ $or: [{ a: [{ suffix: 'y' }] }, { b: [1] }], a: [{ prefix: 'x' }] }, { a: 'zy', b: 1 }, false],
  ],
  arrays: [
    [{ a: ['x'] }, { a: ['w', 'x'] }, true],
    [{ a: ['x'] }, { a: [['w'], [['x']]] }, true],
    [{ a: ['x'] }, { a: [{ x: 'x' }] }, false],
    [{ a: { b: ['x'] } }, { a: [{ b: 'w' }, { b: 'x' }] }, true],
    [{ a: { b: { c: [1] } } }, { a: [{ b: [{ c: 2 }, { c: [3, 1] }] }] }, true],
    [{ a: { b: [1], c: [2] } }, { a: [{ b: 1, c: 2 }] }, true],
    [{ a: { b: [1], c: [2] } }, { a: [{ b: 1 }, { c: 2 }] }, false],
    [{ a: { b: [1], c: [2] }, d: [3] }, { a: [{ b: 1, c: 2 }], d: [4, 3] }, true],
    [{ a: { b: { x: [1], y: [2] } } }, { a: [{ b: [{ x: 1 }, { y: 2 }] }] }, false],
    [{ 'a.b': [1], 'a.c': [2] }, { a: [{ b: 1 }, { c: 2 }] }, false],
  ],
  'a field with tests of its own beside fields below it': [
    [{ a: [1], 'a.b': [2] }, { a: [1, { b: 2 }] }, true],
    [{ a: [1], 'a.b': [2] }, { a: [{ b: 2 }] }, false],
    [{ a: [1], 'a.b': [2], 'a.c': [3] }, { a: [1, { b: 2 }, { c: 3 }] }, false],
    [{ a: [1], 'a.b': [2] }, { a: [[1], { b: 2 }] }, false],
    [{ a: [1], 'a.b': [2] }, { a: [[1, { b: 2 }]] }, true],
    [{ a: [1], 'a.b': [2] }, { a: [[{ b: 2 }], [1]] }, false],
    [{ a: [1], 'a.b': [{ exists: false }] }, { a: [1, { b: 2 }] }, false],
    [{ a: [1], 'a.b': [{ exists: false }] }, { a: [[1], { b: 2 }] }, true],
    [{ a: [{ exists: false }], 'a.b': [2] }, { a: [1, { b: 2 }] }, false],
    [{ a: [{ exists: false }], 'a.b': [2] }, { a: [{ b: 2 }] }, true],
  ],
  'keys with dots': [
    [{ 'a.b': ['x'] }, { a: { b: 'x' } }, true],
    [{ a: { b: ['x'] } }, { 'a.b': 'x' }, true],
    [{ 'a.b': ['x'] }, { 'a.b': 'x' }, true],
    [{ 'a.b': { c: ['x'] } }, { a: { 'b.c': 'x' } }, true],
    [{ a: { b: { c: ['x'] } } }, { 'a.b.c': 'x' }, true],
    [{ a: { b: ['x'], c: ['y'] } }, { 'a.b': 'x', a: { c: 'y' } }, true],
    [{ a: { b: ['x'] } }, { 'a.b': 'x', a: [{ c: 'y' }] }, true],
    [{ a: { b: ['x'] } }, { 'a.b': 'w', a: [{ c: 'y' }, { b: 'x' }] }, true],
    [{ a: { b: [{ exists: false }] } }, { 'a.b': 'x' }, false],
    [{ 'a.b': ['x'] }, { a: 'x', b: 'x' }, false],
    [{ 'a..b': ['x'] }, { a: { '': { b: 'x' } } }, true],
    [{ 'a.b': ['x'], a: { b: ['y'] } }, { a: { b: 'x' } }, false],
    [{ 'a.b': ['x'], a: { b: ['y'] } }, { a: { b: 'y' } }, true],
    // A list and a dotted key beside it: neither is in an element of the other.
    [{ a: { b: [1], c: [2] } }, { a: [{ b: 1 }], 'a.c': 2 }, true],
    [{ a: { b: [1], c: [2] } }, { a: [{ b: 1 }, { c: 2 }], 'a.d': 2 }, false],
    [{ a: { b: [1], c: [2] } }, { a: { b: [{ d: 1 }, 1] }, 'a.c': [2] }, true],
    [{ a: { b: [1], c: [2], d: [3] } }, { a: [{ b: 1, d: 3 }], 'a.c': [{ e: 0 }, 2] }, true],
    [{ a: { b: { c: [1], d: [2] } } }, { a: [{ b: [{ c: 1 }] }], 'a.b': [{ d: 2 }] }, true],
    [{ a: { b: { c: [1], d: [2], e: [3] } } }, { a: { b: [{ c: 1 }, { e: 3 }] }, 'a.b': [{ d: 2 }] }, false],
    [{ a: { b: { c: [1], d: [2], e: [3] } } }, { a: { b: [{ c: 1, e: 3 }] }, 'a.b': [{ d: 2 }] }, true],
  ],
  'names that JavaScript knows': [
    [{ toString: [{ exists: false }] }, {}, true],
    [{ constructor: { name: [{ exists: true }] } }, {}, false],
    [{ length: [{ exists: true }] }, ['x'], false],
  ],
  'events that are no objects': [
    [{ a: ['x'] }, null, false],
    [{ a: ['x'] }, 'x', false],
    [{ a: ['x'] }, [{ a: 'x' }], true],
  ],
}

// proves: filter.structure, filter.null-empty, filter.equals, filter.or, filter.anything-but, filter.numeric
// proves: filter.exists, filter.prefix-suffix
describe.each(Object.entries(rows))('%s', (_operator, cases) => {
  it.each(cases.map(([pattern, event, expected]) => [JSON.stringify(pattern), JSON.stringify(event), expected]))(
    'pattern %s on event %s: %s',
    (pattern, event, expected) => {
      expect(matches(JSON.parse(String(pattern)), JSON.parse(String(event)))).toBe(expected)
    },
  )
})

it('a __proto__ key of an event is a field like any other', () => {
  const event: unknown = JSON.parse('{"__proto__":{"a":"x"}}')
  expect(matches(JSON.parse('{"__proto__":{"a":["x"]}}'), event)).toBe(true)
  expect(matches({ a: ['x'] }, event)).toBe(false)
})

// ---- Against the plain reading

/** Nested $or multiply; what the compiler refuses for that is tested where its bound is. */
const pattern = anyPattern().filter((drawn) => compilePattern(JSON.stringify(drawn)).kind !== 'fault')

/** Patterns taken from an event match it often; wholly random ones nearly never do. */
function patternNear(value: unknown): unknown {
  if (Array.isArray(value)) return patternNear(value.at(-1) ?? 'x')
  if (typeof value !== 'object' || value === null) return [value]
  const fields = Object.entries(value).map(([key, child]) => [key, patternNear(child)])
  return fields.length === 0 ? ['x', { exists: false }] : Object.fromEntries(fields)
}

// proves: filter.arrays
it('the matcher agrees with the plain reading on events with arrays', () => {
  fc.assert(
    fc.property(pattern, anyEvent(names), (somePattern, someEvent) => {
      expect(matches(somePattern, someEvent)).toBe(referenceMatches(somePattern, someEvent))
    }),
    { numRuns: 5_000 },
  )
})

// proves: filter.dotted
it('the matcher agrees with the plain reading on events with dotted keys', () => {
  fc.assert(
    fc.property(pattern, anyEvent(dottedNames), (somePattern, someEvent) => {
      expect(matches(somePattern, someEvent)).toBe(referenceMatches(somePattern, someEvent))
    }),
    { numRuns: 5_000 },
  )
})

it('the matcher agrees with the plain reading where a pattern is nearly the event', () => {
  let matched = 0
  fc.assert(
    fc.property(anyEvent(names), fc.array(fc.tuple(names, leaf), { maxLength: 1 }), (someEvent, changes) => {
      const near = { ...(patternNear({ ...someEvent, z: 'x' }) as object), ...Object.fromEntries(changes) }
      const expected = referenceMatches(near, someEvent) || referenceMatches(near, { ...someEvent, z: 'x' })
      if (expected) matched++
      expect(matches(near, someEvent) || matches(near, { ...someEvent, z: 'x' })).toBe(expected)
    }),
    { numRuns: 3_000 },
  )
  expect(matched).toBeGreaterThan(500)
})

// proves: filter.odd-data
it('a hostile event overflows nothing', () => {
  const deep: unknown = JSON.parse(`${'['.repeat(200_000)}{"b":1}${']'.repeat(200_000)}`)
  expect(matches({ a: { b: [1] } }, { a: deep })).toBe(true)
  const wide = Array.from({ length: 20_000 }, (_, b) => ({ b: [{ c: b }] }))
  expect(matches({ a: { b: { c: [-1] } } }, { a: wide, 'a.b': wide, 'a.b.c': wide })).toBe(false)
})
