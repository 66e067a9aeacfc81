import { describe, expect, test } from 'vitest'
import { matchesBranch } from '../../../src/events/filter-match.ts'
import { compilePattern } from '../../../src/events/filter-pattern.ts'

function nodesOf(event: unknown): number {
  let nodes = 0
  const open: unknown[] = [event]
  while (open.length > 0) {
    const value = open.pop()
    nodes += 1
    if (typeof value === 'object' && value !== null) for (const child of Object.values(value)) open.push(child)
  }
  return nodes
}

function costOf(pattern: object, event: unknown): { readonly verdict: boolean; readonly visitsPerNode: number } {
  const compiled = compilePattern(JSON.stringify(pattern))
  if (compiled.kind === 'fault') throw new Error(compiled.detail)
  const meter = { visits: 0 }
  const verdict = compiled.branches.some((branch) => matchesBranch(branch, event, meter))
  return { verdict, visitsPerNode: meter.visits / nodesOf(event) / compiled.branches.length }
}

const times = <T>(count: number, make: (index: number) => T): T[] => Array.from({ length: count }, (_, at) => make(at))

const ones = times(3_000, () => 1)
const items = times(1_000, () => ({ p: 1, q: 1, r: 1, s: times(3, () => ({ x: 1, y: [1, 1] })) }))
const crossed = times(1_000, (at) => ({ b: at, c: at % 2, d: at % 3, e: at % 5 }))
const nested: unknown = JSON.parse(`${'[1,'.repeat(2_000)}{"b":2}${',1]'.repeat(2_000)}`)
const bushy = times(100, () => [1, times(10, () => [1, { b: 1 }, [{ b: 1 }, { c: 1 }]])])
const deepPattern = times(40, (at) => at).reduce<object>((inner) => ({ a: inner }), { b: ['no'] })
const deepEvent = times(40, (at) => at).reduce<unknown>((inner) => ({ a: [inner, inner === 0 ? 0 : { b: 1 }] }), {
  b: 1,
})

const hostile: Readonly<Record<string, readonly [pattern: object, event: unknown, verdict: boolean]>> = {
  'lists of scalars that all pass but the last': [
    { a: [1], b: [1], c: [1], d: [1], e: [2] },
    { a: ones, b: ones, c: ones, d: ones, e: ones },
    false,
  ],
  'elements that all pass but for one field below': [
    { a: { p: [1], q: [1], r: [1], s: { x: [1], y: [2] } } },
    { a: items },
    false,
  ],
  'elements of which each fails elsewhere': [
    { a: { b: [{ exists: true }], c: [1], d: [1], e: [{ numeric: ['>', 4] }] } },
    { a: crossed },
    false,
  ],
  'absences beside lists': [
    { a: { b: [{ exists: true }], f: [{ exists: false }], g: ['x', { exists: false }], h: [1] } },
    { a: crossed },
    false,
  ],
  'lists in lists with scalars at each level': [{ a: [1], 'a.b': [3] }, { a: nested }, false],
  'a bush of lists with scalars at each level': [{ a: [1], 'a.b': [1], 'a.c': [2] }, { a: bushy }, false],
  'a deep pattern on a deep event': [deepPattern, deepEvent, false],
  'many ways through $or': [
    {
      x: { $or: [{ p: [2] }, { q: [2] }, { r: [2] }] },
      y: { $or: [{ p: [2] }, { q: [2] }, { r: [2] }] },
    },
    { x: items, y: items },
    false,
  ],
}

describe('an event that spells one path in several ways', () => {
  const pattern = (at: object) => ({ a: { b: { c: { ...at } } } })
  const fields = { d: [1], e: [1], f: [1], g: [1], h: [1] }
  /** Four lists at one path; `make` makes the elements of each. */
  const spelled = (make: (field: string) => unknown[]) => ({
    'a.b.c': make('d'),
    'a.b': { c: make('e') },
    a: { 'b.c': make('f'), b: { c: make('g') } },
  })

  test('costs no more where many elements say the same', () => {
    const event = spelled((field) => [...times(2_000, () => ({ [field]: 1 })), { h: 1 }])
    const cost = costOf(pattern(fields), event)
    expect(cost.verdict).toBe(false)
    expect(cost.visitsPerNode).toBeLessThan(8)
  })

  // proves: filter.odd-data
  test('made to be a puzzle is given up within its allowance, and then matches: no record is lost for it', () => {
    const noise = times(10, (at) => `n${at}`)
    const noisy = (at: number) =>
      Object.fromEntries(noise.filter((_, bit) => (at >> bit) % 2 === 1).map((name) => [name, 2]))
    const event = spelled((field) => [...times(1_000, (at) => ({ [field]: 1, ...noisy(at) })), { h: 1 }])
    const accepting = Object.fromEntries(noise.map((name) => [name, [2, { exists: false }]]))
    const cost = costOf(pattern({ ...fields, ...accepting }), event)
    expect(cost.verdict).toBe(true)
    expect(cost.visitsPerNode).toBeLessThan(8)
  })
})

describe('what a match looks at stays within a few times the nodes of the event, for each way through the pattern', () => {
  test.each(Object.entries(hostile))('%s', (_name, [pattern, event, verdict]) => {
    const cost = costOf(pattern, event)
    expect(cost.verdict).toBe(verdict)
    expect(cost.visitsPerNode).toBeLessThan(3)
  })
})
