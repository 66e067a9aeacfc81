import { SpelledNumber } from './filter-number.ts'
import { isJsonObject } from './json-value.ts'

/** What a leaf of an event can be. */
export type Scalar = string | number | SpelledNumber | boolean | null

/** The alternatives of one leaf of a pattern: any test that a value passes, or that there is no value at all. */
export interface Leaf {
  readonly tests: readonly ((value: Scalar) => boolean)[]
  /** `{"exists":false}` is among the alternatives. */
  readonly absent: boolean
  /** Whether it matters how a number is spelled. */
  readonly comparesNumbers: boolean
}

/** Says what is wrong with a pattern. Thrown inside the compiler only, and caught at its door. */
export class PatternFault extends Error {
  override readonly name = 'PatternFault'
}

type Test = Leaf['tests'][number]

export function compileLeaf(alternatives: readonly unknown[], path: string): Leaf {
  if (alternatives.length === 0) throw new PatternFault(`${path}: an empty list matches nothing.`)
  const tests: Test[] = []
  let absent = false
  for (const alternative of alternatives) {
    if (isJsonObject(alternative) && alternative['exists'] === false && Object.keys(alternative).length === 1) {
      absent = true
    } else {
      tests.push(compileTest(alternative, path))
    }
  }
  return { tests, absent, comparesNumbers: alternatives.some(isOfNumbers) }
}

function isOfNumbers(alternative: unknown): boolean {
  if (typeof alternative === 'number' || alternative instanceof SpelledNumber) return true
  return isJsonObject(alternative) && ('numeric' in alternative || 'anything-but' in alternative)
}

export function isScalar(value: unknown): value is Scalar {
  if (typeof value === 'object') return value === null || value instanceof SpelledNumber
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
}

function compileTest(alternative: unknown, path: string): Test {
  if (alternative instanceof SpelledNumber) {
    return (value) => value instanceof SpelledNumber && value.text === alternative.text
  }
  // Numbers are compared as numbers: 300 is 300.0 (behaviour §11.13).
  if (isScalar(alternative)) return (value) => value === alternative
  if (!isJsonObject(alternative)) throw new PatternFault(`${path}: a list inside the list of alternatives.`)
  const [[operator, operand] = ['', undefined], ...more] = Object.entries(alternative)
  if (more.length > 0) throw new PatternFault(`${path}: an alternative has exactly one operator.`)
  const compile = Object.hasOwn(operators, operator) ? operators[operator] : undefined
  if (compile === undefined) throw new PatternFault(`${path}: ${JSON.stringify(operator)} is not an operator here.`)
  return compile(operand, path)
}

/** AWS's table of operators, and the ignore-case forms of prefix and suffix. wildcard and cidr are refused (behaviour §11.12). */
const operators: Readonly<Record<string, (operand: unknown, path: string) => Test>> = {
  exists: compileExists,
  prefix: compilePrefix,
  suffix: compileSuffix,
  numeric: compileNumeric,
  'anything-but': compileAnythingBut,
  'equals-ignore-case': compileEqualsIgnoreCase,
}

function compileExists(operand: unknown, path: string): Test {
  if (operand !== true) throw new PatternFault(`${path}: exists takes true or false.`)
  return () => true
}

function compilePrefix(operand: unknown, path: string): Test {
  if (typeof operand === 'string') return (value) => typeof value === 'string' && value.startsWith(operand)
  const folded = ignoredCase(operand, 'prefix', path)
  return (value) => typeof value === 'string' && foldCase(value).startsWith(folded)
}

function compileSuffix(operand: unknown, path: string): Test {
  if (typeof operand === 'string') return (value) => typeof value === 'string' && value.endsWith(operand)
  const folded = ignoredCase(operand, 'suffix', path)
  return (value) => typeof value === 'string' && foldCase(value).endsWith(folded)
}

function compileEqualsIgnoreCase(operand: unknown, path: string): Test {
  if (typeof operand !== 'string') throw new PatternFault(`${path}: equals-ignore-case takes a string.`)
  const folded = foldCase(operand)
  return (value) => typeof value === 'string' && foldCase(value) === folded
}

function ignoredCase(operand: unknown, operator: string, path: string): string {
  const inner = isJsonObject(operand) && Object.keys(operand).length === 1 ? operand['equals-ignore-case'] : undefined
  if (typeof inner !== 'string') {
    throw new PatternFault(`${path}: ${operator} takes a string, or {"equals-ignore-case": a string}.`)
  }
  return foldCase(inner)
}

/** A sigma in lower case depends on what follows it, so that a prefix would not be one any more: one form for all. */
function foldCase(text: string): string {
  return text.toLowerCase().replaceAll('ς', 'σ')
}

/** Any value but these: null and values of other types pass, a field that is absent does not. */
function compileAnythingBut(operand: unknown, path: string): Test {
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
  return (value) => !set.has(value)
}

function compileNumeric(operand: unknown, path: string): Test {
  if (!Array.isArray(operand) || (operand.length !== 2 && operand.length !== 4)) {
    throw new PatternFault(`${path}: numeric takes a list such as [">", 0, "<=", 5].`)
  }
  const [operator, bound, upperOperator, upperBound] = operand as readonly unknown[]
  const first = compareWith(operator, bound, path)
  if (operand.length === 2) return (value) => typeof value === 'number' && first(value)
  const isRange = (operator === '>' || operator === '>=') && (upperOperator === '<' || upperOperator === '<=')
  if (!isRange)
    throw new PatternFault(`${path}: a numeric range is a lower bound (> or >=), then an upper one (< or <=).`)
  const second = compareWith(upperOperator, upperBound, path)
  if (comparable(bound, path) >= comparable(upperBound, path)) {
    throw new PatternFault(`${path}: the lower bound of a numeric range must be below the upper one.`)
  }
  return (value) => typeof value === 'number' && first(value) && second(value)
}

function compareWith(operator: unknown, operand: unknown, path: string): (value: number) => boolean {
  const bound = comparable(operand, path)
  switch (operator) {
    case '=':
      return (value) => value === bound
    case '<':
      return (value) => value < bound
    case '<=':
      return (value) => value <= bound
    case '>':
      return (value) => value > bound
    case '>=':
      return (value) => value >= bound
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
