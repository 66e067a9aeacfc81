import { type Effort, type Slices } from './effort.ts'
import { Allowance, Puzzled } from './filter-allowance.ts'
import { elementsOf, type Element, type List } from './filter-elements.ts'
import { Groups } from './filter-groups.ts'
import type { Leaf } from './filter-leaf.ts'
import type { Branch } from './filter-pattern.ts'

/**
 * Holds one branch of a pattern against an event that spells paths in several ways, as AWS's matcher does. The leaves are judged in
 * the order of their paths. Each picks a value that passes, and with it the elements of all lists that the value is in; what is in
 * other elements of these lists is out of sight from then on. A leaf that may be absent holds where no value is in sight at its
 * turn: an absence is judged before a later leaf has chosen an element. What was not found to fail within the allowance matches: a
 * record too many is better than one that is lost.
 */
export function* searchBranch(branch: Branch, event: unknown, effort: Effort): Slices<boolean> {
  const allowance = new Allowance(effort)
  try {
    const root = yield* elementsOf(branch, event, allowance)
    const scope = { own: root.own, before: null, chosen: null }
    const all = branch.leaves.map((_, index) => index)
    return yield* satisfies({ scope, lists: root.lists, todo: all }, { leaves: branch.leaves, allowance })
  } catch (error) {
    if (error instanceof Puzzled) return true
    throw error
  }
}

/** The element that was chosen last, and what is known from those before it. */
interface Scope {
  readonly own: Element['own']
  readonly before: Element['own'] | null
  /** The leaf that the element was chosen for: only a value in it will do. */
  readonly chosen: number | null
}

interface Sight {
  /** What the elements chosen so far say of each leaf. */
  readonly scope: Scope
  /** Lists in them of which no element is chosen yet. */
  readonly lists: readonly List[]
  /** The leaves that are to be judged, in their order. */
  readonly todo: readonly number[]
}

interface Search {
  readonly leaves: readonly Leaf[]
  readonly allowance: Allowance
}

/** Whether a value passes that the chosen elements have of the leaf; undefined: they have none. */
function ownOf(leaf: number, { own, before, chosen }: Scope): boolean | undefined {
  const inside = own.get(leaf)
  if (inside === true || before === null || chosen === leaf) return inside
  return before.get(leaf) ?? inside
}

/** What is known of these leaves, as one map. */
function merged(scope: Scope, leaves: readonly number[], { allowance }: Search): Element['own'] {
  if (scope.before === null) return scope.own
  allowance.look(leaves.length)
  const both = new Map<number, boolean>()
  for (const leaf of leaves) {
    const own = ownOf(leaf, scope)
    if (own !== undefined) both.set(leaf, own)
  }
  return both
}

function* satisfies(sight: Sight, search: Search): Slices<boolean> {
  const { lists, scope, todo } = sight
  const inLists: number[] = []
  for (const leaf of todo) {
    if (search.allowance.look(1 + lists.length)) yield
    if (lists.some((list) => list.holds.has(leaf))) inLists.push(leaf)
    else if (!(ownOf(leaf, scope) ?? search.leaves[leaf]?.absent)) return false
  }
  if (inLists.length === 0) return true
  const known = { own: merged(scope, inLists, search), before: null, chosen: null }
  for (const group of yield* groupsOf(lists, inLists, search)) {
    const [only] = group.lists
    const one = { scope: known, ...group }
    const isAlone = only !== undefined && group.lists.length === 1
    if (!(yield* isAlone ? oneList(only, one, search) : severalLists(one, search))) return false
  }
  return true
}

/**
 * Lists that ask for the same leaf depend on each other. Only dotted keys make such: everything else falls apart into
 * single lists, and that is what keeps the work linear in the size of the event.
 */
function* groupsOf(
  lists: readonly List[],
  todo: readonly number[],
  { allowance }: Search,
): Slices<readonly Omit<Sight, 'scope'>[]> {
  if (lists.length === 1) return [{ lists, todo }]
  const groups = new Groups()
  for (const list of lists) {
    if (allowance.look(todo.length)) yield
    const mine = todo.filter((leaf) => list.holds.has(leaf))
    for (const leaf of mine) groups.join(mine[0] ?? leaf, leaf)
  }
  const found = new Map<number, { readonly lists: List[]; readonly todo: number[] }>()
  for (const leaf of todo) {
    const group = found.get(groups.of(leaf)) ?? { lists: [], todo: [] }
    group.todo.push(leaf)
    found.set(groups.of(leaf), group)
  }
  for (const list of lists) {
    if (allowance.look(todo.length)) yield
    const first = todo.find((leaf) => list.holds.has(leaf))
    if (first !== undefined) found.get(groups.of(first))?.lists.push(list)
  }
  return [...found.values()]
}

function* oneList(list: List, sight: Sight, search: Search): Slices<boolean> {
  if (list.verdicts === null) return yield* searchList(list, sight, search)
  const asked = sight.todo.map((leaf) => `${leaf}${ownOf(leaf, sight.scope) ?? ''}`).join()
  const known = list.verdicts.get(asked)
  if (known !== undefined) return known
  const verdict = yield* searchList(list, sight, search)
  list.verdicts.set(asked, verdict)
  return verdict
}

function* searchList(list: List, { scope, lists, todo }: Sight, search: Search): Slices<boolean> {
  const [first] = todo
  if (first === undefined) return true
  // A value outside the list: no element is chosen.
  if (ownOf(first, scope) === true) {
    if (search.allowance.look(todo.length)) yield
    if (yield* satisfies({ scope, lists, todo: todo.slice(1) }, search)) return true
  }
  for (const element of list.elements) {
    if (search.allowance.look(1 + element.lists.length)) yield
    if (!holds(element, first)) continue
    const inside = { own: element.own, before: scope.own, chosen: first }
    if (yield* satisfies({ scope: inside, lists: element.lists, todo }, search)) return true
  }
  return false
}

function holds(element: Element, leaf: number): boolean {
  return element.own.has(leaf) || element.lists.some((list) => list.holds.has(leaf))
}

/** Every choice for the first leaf, then for the others: events that spell one path in several ways. */
function* severalLists({ scope, lists, todo }: Sight, search: Search): Slices<boolean> {
  const [first] = todo
  if (first === undefined) return true
  search.allowance.look(todo.length)
  const rest = todo.slice(1)
  if (ownOf(first, scope) === true && (yield* satisfies({ scope, lists, todo: rest }, search))) return true
  for (const list of lists) {
    if (search.allowance.look(lists.length)) yield
    const others = lists.filter((other) => other !== list)
    if (yield* pickFrom(list, first, { scope, lists: others, todo: rest }, search)) return true
  }
  return false
}

function* pickFrom(list: List, leaf: number, sight: Sight, search: Search): Slices<boolean> {
  if (!list.holds.has(leaf)) return false
  const { todo } = sight
  const before = merged(sight.scope, todo, search)
  const failed = new Set<string>()
  for (const element of list.elements) {
    if (search.allowance.look(1 + element.lists.length)) yield
    if (!holds(element, leaf) || isRepeated(element, [leaf, ...todo], failed, search)) continue
    const scope = { own: element.own, before, chosen: null }
    const lists = [...sight.lists, ...element.lists]
    search.allowance.look(lists.length)
    if (element.own.get(leaf) === true && (yield* satisfies({ scope, lists, todo }, search))) return true
    for (const inner of element.lists) {
      search.allowance.look(lists.length)
      const others = lists.filter((other) => other !== inner)
      if (yield* pickFrom(inner, leaf, { scope, lists: others, todo }, search)) return true
    }
  }
  return false
}

/** An element that says the same of all leaves as one before, which failed. */
function isRepeated(element: Element, leaves: readonly number[], failed: Set<string>, { allowance }: Search): boolean {
  allowance.look(leaves.length)
  if (element.lists.length > 0) return false
  const says = leaves.map((leaf) => element.own.get(leaf) ?? '').join()
  const isKnown = failed.has(says)
  failed.add(says)
  return isKnown
}
