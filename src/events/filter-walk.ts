import type { Effort } from './effort.ts'
import { isScalar, lettersPerStep, type Leaf, type Scalar } from './filter-leaf.ts'
import { childAt, type Branch, type PathNode } from './filter-pattern.ts'
import { isJsonObject, type JsonObject } from './json-value.ts'

/**
 * What one element says of the leaves below its place in the pattern. The event itself is an element, and so is each object in a list.
 * A value at every leaf that asks for one, and none that fails: the element holds.
 */
interface Tally {
  /** The first leaf of which a value was found. */
  first: number
  /** Leaves that ask for a value and have one that passes. */
  met: number
  failed: boolean
}

interface ObjectFrame {
  readonly kind: 'object'
  readonly object: JsonObject
  readonly keys: readonly string[]
  at: number
  readonly node: PathNode
  readonly tally: Tally
}

/** A list, and the lists in it as if they were one: which of them something is in makes no difference here. */
interface ListFrame {
  readonly kind: 'list'
  readonly lists: { readonly values: readonly unknown[]; at: number }[]
  readonly node: PathNode
  /** Of what the list is in. */
  readonly tally: Tally
  /** The element that was looked at last, once it is done. */
  element: Tally | null
  first: number
  holds: boolean
}

type Frame = ObjectFrame | ListFrame

/**
 * Holds a branch against an event in one walk, as far as the event goes, for the plain case: each path of the pattern is spelled in one
 * way, and what is in one list is nowhere else. Then the first leaf of which a list has a value decides: one of the elements that have
 * it must hold by itself, and no list asks what was chosen in another.
 */
export class FilterWalk {
  readonly #leaves: readonly Leaf[]
  readonly #root: PathNode
  readonly #whole = newTally()
  readonly #frames: Frame[] = []

  constructor({ leaves, root }: Branch, event: unknown) {
    this.#leaves = leaves
    this.#root = root
    this.#enter(event, root, this.#whole)
  }

  /** `paused`: it goes on in another slice. `entangled`: it is none of the plain cases. */
  go(effort: Effort): boolean | 'paused' | 'entangled' {
    for (let frame = this.#frames.at(-1); frame !== undefined; frame = this.#frames.at(-1)) {
      const isPaused = frame.kind === 'object' ? this.#goObject(frame, effort) : this.#goList(frame, effort)
      if (isPaused === 'entangled') return isPaused
      if (isPaused && this.#frames.length > 0) return 'paused'
    }
    return isHolding(this.#whole, this.#root)
  }

  #enter(value: unknown, node: PathNode, tally: Tally): void {
    if (Array.isArray(value)) {
      const lists = [{ values: value as readonly unknown[], at: 0 }]
      this.#frames.push({ kind: 'list', lists, node, tally, element: null, first: noLeaf, holds: false })
    } else if (isJsonObject(value) && node.leaf === null) {
      this.#frames.push({ kind: 'object', object: value, keys: Object.keys(value), at: 0, node, tally })
    }
  }

  /** Until an object or list is entered, or the object is done. True: the slice is over. */
  #goObject(frame: ObjectFrame, effort: Effort): boolean | 'entangled' {
    const { object, keys, node, tally } = frame
    const until = Math.min(keys.length, frame.at + keysAtOnce)
    let steps = 0
    while (frame.at < until) {
      const key = keys[frame.at++] ?? ''
      steps += 1
      const child = node.children.get(key)
      if (child === undefined) {
        if (key.includes('.') && childAt(node, key) !== undefined) return 'entangled'
        continue
      }
      const value = object[key]
      if (!isScalar(value)) {
        this.#enter(value, child, tally)
        return effort.spend(steps)
      }
      if (child.leaf === null) continue
      add(tally, child.leaf, this.#passes(child.leaf, value), child)
      steps += this.#stepsOf(child, value)
    }
    if (frame.at >= keys.length) this.#frames.pop()
    return effort.spend(steps)
  }

  /** The same of a list. */
  #goList(frame: ListFrame, effort: Effort): boolean {
    const { lists, node } = frame
    closeElement(frame)
    let isOver = false
    for (let list = lists.at(-1); list !== undefined && !isOver; list = lists.at(-1)) {
      if (list.at >= list.values.length) {
        lists.pop()
        continue
      }
      const value = list.values[list.at++]
      if (Array.isArray(value)) lists.push({ values: value, at: 0 })
      else if (!isScalar(value) && node.leaf === null) {
        frame.element = newTally()
        this.#enter(value, node, frame.element)
        return effort.spend(1)
      }
      if (node.leaf !== null && isScalar(value)) {
        frame.first = node.leaf
        frame.holds ||= this.#passes(node.leaf, value)
      }
      isOver = effort.spend(this.#stepsOf(node, value))
    }
    if (lists.length > 0) return isOver
    this.#frames.pop()
    if (frame.first !== noLeaf) add(frame.tally, frame.first, frame.holds, node)
    return isOver
  }

  #passes(leaf: number, value: Scalar): boolean {
    return this.#leaves[leaf]?.passes(value) === true
  }

  #stepsOf({ leaf }: PathNode, value: unknown): number {
    if (leaf === null || typeof value !== 'string') return 1
    return 1 + Math.floor(Math.min(value.length, this.#leaves[leaf]?.lettersMax ?? 0) / lettersPerStep)
  }
}

const keysAtOnce = 1_000
const noLeaf = Number.POSITIVE_INFINITY

function newTally(): Tally {
  return { first: noLeaf, met: 0, failed: false }
}

function isHolding(tally: Tally, node: PathNode): boolean {
  return !tally.failed && tally.met === node.required
}

/** What was found at a place below: a value, or a list of which one element holds or none. */
function add(tally: Tally, first: number, holds: boolean, node: PathNode): void {
  tally.first = Math.min(tally.first, first)
  if (holds) tally.met += node.required
  else tally.failed = true
}

/** Of the elements of a list, those count that have a value of its first leaf. */
function closeElement(frame: ListFrame): void {
  const { element, node } = frame
  frame.element = null
  if (element === null || element.first > frame.first || element.first === noLeaf) return
  if (element.first < frame.first) frame.holds = false
  frame.first = element.first
  frame.holds ||= isHolding(element, node)
}
