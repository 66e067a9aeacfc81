import { compileLeaf, PatternFault, type Leaf } from './filter-leaf.ts'
import { parseExactJson } from './exact-json.ts'
import { isJsonObject, type JsonObject } from './json-value.ts'
import { SpelledNumber } from './spelled-number.ts'

/** One way to fulfil a pattern: every leaf must hold, and they are judged in this order, that of their paths. */
export interface Branch {
  readonly leaves: readonly Leaf[]
  /** The paths of the leaves as a tree of field names. */
  readonly root: PathNode
  /** No leaf has fields below it: what is in an element of a list is asked for there or not at all. */
  readonly isPlain: boolean
}

export interface PathNode {
  /** Index of the leaf whose path ends here. */
  readonly leaf: number | null
  /** Leaves here and below that ask for a value. */
  readonly required: number
  readonly children: ReadonlyMap<string, PathNode>
}

/** The place of a field; a key with dots is the same as nested objects. */
export function childAt(node: PathNode, key: string): PathNode | undefined {
  let at: PathNode | undefined = node
  for (let from = 0; at !== undefined && from <= key.length;) {
    const dot = key.indexOf('.', from)
    const end = dot === -1 ? key.length : dot
    at = at.children.get(key.slice(from, end))
    from = end + 1
  }
  return at
}

export type CompiledPattern =
  | { readonly kind: 'pattern'; readonly branches: readonly Branch[] }
  | { readonly kind: 'fault'; readonly detail: string }

/** `$or`s multiply out; beyond this many branches a pattern is refused rather than run. */
export const branchesMax = 1_000
/** AWS's bound: paths in one branch. */
const fieldsMax = 256
/** Deeper than any pattern of 4,096 characters needs; it bounds the recursion over patterns of any length. */
const depthMax = 200

/** Compiles one pattern: every `$or` multiplied out, dotted keys spelled as paths. */
export function compilePattern(text: string): CompiledPattern {
  try {
    const pattern = parseExactJson(text)
    if (pattern === undefined) throw new PatternFault('The pattern is not JSON.')
    if (!isFields(pattern)) throw new PatternFault('The pattern is not a JSON object.')
    return { kind: 'pattern', branches: waysOf(pattern).map(branchOf) }
  } catch (fault) {
    if (fault instanceof PatternFault) return { kind: 'fault', detail: fault.message }
    throw fault
  }
}

/** The leaves of one branch by their dotted paths. Of two for one path, the later one counts. */
type Way = Map<string, Leaf>

interface Reading {
  /** `$or` is a field like any other. */
  readonly isPlain: boolean
  /** Below a branch of `$or`, where AWS reserves names. */
  readonly insideOr: boolean
}

/** AWS reads a pattern in which any `$or` is not one a second time, with every `$or` as a plain field. */
function waysOf(pattern: JsonObject): readonly Way[] {
  const at = { path: '', depth: 0 }
  try {
    return read(pattern, [new Map()], at, { isPlain: false, insideOr: false })
  } catch (fault) {
    if (!(fault instanceof PatternFault)) throw fault
    const plain = plainWays(pattern)
    if (plain === null) throw fault
    return plain
  }
}

function plainWays(pattern: JsonObject): readonly Way[] | null {
  try {
    return read(pattern, [new Map()], { path: '', depth: 0 }, { isPlain: true, insideOr: false })
  } catch (fault) {
    // What the first reading refused is told, not what was wrong with `$or` as a field.
    if (fault instanceof PatternFault) return null
    throw fault
  }
}

interface Place {
  readonly path: string
  readonly depth: number
}

/** Adds the fields of an object to the ways that lead here. The ways are the caller's no more. */
function read(fields: JsonObject, before: readonly Way[], at: Place, reading: Reading): readonly Way[] {
  const entries = Object.entries(fields)
  if (entries.length === 0) throw new PatternFault(`${at.path || 'pattern'}: an empty object.`)
  let ways = before
  for (const [key, value] of entries) {
    if (key === '$or' && !reading.isPlain) ways = readOr(value, ways, at, reading)
    else ways = readField(value, ways, placeOf(key, at, reading), reading)
  }
  return ways
}

function placeOf(key: string, at: Place, reading: Reading): Place {
  if (reading.insideOr && reservedNames.has(key)) {
    throw new PatternFault(`${JSON.stringify(key)} cannot be the name of a field inside $or.`)
  }
  const path = at.path === '' ? key : `${at.path}.${key}`
  const depth = Math.max(at.depth + 1, path.split('.').length)
  if (depth > depthMax) throw new PatternFault(`${path.slice(0, 20)}…: nested too deeply.`)
  return { path, depth }
}

function readField(value: unknown, ways: readonly Way[], place: Place, reading: Reading): readonly Way[] {
  if (isFields(value)) return read(value, ways, place, reading)
  if (!Array.isArray(value)) throw new PatternFault(`${place.path}: a value must be in a list.`)
  const leaf = compileLeaf(value, place.path)
  for (const way of ways) way.set(place.path, leaf)
  return ways
}

function readOr(value: unknown, before: readonly Way[], at: Place, reading: Reading): readonly Way[] {
  if (!Array.isArray(value) || value.length < 2) throw new PatternFault('$or takes a list of two or more objects.')
  const ways: Way[] = []
  const place = { ...at, depth: at.depth + 1 }
  if (place.depth > depthMax) throw new PatternFault('$or: nested too deeply.')
  for (const one of value as readonly unknown[]) {
    if (!isFields(one)) throw new PatternFault('$or takes objects of fields only.')
    const copies = before.map((way) => new Map(way))
    ways.push(...read(one, copies, place, { ...reading, insideOr: true }))
    if (ways.length > branchesMax) {
      throw new PatternFault(`$or makes more than ${branchesMax} combinations; write several filters instead.`)
    }
  }
  return ways
}

function isFields(value: unknown): value is JsonObject {
  return isJsonObject(value) && !(value instanceof SpelledNumber)
}

/** AWS's whole list, with the names that it keeps for the future. */
const reservedNames = new Set([
  'exactly',
  'equals-ignore-case',
  'prefix',
  'suffix',
  'anything-but',
  'exists',
  'wildcard',
  'numeric',
  'cidr',
  '=',
  '<',
  '<=',
  '>',
  '>=',
  'regex',
  'not-wildcard',
  'not-equals-ignore-case',
  'date-after',
  'date-on-or-after',
  'date-before',
  'date-on-or-before',
  'in-date-range',
  'ip-address-in-range',
  'ip-address-not-in-range',
])

function branchOf(way: Way): Branch {
  if (way.size > fieldsMax) throw new PatternFault(`More than ${fieldsMax} fields.`)
  const root = newNode()
  const sorted = [...way].sort(([one], [other]) => (one < other ? -1 : 1))
  let isPlain = true
  sorted.forEach(([path, leaf], index) => {
    const required = leaf.absent ? 0 : 1
    let node = root
    node.required += required
    for (const name of path.split('.')) {
      // Sorted as they are, a leaf comes before those below it.
      if (node.leaf !== null) isPlain = false
      const child = node.children.get(name) ?? newNode()
      child.required += required
      node.children.set(name, child)
      node = child
    }
    node.leaf = index
  })
  return { leaves: sorted.map(([, leaf]) => leaf), root, isPlain }
}

interface GrowingNode {
  leaf: number | null
  required: number
  readonly children: Map<string, GrowingNode>
}

function newNode(): GrowingNode {
  return { leaf: null, required: 0, children: new Map() }
}
