import { ApiError } from './api-error.ts'

/**
 * The shapes of the Lambda API, and a reader that answers as its front does: a value of the wrong type ends the request
 * (SerializationException), values outside their constraints are gathered into one ValidationException.
 */
export type Shape =
  | StringShape
  | { readonly type: 'integer'; readonly min: number; readonly max: number }
  | { readonly type: 'boolean' }
  /** Epoch seconds, fractions allowed. */
  | { readonly type: 'timestamp' }
  | { readonly type: 'list'; readonly of: Shape; readonly lengthMax?: number }
  | { readonly type: 'map'; readonly key: StringShape; readonly value: StringShape }
  | StructureShape
  /** Refused later whatever it holds: parameters of sources that Millrace does not run. */
  | { readonly type: 'any' }

export interface StructureShape {
  readonly type: 'structure'
  readonly members: Readonly<Record<string, Member>>
}

/** A member of a structure. */
type Member = Shape & {
  /** It belongs to sources that Millrace does not run: refused where it holds anything. */
  readonly foreign?: true
  /** What holds where its structure is given without it. */
  readonly default?: unknown
}

export interface StringShape {
  readonly type: 'string'
  readonly lengthMin?: number
  readonly lengthMax?: number
  /** In the order in which AWS prints them. */
  readonly values?: readonly string[]
  readonly pattern?: Pattern
}

/** `matches` decides; `printed` is the expression that AWS shows, which ours may be wider than (regions of emulators). */
export interface Pattern {
  readonly matches: (text: string) => boolean
  readonly printed: string
}

/** What a value broke: the text between "1 validation error detected:" and the next one. */
export type Violation = string

/** A value is repeated in the error; AWS repeats all of it, we stop where nobody reads on. */
const printedValueLengthMax = 1_000

export function violation(value: string | null, path: string, constraint: string): Violation {
  const printed = value === null ? 'null' : `'${cut(value, printedValueLengthMax)}'`
  return `Value ${printed} at '${path}' failed to satisfy constraint: ${constraint}`
}

/** A list of a million nulls is told to be wrong by the first hundred of them. */
const violationsMax = 100
const printedViolationsLengthMax = 16_384

/** Throws what AWS answers for these violations, if there are any. */
export function refuse(violations: readonly Violation[]): void {
  if (violations.length === 0) return
  const errors = violations.length === 1 ? 'error' : 'errors'
  const text = cut(violations.join('; '), printedViolationsLengthMax)
  throw new ApiError('ValidationException', `${violations.length} validation ${errors} detected: ${text}`)
}

/** The value with unknown members and nulls left out. Violations are added to `violations`; `path` is the wire path. */
function readShape(value: unknown, shape: Shape, path: string, violations: Violation[]): unknown {
  switch (shape.type) {
    case 'any':
      return value
    case 'boolean':
      if (typeof value !== 'boolean') throw mistyped(value, 'a Boolean')
      return value
    case 'timestamp':
      if (typeof value !== 'number') throw mistyped(value, 'a Timestamp')
      return value
    case 'string':
    case 'integer':
      return readScalar(value, shape, path, violations)
    case 'list':
      return readList(value, shape, path, violations)
    case 'map':
      return readMap(value, shape, path, violations)
    case 'structure':
      return readStructure(value, shape.members, path, violations)
    default:
      return shape satisfies never
  }
}

/** Reads the members that the shape knows; null counts as absent, anything else is ignored. */
export function readStructure(
  value: unknown,
  members: Readonly<Record<string, Shape>>,
  path: string,
  violations: Violation[],
): Record<string, unknown> {
  if (!isObject(value)) throw mistyped(value, 'a structure')
  const read: Record<string, unknown> = {}
  for (const [name, shape] of Object.entries(members)) {
    const member = value[name]
    if (member === undefined || member === null) continue
    read[name] = readShape(member, shape, path === '' ? wireName(name) : `${path}.${wireName(name)}`, violations)
  }
  return read
}

/** `BatchSize` is `batchSize` in an error, `KMSKeyArn` is `kMSKeyArn`: the first letter alone changes. */
export function wireName(name: string): string {
  return name.charAt(0).toLowerCase() + name.slice(1)
}

type ScalarShape = Extract<Shape, { type: 'string' | 'integer' }>

function readScalar(value: unknown, shape: ScalarShape, path: string, violations: Violation[]): string | number {
  const scalar = shape.type === 'string' ? readString(value) : readInteger(value)
  for (const rule of rulesOf(shape)) {
    if (!rule.holds(scalar)) violations.push(violation(String(scalar), path, rule.text))
  }
  return scalar
}

function readList(
  value: unknown,
  shape: Extract<Shape, { type: 'list' }>,
  path: string,
  violations: Violation[],
): unknown[] {
  if (!Array.isArray(value)) throw mistyped(value, 'a list')
  const items: readonly unknown[] = value
  if (shape.of.type === 'string' || shape.of.type === 'integer') {
    return readScalars(items, shape.of, { path, lengthMax: shape.lengthMax ?? Infinity }, violations)
  }
  const read: unknown[] = []
  for (const [index, item] of items.entries()) {
    if (violations.length >= violationsMax) break
    const itemPath = `${path}.${index + 1}.member`
    read.push(item === null ? undefined : readShape(item, shape.of, itemPath, violations))
    if (item === null) violations.push(violation(null, itemPath, 'Member must not be null'))
  }
  return read
}

/** A list of scalars is printed whole, with every constraint of its members (as in `architectures` of CreateFunction). */
function readScalars(
  items: readonly unknown[],
  shape: ScalarShape,
  limits: { readonly path: string; readonly lengthMax: number },
  violations: Violation[],
): (string | number | null)[] {
  const scalars = items.map((item) =>
    item === null ? null : shape.type === 'string' ? readString(item) : readInteger(item),
  )
  const rules = rulesOf(shape)
  const printed = () => `[${scalars.map(String).join(', ')}]`
  if (scalars.some((scalar) => scalar === null || rules.some((rule) => !rule.holds(scalar)))) {
    const all = [...rules.map((rule) => rule.text), 'Member must not be null'].join(', ')
    violations.push(violation(printed(), limits.path, `Member must satisfy constraint: [${all}]`))
  }
  if (scalars.length > limits.lengthMax) {
    const text = `Member must have length less than or equal to ${limits.lengthMax}`
    violations.push(violation(printed(), limits.path, text))
  }
  return scalars
}

function readMap(
  value: unknown,
  shape: Extract<Shape, { type: 'map' }>,
  path: string,
  violations: Violation[],
): Record<string, string> {
  if (!isObject(value)) throw mistyped(value, 'a map')
  const entries = Object.entries(value)
    .filter(([, item]) => item !== null)
    .map(([key, item]) => [key, readString(item)] as const)
  const printed = () => `{${entries.map(([key, item]) => `${key}=${item}`).join(', ')}}`
  const check = (which: string, rules: readonly Rule[], broken: boolean) => {
    if (!broken) return
    const all = [...rules.map((rule) => rule.text), 'Member must not be null'].join(', ')
    violations.push(violation(printed(), path, `Map ${which} must satisfy constraint: [${all}]`))
  }
  const keyRules = rulesOf(shape.key)
  const valueRules = rulesOf(shape.value)
  check(
    'keys',
    keyRules,
    entries.some(([key]) => keyRules.some((rule) => !rule.holds(key))),
  )
  check(
    'value',
    valueRules,
    entries.some(([, item]) => valueRules.some((rule) => !rule.holds(item))),
  )
  // fromEntries defines own properties, so that a key named __proto__ stays a key.
  return Object.fromEntries(entries)
}

interface Rule {
  readonly text: string
  readonly holds: (value: string | number) => boolean
}

function rulesOf(shape: ScalarShape): readonly Rule[] {
  if (shape.type === 'integer') {
    return [
      {
        text: `Member must have value less than or equal to ${shape.max}`,
        holds: (value) => Number(value) <= shape.max,
      },
      {
        text: `Member must have value greater than or equal to ${shape.min}`,
        holds: (value) => Number(value) >= shape.min,
      },
    ]
  }
  const { lengthMax, lengthMin, pattern, values } = shape
  const rules: Rule[] = []
  if (values !== undefined) {
    const text = `Member must satisfy enum value set: [${values.join(', ')}]`
    rules.push({ text, holds: (value) => values.includes(String(value)) })
  }
  if (lengthMax !== undefined) {
    const text = `Member must have length less than or equal to ${lengthMax}`
    rules.push({ text, holds: (value) => String(value).length <= lengthMax })
  }
  if (lengthMin !== undefined) {
    const text = `Member must have length greater than or equal to ${lengthMin}`
    rules.push({ text, holds: (value) => String(value).length >= lengthMin })
  }
  if (pattern !== undefined) {
    const text = `Member must satisfy regular expression pattern: ${pattern.printed}`
    rules.push({ text, holds: (value) => pattern.matches(String(value)) })
  }
  return rules
}

function readString(value: unknown): string {
  if (typeof value !== 'string') throw mistyped(value, 'a String')
  return value
}

/** Integers of the API are 32 bits wide. */
function readInteger(value: unknown): number {
  if (typeof value !== 'number' || !Number.isInteger(value) || Math.abs(value) > 0x7f_ff_ff_ff) {
    throw mistyped(value, 'an Integer')
  }
  return value
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The words of AWS's JSON reader for a value of the wrong type. */
function mistyped(value: unknown, wanted: string): ApiError {
  if (Array.isArray(value)) return new ApiError('SerializationException', 'Start of list found where not expected')
  if (typeof value === 'object' && value !== null) {
    return new ApiError('SerializationException', 'Start of structure or map found where not expected.')
  }
  if (wanted === 'a structure' || wanted === 'a map' || wanted === 'a list') {
    return new ApiError('SerializationException', wanted === 'a list' ? 'Expected list or null' : 'Expected null')
  }
  return new ApiError('SerializationException', `${tokenOf(value)} can not be converted to ${wanted}`)
}

function tokenOf(value: unknown): string {
  if (typeof value === 'string') return 'STRING_VALUE'
  if (typeof value === 'number') return 'NUMBER_VALUE'
  if (value === null) return 'NULL_VALUE'
  return value === true ? 'TRUE_VALUE' : 'FALSE_VALUE'
}

function cut(text: string, lengthMax: number): string {
  return text.length <= lengthMax ? text : `${text.slice(0, lengthMax)}…`
}
