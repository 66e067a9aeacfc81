import { compileLeaf, PatternFault, type Leaf } from './filter-leaf.ts'
import { isJsonObject, parseJson, type JsonObject } from './json-value.ts'

/** One way to fulfil a pattern, as a tree of field names: everything in it must hold. */
export interface PatternNode {
  /** Tests of the value here. More than one where `$or` and its surroundings name the same field. */
  readonly leaves: readonly Leaf[]
  readonly children: readonly PatternChild[]
}

export interface PatternChild {
  readonly name: string
  /** `name.`: what an event's key begins with that spells the path with dots. */
  readonly dotted: string
  readonly node: PatternNode
}

export type CompiledPattern =
  | { readonly kind: 'pattern'; readonly branches: readonly PatternNode[] }
  | { readonly kind: 'fault'; readonly detail: string }

/** `$or`s multiply out; beyond this many branches a pattern is refused rather than run. */
export const branchesMax = 1_000
/** Deeper than any pattern of 4,096 characters needs; it bounds the recursion over patterns of any length. */
const depthMax = 200

/** Compiles one pattern: every `$or` multiplied out, dotted keys spelled as paths. */
export function compilePattern(text: string): CompiledPattern {
  const pattern = parseJson(text)
  try {
    if (pattern === undefined) throw new PatternFault('The pattern is not JSON.')
    if (!isJsonObject(pattern)) throw new PatternFault('The pattern is not a JSON object.')
    return { kind: 'pattern', branches: branchesOf(pattern, [], 0).map(treeOf) }
  } catch (fault) {
    if (fault instanceof PatternFault) return { kind: 'fault', detail: fault.message }
    throw fault
  }
}

interface Clause {
  readonly path: readonly string[]
  readonly leaf: Leaf
}
type Branch = readonly Clause[]

function branchesOf(pattern: JsonObject, path: readonly string[], depth: number): readonly Branch[] {
  const fields = Object.entries(pattern)
  const place = path.join('.') || 'pattern'
  if (fields.length === 0) throw new PatternFault(`${place}: an empty object.`)
  const own: Clause[] = []
  let branches: readonly Branch[] = [[]]
  for (const [key, value] of fields) {
    // A key with dots is the same as nested objects.
    const fieldPath = [...path, ...key.split('.')]
    if (Math.max(depth, fieldPath.length) > depthMax) {
      throw new PatternFault(`${fieldPath.slice(0, 3).join('.')}…: nested too deeply.`)
    }
    if (key === '$or' && isOrRelationship(value)) {
      branches = product(
        branches,
        value.flatMap((one) => branchesOf(one, path, depth + 1)),
      )
    } else if (Array.isArray(value)) {
      own.push({ path: fieldPath, leaf: compileLeaf(value, fieldPath.join('.')) })
    } else if (isJsonObject(value)) {
      branches = product(branches, branchesOf(value, fieldPath, depth + 1))
    } else {
      throw new PatternFault(`${fieldPath.join('.')}: a value must be in a list.`)
    }
  }
  return branches.map((branch) => [...own, ...branch])
}

function product(left: readonly Branch[], right: readonly Branch[]): readonly Branch[] {
  if (left.length * right.length > branchesMax) throw tooMany()
  return left.flatMap((one) => right.map((other) => [...one, ...other]))
}

function tooMany(): PatternFault {
  return new PatternFault(`$or makes more than ${branchesMax} combinations; write several filters instead.`)
}

const operatorNames = new Set([
  'anything-but',
  'cidr',
  'equals-ignore-case',
  'exactly',
  'exists',
  'numeric',
  'prefix',
  'suffix',
  'wildcard',
])

/** `$or` is the operator only over two or more objects of fields; otherwise it is a field that happens to be called so. */
function isOrRelationship(value: unknown): value is readonly JsonObject[] {
  if (!Array.isArray(value) || value.length < 2) return false
  return value.every((one) => isJsonObject(one) && !Object.keys(one).some((key) => operatorNames.has(key)))
}

interface Growing {
  readonly leaves: Leaf[]
  readonly children: Map<string, Growing>
}

function treeOf(branch: Branch): PatternNode {
  const root: Growing = { leaves: [], children: new Map() }
  for (const { path, leaf } of branch) {
    let node = root
    for (const name of path) {
      let child = node.children.get(name)
      if (child === undefined) {
        child = { leaves: [], children: new Map() }
        node.children.set(name, child)
      }
      node = child
    }
    node.leaves.push(leaf)
  }
  return grown(root)
}

function grown(node: Growing): PatternNode {
  const children = [...node.children].map(([name, child]) => ({ name, dotted: `${name}.`, node: grown(child) }))
  return { leaves: node.leaves, children }
}
