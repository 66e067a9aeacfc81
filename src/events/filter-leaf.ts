import { Affixes, foldCase, FoldedAffixes } from './filter-affixes.ts'
import { above, below, Ranges } from './filter-ranges.ts'
import { isJsonObject } from './json-value.ts'
import { SpelledNumber } from './spelled-number.ts'

/** What a leaf of an event can be. */
export type Scalar = string | number | SpelledNumber | boolean | null

/** The alternatives of one leaf of a pattern: any of them that a value passes, or that there is no value at all. */
export interface Leaf {
  /** The number of alternatives makes no difference to what it costs. */
  readonly passes: (value: Scalar) => boolean
  /** As much of a string is looked at. */
  readonly lettersMax: number
  /** `{"exists":false}` is among the alternatives. */
  readonly absent: boolean
  /** Whether it matters how a number is spelled. */
  readonly comparesNumbers: boolean
}

/** One step looks at a value, and at so many letters of a string. */
export const lettersPerStep = 16

/** Says what is wrong with a pattern. Thrown inside the compiler only, and caught at its door. */
export class PatternFault extends Error {
  override readonly name = 'PatternFault'
}

/** The alternatives of a leaf by their kinds. */
interface Alternatives {
  /** `{"exists":true}` */
  anything: boolean
  absent: boolean
  readonly equals: Set<Scalar>
  /** Numbers that no double holds. */
  readonly spelled: Set<string>
  readonly ignoringCase: Set<string>
  readonly prefixes: Affixes
  readonly suffixes: Affixes
  readonly foldedPrefixes: FoldedAffixes
  readonly foldedSuffixes: FoldedAffixes
  readonly ranges: { low: number; high: number }[]
  /** What every `anything-but` refuses: anything else passes one of them. Null: there is none. */
  refused: ReadonlySet<unknown> | null
}

export function compileLeaf(alternatives: readonly unknown[], path: string): Leaf {
  if (alternatives.length === 0) throw new PatternFault(`${path}: an empty list matches nothing.`)
  const found = noAlternatives()
  for (const alternative of alternatives) addAlternative(found, alternative, path)
  return {
    passes: testOf(found),
    lettersMax: lettersMaxOf(found),
    absent: found.absent,
    comparesNumbers: alternatives.some(isOfNumbers),
  }
}

function noAlternatives(): Alternatives {
  return {
    anything: false,
    absent: false,
    equals: new Set(),
    spelled: new Set(),
    ignoringCase: new Set(),
    prefixes: new Affixes('start'),
    suffixes: new Affixes('end'),
    foldedPrefixes: new FoldedAffixes('start'),
    foldedSuffixes: new FoldedAffixes('end'),
    ranges: [],
    refused: null,
  }
}

function testOf(found: Alternatives): (value: Scalar) => boolean {
  const { anything, equals, spelled, refused } = found
  if (anything) return () => true
  const passesText = textTestOf(found)
  const ranges = found.ranges.length === 0 ? null : new Ranges(found.ranges)
  return (value) => {
    if (equals.has(value) || (refused !== null && !refused.has(value))) return true
    if (typeof value === 'string') return passesText !== null && passesText(value)
    if (typeof value === 'number') return ranges !== null && ranges.has(value)
    return value instanceof SpelledNumber && spelled.has(value.text)
  }
}

function textTestOf(found: Alternatives): ((value: string) => boolean) | null {
  const { prefixes, suffixes, foldedPrefixes, foldedSuffixes, ignoringCase } = found
  const affixes = [prefixes, suffixes, foldedPrefixes, foldedSuffixes].filter((each) => !each.isEmpty)
  const longest = longestOf(ignoringCase)
  if (affixes.length === 0 && ignoringCase.size === 0) return null
  return (value) =>
    affixes.some((each) => each.isOf(value)) || (value.length <= longest && ignoringCase.has(foldCase(value)))
}

function lettersMaxOf({ prefixes, suffixes, foldedPrefixes, foldedSuffixes, ignoringCase }: Alternatives): number {
  const affixes = [prefixes, suffixes, foldedPrefixes, foldedSuffixes]
  return affixes.reduce((sum, { longest }) => sum + longest, longestOf(ignoringCase))
}

function longestOf(texts: ReadonlySet<string>): number {
  let longest = -1
  for (const text of texts) longest = Math.max(longest, text.length)
  return longest
}

function isOfNumbers(alternative: unknown): boolean {
  if (typeof alternative === 'number' || alternative instanceof SpelledNumber) return true
  return isJsonObject(alternative) && ('numeric' in alternative || 'anything-but' in alternative)
}

export function isScalar(value: unknown): value is Scalar {
  if (typeof value === 'object') return value === null || value instanceof SpelledNumber
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
}

function addAlternative(found: Alternatives, alternative: unknown, path: string): void {
  if (alternative instanceof SpelledNumber) return void found.spelled.add(alternative.text)
  // Numbers are compared as numbers: 300 is 300.0 (behaviour §11.13).
  if (isScalar(alternative)) return void found.equals.add(alternative)
  if (!isJsonObject(alternative)) throw new PatternFault(`${path}: a list inside the list of alternatives.`)
  const [[operator, operand] = ['', undefined], ...more] = Object.entries(alternative)
  if (more.length > 0) throw new PatternFault(`${path}: an alternative has exactly one operator.`)
  const add = Object.hasOwn(operators, operator) ? operators[operator] : undefined
  if (add === undefined) throw new PatternFault(`${path}: ${JSON.stringify(operator)} is not an operator here.`)
  add(found, operand, path)
}

/** AWS's table of operators, and the ignore-case forms of prefix and suffix. wildcard and cidr are refused (behaviour §11.12). */
const operators: Readonly<Record<string, (found: Alternatives, operand: unknown, path: string) => void>> = {
  exists: addExists,
  prefix: (found, operand, path) => addAffix([found.prefixes, found.foldedPrefixes], operand, `${path}: prefix`),
  suffix: (found, operand, path) => addAffix([found.suffixes, found.foldedSuffixes], operand, `${path}: suffix`),
  numeric: addNumeric,
  'anything-but': addAnythingBut,
  'equals-ignore-case': addEqualsIgnoreCase,
}

function addExists(found: Alternatives, operand: unknown, path: string): void {
  if (typeof operand !== 'boolean') throw new PatternFault(`${path}: exists takes true or false.`)
  if (operand) found.anything = true
  else found.absent = true
}

function addAffix([exact, folded]: readonly [Affixes, FoldedAffixes], operand: unknown, what: string): void {
  if (typeof operand === 'string') return exact.add(operand)
  const inner = isJsonObject(operand) && Object.keys(operand).length === 1 ? operand['equals-ignore-case'] : undefined
  if (typeof inner !== 'string') {
    throw new PatternFault(`${what} takes a string, or {"equals-ignore-case": a string}.`)
  }
  folded.add(inner)
}

function addEqualsIgnoreCase(found: Alternatives, operand: unknown, path: string): void {
  if (typeof operand !== 'string') throw new PatternFault(`${path}: equals-ignore-case takes a string.`)
  found.ignoringCase.add(foldCase(operand))
}

/** Any value but these: null and values of other types pass, a field that is absent does not. */
function addAnythingBut(found: Alternatives, operand: unknown, path: string): void {
  const refused: readonly unknown[] = Array.isArray(operand) ? operand : [operand]
  const [first] = refused
  for (const one of refused) if (one instanceof SpelledNumber) comparable(one, path)
  if (refused.length === 0 || !['string', 'number'].includes(typeof first)) {
    throw new PatternFault(`${path}: anything-but takes a string, a number, or a list of either.`)
  }
  if (refused.some((one) => typeof one !== typeof first)) {
    throw new PatternFault(`${path}: anything-but takes strings or numbers, not both.`)
  }
  const set = new Set(refused)
  const { refused: before } = found
  found.refused = before === null ? set : new Set(refused.filter((one) => before.has(one)))
}

function addNumeric(found: Alternatives, operand: unknown, path: string): void {
  if (!Array.isArray(operand) || (operand.length !== 2 && operand.length !== 4)) {
    throw new PatternFault(`${path}: numeric takes a list such as [">", 0, "<=", 5].`)
  }
  const [operator, bound, upperOperator, upperBound] = operand as readonly unknown[]
  const first = rangeOf(operator, bound, path)
  if (operand.length === 2) return void found.ranges.push(first)
  const isRange = (operator === '>' || operator === '>=') && (upperOperator === '<' || upperOperator === '<=')
  if (!isRange)
    throw new PatternFault(`${path}: a numeric range is a lower bound (> or >=), then an upper one (< or <=).`)
  const second = rangeOf(upperOperator, upperBound, path)
  if (comparable(bound, path) >= comparable(upperBound, path)) {
    throw new PatternFault(`${path}: the lower bound of a numeric range must be below the upper one.`)
  }
  // Two neighbours among the doubles may have none between them.
  if (first.low <= second.high) found.ranges.push({ low: first.low, high: second.high })
}

function rangeOf(operator: unknown, operand: unknown, path: string): { low: number; high: number } {
  const bound = comparable(operand, path)
  switch (operator) {
    case '=':
      return { low: bound, high: bound }
    case '<':
      return { low: Number.NEGATIVE_INFINITY, high: below(bound) }
    case '<=':
      return { low: Number.NEGATIVE_INFINITY, high: bound }
    case '>':
      return { low: above(bound), high: Number.POSITIVE_INFINITY }
    case '>=':
      return { low: bound, high: Number.POSITIVE_INFINITY }
    default:
      throw new PatternFault(`${path}: numeric compares with =, <, <=, > or >=.`)
  }
}

function comparable(value: unknown, path: string): number {
  if (value instanceof SpelledNumber) {
    throw new PatternFault(`${path}: ${value.text} has more digits than numbers are compared with.`)
  }
  if (typeof value !== 'number') throw new PatternFault(`${path}: ${JSON.stringify(value)} is not a number.`)
  return value
}
