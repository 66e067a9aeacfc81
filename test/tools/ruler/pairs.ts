import fc from 'fast-check'
import { anyEvent, anyPattern, dottedNames, leaf, names } from '../../unit/events/filter-arbitraries.ts'

/** A pattern and an event, as JSON text: numbers keep their spelling. */
export interface Pair {
  readonly pattern: string
  readonly event: string
}

/** The same pairs for the same seed. */
export function drawPairs(seed: number, count: number): readonly Pair[] {
  const kinds = [plain, dotted, near, near, near, spelled, odd]
  return fc.sample(fc.oneof(...kinds), { seed, numRuns: count })
}

const plain = pairOf(anyPattern(), anyEvent(names))
const dotted = pairOf(anyPattern(), anyEvent(dottedNames))

/** Patterns taken from an event match it often; one leaf is drawn anew. */
const near = fc
  .tuple(anyEvent(dottedNames), names, leaf)
  .map(([event, name, changed]) =>
    pair({ ...(patternOf(event) as object), z: ['x'], [name]: changed }, { ...event, z: 'x' }),
  )

/** A number by its spelling: the marks are taken off in the text. */
const number = fc
  .constantFrom(
    ...['1', '1.0', '1e0', '10e-1', '-0', '0', '0.1', '1e-1', '100000000000000000000', '1e20', '12345678901234567890'],
    ...[
      '12345678901234567891',
      '9007199254740993',
      '9007199254740992',
      '0.12345678901234567',
      '1e999',
      '1e-999',
      '300',
    ],
  )
  .map((text) => `#${text}#`)
const numberLeaf = fc.array(
  fc.oneof(
    number,
    number.map((one) => ({ numeric: ['=', one] })),
    fc.tuple(fc.constantFrom('<', '<=', '>', '>='), number).map((terms) => ({ numeric: terms })),
    fc.tuple(number, number).map(([low, high]) => ({ numeric: ['>', low, '<=', high] })),
    fc.array(number, { minLength: 1, maxLength: 2 }).map((all) => ({ 'anything-but': all })),
    fc.boolean().map((exists) => ({ exists })),
  ),
  { minLength: 1, maxLength: 2 },
)
const flatNumbers = fc.tuple(fc.dictionary(names, numberLeaf, { minKeys: 1, maxKeys: 2 }), anyEvent(names, number))
const spelled = fc.oneof(
  flatNumbers.map(([pattern, event]) => pair(pattern, event)),
  pairOf(anyPattern(numberLeaf), anyEvent(names, number)),
)

/** `$or` where it is none, and names that AWS reserves. */
const oddNames = fc.constantFrom('a', 'b', 'prefix', 'exists', '=', '>=', 'regex', 'date-before', 'numeric', 'cidr')
const oddBranch = fc.oneof(
  fc.dictionary(oddNames, fc.constantFrom<unknown>(['x'], 'x', { prefix: ['x'] }, { a: ['x'] }), { maxKeys: 2 }),
  fc.constantFrom<unknown>('x', 1, { prefix: 'x' }, { suffix: 'y' }, { exists: true }, { a: { $or: ['x', 'y'] } }),
)
const oddOr = fc.oneof(
  fc.array(oddBranch, { maxLength: 3 }),
  fc.constantFrom<unknown>('x', { a: ['x'] }, { prefix: ['x'] }),
)
const odd = fc
  .tuple(fc.dictionary(names, leaf, { maxKeys: 1 }), oddOr, anyEvent(fc.oneof(names, oddNames, fc.constant('$or'))))
  .map(([fields, or, event]) => pair({ ...fields, $or: or }, event))

function pairOf(pattern: fc.Arbitrary<object>, event: fc.Arbitrary<object>): fc.Arbitrary<Pair> {
  return fc.tuple(pattern, event).map(([one, other]) => pair(one, other))
}

function pair(pattern: object, event: object): Pair {
  return { pattern: textOf(numbersFirst(pattern)), event: textOf(event) }
}

function textOf(value: unknown): string {
  return JSON.stringify(value).replace(/"#([^"#]*)#"/g, '$1')
}

function patternOf(value: unknown): unknown {
  if (Array.isArray(value)) return patternOf(value.at(-1) ?? 'x')
  if (typeof value !== 'object' || value === null) return [value]
  const fields = Object.entries(value).map(([key, child]) => [key, patternOf(child)])
  return fields.length === 0 ? ['x', { exists: false }] : Object.fromEntries(fields)
}

/** Strings on both sides of a number change the library's verdict from one compilation to the next. */
function numbersFirst(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (!Array.isArray(value)) {
    return Object.fromEntries(Object.entries(value).map(([key, child]) => [key, numbersFirst(child)]))
  }
  if (value.some((one) => typeof one === 'object' && one !== null && !isOperator(one))) return value.map(numbersFirst)
  return value.toSorted((one, other) => Number(isNumeric(other)) - Number(isNumeric(one)))
}

function isOperator(one: object): boolean {
  return ['exists', 'prefix', 'suffix', 'equals-ignore-case', 'anything-but', 'numeric'].some((name) => name in one)
}

function isNumeric(one: unknown): boolean {
  return typeof one === 'number' || (typeof one === 'object' && one !== null && 'numeric' in one)
}
