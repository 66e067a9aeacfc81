import { describe, expect, it } from 'vitest'
import { Effort } from '../../../src/events/effort.ts'
import { matchBranch, matchesBranch } from '../../../src/events/filter-match.ts'
import { compilePattern, type Branch } from '../../../src/events/filter-pattern.ts'

/** Sixteen letters of a string count as a node. */
function nodesOf(event: unknown): number {
  let nodes = 0
  const open: unknown[] = [event]
  while (open.length > 0) {
    const value = open.pop()
    nodes += typeof value === 'string' ? 1 + value.length / 16 : 1
    if (typeof value === 'object' && value !== null) for (const child of Object.values(value)) open.push(child)
  }
  return nodes
}

function branchesOf(pattern: object): readonly Branch[] {
  const compiled = compilePattern(JSON.stringify(pattern))
  if (compiled.kind === 'fault') throw new Error(compiled.detail)
  return compiled.branches
}

function costOf(pattern: object, event: unknown): { readonly verdict: boolean; readonly visitsPerNode: number } {
  const branches = branchesOf(pattern)
  const effort = new Effort()
  const verdict = branches.some((branch) => matchesBranch(branch, event, effort))
  return { verdict, visitsPerNode: effort.steps / nodesOf(event) / branches.length }
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

const texts = times(3_000, (at) => 'x'.repeat(200 + (at % 50)))
const long = 'Ä'.repeat(1_000_000)

const path = 'a b c d e f g h i j k l'.split(' ')

/** Names joined by dots or nested, in each of the ways; `make` makes what is at the end of each. */
function everySpelling(names: readonly string[], make: (at: number) => unknown, at = 0): Record<string, unknown> {
  const [first = '', second, ...rest] = names
  if (second === undefined) return { [first]: make(at) }
  const joined = everySpelling([`${first}.${second}`, ...rest], make, at * 2)
  return { ...joined, [first]: everySpelling([second, ...rest], make, at * 2 + 1) }
}

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
  'a deep pattern on a deep event': [deepPattern, deepEvent, false],
  'many ways through $or': [
    {
      x: { $or: times(10, (at) => ({ p: [2 + at] })) },
      y: { $or: times(10, (at) => ({ q: [2 + at] })) },
    },
    { x: items, y: items },
    false,
  ],
  'hundreds of prefixes, suffixes and texts of any case': [
    {
      a: times(100, (at) => ({ prefix: `${'x'.repeat(100)}${at}` })),
      b: times(100, (at) => ({ suffix: `${at}${'x'.repeat(100)}` })),
      c: times(100, (at) => ({ 'equals-ignore-case': `${'X'.repeat(200)}${at}` })),
      d: times(100, (at) => ({ prefix: { 'equals-ignore-case': `${'X'.repeat(100)}${at}` } })),
      e: times(100, (at) => ({ numeric: ['>', at * 2, '<', at * 2 + 1] })),
    },
    { a: texts, b: texts, c: texts, d: texts, e: ones },
    false,
  ],
  'strings of a megabyte': [
    { a: [{ suffix: { 'equals-ignore-case': 'x' } }, { prefix: { 'equals-ignore-case': 'x' } }], b: ['x'] },
    { a: [long, long], b: long },
    false,
  ],
  'fields that nobody asks for': [{ a: ['x'] }, Object.fromEntries(times(100_000, (at) => [`${at}.${at}`, at])), false],
  'a list of lists of lists': [{ a: { b: [2] } }, { a: times(300, () => times(30, () => [[{ b: 1 }], 1])) }, false],
}

/** Lists in lists beside scalars of the same path, and paths that are spelled in several ways: they are searched. */
const searched: typeof hostile = {
  'lists in lists with scalars at each level': [{ a: [1], 'a.b': [3] }, { a: nested }, false],
  'a bush of lists with scalars at each level': [{ a: [1], 'a.b': [1], 'a.c': [2] }, { a: bushy }, false],
  'a path of twelve names in every spelling': [
    { [path.join('.')]: { p: [1], q: [1], r: [1], s: [2] } },
    everySpelling(path, (at) => times(8, (one) => ({ [['p', 'q', 'r'][(at + one) % 3] ?? '']: 1 }))),
    false,
  ],
  // Too much of a puzzle: it is given up, and matches.
  'a path of twelve names in every spelling, and absences': [
    { [path.join('.')]: { p: [1, { exists: false }], q: [1, { exists: false }], r: [{ exists: false }], s: [2] } },
    everySpelling(path, (at) => times(8, (one) => ({ [['p', 'q', 'r', 's'][(at + one) % 4] ?? '']: 1 }))),
    true,
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

  it('costs no more where many elements say the same', () => {
    const event = spelled((field) => [...times(2_000, () => ({ [field]: 1 })), { h: 1 }])
    const cost = costOf(pattern(fields), event)
    expect(cost.verdict).toBe(false)
    expect(cost.visitsPerNode).toBeLessThan(visitsMax.search)
  })

  // proves: filter.odd-data
  it('made to be a puzzle is given up within its allowance, and then matches: no record is lost for it', () => {
    const noise = times(10, (at) => `n${at}`)
    const noisy = (at: number) =>
      Object.fromEntries(noise.filter((_, bit) => (at >> bit) % 2 === 1).map((name) => [name, 2]))
    const event = spelled((field) => [...times(1_000, (at) => ({ [field]: 1, ...noisy(at) })), { h: 1 }])
    const accepting = Object.fromEntries(noise.map((name) => [name, [2, { exists: false }]]))
    const cost = costOf(pattern({ ...fields, ...accepting }), event)
    expect(cost.verdict).toBe(true)
    expect(cost.visitsPerNode).toBeLessThan(visitsMax.search)
  })
})

/** A walk looks at a node twice at most, a search at a few more for each, and it gives up then. */
const visitsMax = { walk: 3, search: 20 }

// proves: filter.bounded
describe('what a match looks at stays within a few times the nodes of the event, for each way through the pattern', () => {
  it.each(Object.entries(hostile))('%s', (_name, [pattern, event, verdict]) => {
    const cost = costOf(pattern, event)
    expect(cost.verdict).toBe(verdict)
    expect(cost.visitsPerNode).toBeLessThan(visitsMax.walk)
  })

  it.each(Object.entries(searched))('searched: %s', (_name, [pattern, event, verdict]) => {
    const cost = costOf(pattern, event)
    expect(cost.verdict).toBe(verdict)
    expect(cost.visitsPerNode).toBeLessThan(visitsMax.search)
  })
})

// proves: filter.slices
describe('a match pauses when its slice is over, and comes to the same verdict', () => {
  const sliceSteps = 500
  it.each(Object.entries({ ...hostile, ...searched }))('%s', (_name, [pattern, event, verdict]) => {
    const effort = new Effort(sliceSteps)
    let longest = 0
    const found = branchesOf(pattern).some((branch) => {
      const slices = matchBranch(branch, event, effort)
      for (let from = effort.steps; ; from = effort.steps) {
        const next = slices.next()
        longest = Math.max(longest, effort.steps - from)
        if (next.done === true) return next.value
        effort.nextSlice()
      }
    })
    expect(found).toBe(verdict)
    // One look more at most: at a thousand keys, or at all lists of an element.
    expect(longest).toBeLessThan(sliceSteps + 5_000)
  })
})
