import { isScalar } from './filter-leaf.ts'
import type { PatternChild, PatternNode } from './filter-pattern.ts'
import { isJsonObject } from './json-value.ts'

/**
 * Holds one branch of a pattern against an event. Arrays match by any element, and everything below one element must
 * match in that element (array consistency). Two ways to hold travel upwards:
 * - `picked`: at least one value was picked, which ties the branch to the elements it was found in: any will do;
 * - `absent`: nothing that the branch names exists, which must be so in every element.
 */
export function matchesBranch(branch: PatternNode, event: unknown): boolean {
  return judge(branch, [event]) !== fails
}

const fails = 0
const picked = 1
const absent = 2
/** A union of `picked` and `absent`; beside `picked`, `absent` says nothing any more. */
type Verdict = number

/**
 * `values`: what is found at the node's place; more than one when the event spells a path with and without dots. Objects
 * among them count as one; each element of an array stands alone, so that the work stays linear in the event's size.
 */
function judge(node: PatternNode, values: readonly unknown[]): Verdict {
  if (!values.some((value) => Array.isArray(value))) return judgeElement(node, values)
  let verdict = judgeElement(
    node,
    values.filter((value) => !Array.isArray(value)),
  )
  if (verdict & picked) return picked
  for (const element of elementsOf(values)) {
    const one = judgeElement(node, [element])
    if (one & picked) return picked
    verdict &= one
  }
  return verdict
}

/** `values` are objects and scalars: one element. */
function judgeElement(node: PatternNode, values: readonly unknown[]): Verdict {
  let verdict = absent
  for (const leaf of node.leaves) {
    const scalars = values.filter(isScalar)
    if (scalars.some((value) => leaf.tests.some((test) => test(value)))) verdict |= picked
    else if (scalars.length > 0 || !leaf.absent) return fails
  }
  for (const child of node.children) {
    const one = judge(child.node, valuesAt(values, child))
    if (one === fails) return fails
    verdict |= one
  }
  return verdict
}

function valuesAt(values: readonly unknown[], child: PatternChild): readonly unknown[] {
  const found: unknown[] = []
  for (const value of values) {
    if (!isJsonObject(value)) continue
    if (Object.hasOwn(value, child.name)) found.push(value[child.name])
    // A dotted key leads at least one name deeper, so a leaf need not look for one.
    if (child.node.children.length === 0) continue
    for (const key of Object.keys(value)) {
      if (key.startsWith(child.dotted)) found.push({ [key.slice(child.dotted.length)]: value[key] })
    }
  }
  return found
}

/** The elements of arrays, and of arrays in them, however deep: without recursion, since events can be hostile. */
function elementsOf(values: readonly unknown[]): readonly unknown[] {
  const elements: unknown[] = []
  const open: unknown[] = values.filter((value) => Array.isArray(value))
  for (let array = open.pop(); array !== undefined; array = open.pop()) {
    for (const element of array as readonly unknown[]) {
      if (Array.isArray(element)) open.push(element)
      else elements.push(element)
    }
  }
  return elements
}
