import type { Slices } from './effort.ts'
import type { Allowance } from './filter-allowance.ts'
import { isScalar, lettersPerStep, type Scalar } from './filter-leaf.ts'
import { childAt, type Branch, type PathNode } from './filter-pattern.ts'
import { isJsonObject, type JsonObject } from './json-value.ts'

/**
 * What a branch of a pattern finds in an event, by element. The event itself is one; so is each object and list inside a
 * list. A list's scalars belong to the element that the list is in, since choosing one chooses nothing else.
 */
export interface Element {
  /** Index of a leaf → whether one of the values at its path, directly in this element, passes. */
  readonly own: Map<number, boolean>
  readonly lists: List[]
}

/** Of a list, one element at most is chosen: what is found below two of them never goes together. */
export interface List {
  /** Those that hold anything a leaf asks for. */
  readonly elements: Element[]
  /** The leaves with a value at their path anywhere below. */
  readonly holds: Set<number>
  /** Verdicts, by what was asked; null where nothing is asked twice. Only scalars beside what is in elements make that. */
  readonly verdicts: Map<string, boolean> | null
}

/** Lists nested directly in one another count as one beyond this depth: hostile events only. */
const nestingMax = 500

export function* elementsOf(branch: Branch, event: unknown, allowance: Allowance): Slices<Element> {
  const root: Element = { own: new Map(), lists: [] }
  yield* gather(event, branch.root, root, { branch, allowance, depth: 0 })
  return root
}

interface Walk {
  readonly branch: Branch
  readonly allowance: Allowance
  readonly depth: number
}

/** Recursion is bounded by the pattern's depth and by nestingMax: events can be hostile. */
function* gather(value: unknown, node: PathNode, element: Element, walk: Walk): Slices<void> {
  if (walk.allowance.meet(1)) yield
  if (isScalar(value)) take(value, node, element, walk)
  else if (Array.isArray(value)) yield* gatherList(value, node, element, walk)
  else if (isJsonObject(value) && node.children.size > 0) yield* gatherObject(value, node, element, walk)
}

function* gatherObject(object: JsonObject, node: PathNode, element: Element, walk: Walk): Slices<void> {
  for (const key of Object.keys(object)) {
    const child = childAt(node, key)
    if (child !== undefined) yield* gather(object[key], child, element, walk)
    else if (walk.allowance.meet(1)) yield
  }
}

function take(value: Scalar, node: PathNode, element: Element, { branch, allowance }: Walk): void {
  if (node.leaf === null || element.own.get(node.leaf) === true) return
  const leaf = branch.leaves[node.leaf]
  if (leaf === undefined) return
  allowance.meet(typeof value === 'string' ? Math.floor(Math.min(value.length, leaf.lettersMax) / lettersPerStep) : 0)
  element.own.set(node.leaf, leaf.passes(value))
}

function* gatherList(values: readonly unknown[], node: PathNode, element: Element, walk: Walk): Slices<void> {
  const { allowance } = walk
  const list: List = { elements: [], holds: new Set(), verdicts: node.leaf === null ? null : new Map() }
  // Where no leaf asks for scalars, which list of lists something is in makes no difference.
  const isNested = node.leaf !== null && node.children.size > 0 && walk.depth < nestingMax
  const inner = { ...walk, depth: walk.depth + 1 }
  for (const value of isNested ? values : spread(values)) {
    if (isScalar(value)) {
      take(value, node, element, walk)
      if (allowance.meet(1)) yield
    } else {
      const one: Element = { own: new Map(), lists: [] }
      yield* gather(value, node, one, inner)
      if (allowance.look(add(one, list))) yield
    }
  }
  if (list.elements.length > 0) element.lists.push(list)
}

/** Returns how much was looked at. */
function add(element: Element, list: List): number {
  let looks = element.own.size
  for (const leaf of element.own.keys()) list.holds.add(leaf)
  for (const { holds: below } of element.lists) {
    looks += below.size
    for (const leaf of below) list.holds.add(leaf)
  }
  if (element.own.size > 0 || element.lists.length > 0) list.elements.push(element)
  return looks
}

/** What is in lists, and in lists in them, however deep. */
function* spread(values: readonly unknown[]): Generator<unknown, void, undefined> {
  const open: { readonly values: readonly unknown[]; at: number }[] = [{ values, at: 0 }]
  for (let list = open.at(-1); list !== undefined; list = open.at(-1)) {
    const value = list.values[list.at++]
    if (list.at > list.values.length) open.pop()
    else if (Array.isArray(value)) open.push({ values: value, at: 0 })
    else yield value
  }
}
