import { isScalar, type Leaf, type Scalar } from './filter-leaf.ts'
import type { Branch, PathNode } from './filter-pattern.ts'
import { isJsonObject } from './json-value.ts'

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

/** Counts what was looked at, for tests of the cost. */
export interface Meter {
  visits: number
}

/** Lists nested directly in one another count as one beyond this depth: hostile events only. */
const nestingMax = 500

export function fieldsOf(branch: Branch, event: unknown, meter: Meter): Element {
  const root = newElement()
  gather(event, branch.root, root, { leaves: branch.leaves, meter, depth: 0 })
  return root
}

export function holds(element: Element, leaf: number): boolean {
  return element.own.has(leaf) || element.lists.some((list) => list.holds.has(leaf))
}

interface Walk {
  readonly leaves: readonly Leaf[]
  readonly meter: Meter
  readonly depth: number
}

function newElement(): Element {
  return { own: new Map(), lists: [] }
}

/** Recursion is bounded by the pattern's depth and by nestingMax: events can be hostile. */
function gather(value: unknown, node: PathNode, element: Element, walk: Walk): void {
  walk.meter.visits++
  if (isScalar(value)) take(value, node, element, walk)
  else if (Array.isArray(value)) gatherList(value, node, element, walk)
  else if (isJsonObject(value) && node.children.size > 0) {
    for (const key of Object.keys(value)) {
      const child = nodeAt(node, key)
      if (child !== undefined) gather(value[key], child, element, walk)
    }
  }
}

/** A key with dots is the same as nested objects. */
function nodeAt(node: PathNode, key: string): PathNode | undefined {
  if (!key.includes('.')) return node.children.get(key)
  return key.split('.').reduce<PathNode | undefined>((at, name) => at?.children.get(name), node)
}

function take(value: Scalar, node: PathNode, element: Element, { leaves }: Walk): void {
  if (node.leaf === null || element.own.get(node.leaf) === true) return
  element.own.set(node.leaf, leaves[node.leaf]?.tests.some((test) => test(value)) === true)
}

function gatherList(values: readonly unknown[], node: PathNode, element: Element, walk: Walk): void {
  const list: List = { elements: [], holds: new Set(), verdicts: node.leaf === null ? null : new Map() }
  // Where no leaf asks for scalars, which list of lists something is in makes no difference.
  const isNested = node.leaf !== null && walk.depth < nestingMax
  const inner = { ...walk, depth: walk.depth + 1 }
  for (const value of isNested ? values : spread(values)) {
    if (isScalar(value)) {
      walk.meter.visits++
      take(value, node, element, walk)
      continue
    }
    const one = newElement()
    gather(value, node, one, inner)
    add(one, list)
  }
  if (list.elements.length > 0) element.lists.push(list)
}

function add(element: Element, list: List): void {
  for (const leaf of element.own.keys()) list.holds.add(leaf)
  for (const { holds: below } of element.lists) for (const leaf of below) list.holds.add(leaf)
  if (element.own.size > 0 || element.lists.length > 0) list.elements.push(element)
}

/** What is in lists, and in lists in them, however deep. */
function spread(values: readonly unknown[]): readonly unknown[] {
  const found: unknown[] = []
  const open: (readonly unknown[])[] = [values]
  for (let list = open.pop(); list !== undefined; list = open.pop()) {
    for (const value of list) {
      if (Array.isArray(value)) open.push(value)
      else found.push(value)
    }
  }
  return found
}
