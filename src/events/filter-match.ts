import { fieldsOf, holds, type Element, type List, type Meter } from './filter-fields.ts'
import type { Leaf } from './filter-leaf.ts'
import type { Branch } from './filter-pattern.ts'

/**
 * Holds one branch of a pattern against an event, as AWS's matcher does. The leaves are judged in the order of their
 * paths. Each picks a value that passes, and with it the elements of all lists that the value is in; what is in other
 * elements of these lists is out of sight from then on. A leaf that may be absent holds where no value is in sight at its
 * turn: an absence is judged before a later leaf has chosen an element.
 */
export function matchesBranch(branch: Branch, event: unknown, meter: Meter = { visits: 0 }): boolean {
  const { own, lists } = fieldsOf(branch, event, meter)
  if (lists.length === 0) return branch.leaves.every((leaf, index) => own.get(index) ?? leaf.absent)
  const all = branch.leaves.map((_, index) => index)
  const visitsMax = meter.visits * choicesPerNodeMax + choicesMin
  return satisfies({ own, lists, todo: all }, { leaves: branch.leaves, meter, visitsMax })
}

/**
 * Which elements of several lists go together is a puzzle that takes for ever where an event is made for it. What was not
 * found to fail within this many looks for each node of the event matches: a record too many is better than one that is lost.
 */
const choicesPerNodeMax = 4
const choicesMin = 10_000

interface Sight {
  /** What the elements chosen so far say of each leaf. */
  readonly own: Element['own']
  /** Lists in them of which no element is chosen yet. */
  readonly lists: readonly List[]
  /** The leaves that are to be judged, in their order. */
  readonly todo: readonly number[]
}

interface Search {
  readonly leaves: readonly Leaf[]
  readonly meter: Meter
  readonly visitsMax: number
}

function satisfies(sight: Sight, search: Search): boolean {
  const inLists: number[] = []
  for (const leaf of sight.todo) {
    if (sight.lists.some((list) => list.holds.has(leaf))) inLists.push(leaf)
    else if (!(sight.own.get(leaf) ?? search.leaves[leaf]?.absent)) return false
  }
  return groupsOf(sight.lists, inLists).every(({ lists, todo }) => {
    const group = { own: sight.own, lists, todo }
    const [only] = lists
    return only !== undefined && lists.length === 1 ? oneList(only, group, search) : severalLists(group, search)
  })
}

/**
 * Lists that ask for the same leaf depend on each other. Only dotted keys make such: everything else falls apart into
 * single lists, and that is what keeps the work linear in the size of the event.
 */
function groupsOf(lists: readonly List[], todo: readonly number[]): readonly Omit<Sight, 'own'>[] {
  const [only] = lists
  if (only !== undefined && lists.length === 1) return todo.length === 0 ? [] : [{ lists, todo }]
  let groups: readonly { readonly lists: readonly List[]; readonly todo: readonly number[] }[] = []
  for (const list of lists) {
    const mine = todo.filter((leaf) => list.holds.has(leaf))
    if (mine.length === 0) continue
    const joined = groups.filter((group) => group.todo.some((leaf) => list.holds.has(leaf)))
    const leaves = joined.length === 0 ? mine : [...new Set([...joined.flatMap((group) => group.todo), ...mine])]
    groups = [
      ...groups.filter((group) => !joined.includes(group)),
      { lists: [...joined.flatMap((group) => group.lists), list], todo: leaves.sort((a, b) => a - b) },
    ]
  }
  return groups
}

function oneList(list: List, sight: Sight, search: Search): boolean {
  if (list.verdicts === null) return searchList(list, sight, search)
  const asked = sight.todo.map((leaf) => `${leaf}${sight.own.get(leaf) ?? ''}`).join()
  const known = list.verdicts.get(asked)
  if (known !== undefined) return known
  const verdict = searchList(list, sight, search)
  list.verdicts.set(asked, verdict)
  return verdict
}

function searchList(list: List, sight: Sight, search: Search): boolean {
  const [first, ...rest] = sight.todo
  if (first === undefined) return true
  // A value outside the list: no element is chosen.
  if (sight.own.get(first) === true && satisfies({ ...sight, todo: rest }, search)) return true
  return list.elements.some((element) => {
    search.meter.visits++
    if (!holds(element, first)) return false
    const own = seen(sight, element)
    // The element is chosen for this leaf: only a value in it will do.
    own.delete(first)
    const inside = element.own.get(first)
    if (inside !== undefined) own.set(first, inside)
    return satisfies({ own, lists: element.lists, todo: sight.todo }, search)
  })
}

/** Every choice for the first leaf, then for the others: events that spell one path in several ways. */
function severalLists(sight: Sight, search: Search): boolean {
  const [first, ...rest] = sight.todo
  if (first === undefined) return true
  if (sight.own.get(first) === true && satisfies({ ...sight, todo: rest }, search)) return true
  return sight.lists.some((list) => {
    const others = sight.lists.filter((other) => other !== list)
    return pickFrom(list, first, { own: sight.own, lists: others, todo: rest }, search)
  })
}

function pickFrom(list: List, leaf: number, sight: Sight, search: Search): boolean {
  if (!list.holds.has(leaf)) return false
  const failed = new Set<string>()
  return list.elements.some((element) => {
    search.meter.visits++
    if (search.meter.visits > search.visitsMax) return true
    if (!holds(element, leaf) || isRepeated(element, [leaf, ...sight.todo], failed)) return false
    const own = seen(sight, element)
    const lists = [...sight.lists, ...element.lists]
    if (element.own.get(leaf) === true && satisfies({ own, lists, todo: sight.todo }, search)) return true
    return element.lists.some((inner) => {
      const others = lists.filter((other) => other !== inner)
      return pickFrom(inner, leaf, { own, lists: others, todo: sight.todo }, search)
    })
  })
}

/** An element that says the same of all leaves as one before, which failed. */
function isRepeated(element: Element, leaves: readonly number[], failed: Set<string>): boolean {
  if (element.lists.length > 0) return false
  const says = leaves.map((leaf) => element.own.get(leaf) ?? '').join()
  const isKnown = failed.has(says)
  failed.add(says)
  return isKnown
}

/** What is known of the leaves still to be judged once the element is chosen as well. */
function seen({ own, todo }: Sight, element: Element): Map<number, boolean> {
  const both = new Map<number, boolean>()
  for (const leaf of todo) {
    const before = own.get(leaf)
    const inside = element.own.get(leaf)
    if (before !== undefined || inside !== undefined) both.set(leaf, before === true || inside === true)
  }
  return both
}
