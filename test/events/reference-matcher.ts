/**
 * A second reading of the filter language, slow and plain, to hold the real one against. It lists every leaf of the
 * event with the array elements it sits in, lists every way to read the pattern, and tries every choice.
 */
interface EventLeaf {
  readonly path: string
  readonly value: unknown
  /** Array number → index of the element. */
  readonly elements: ReadonlyMap<number, number>
}

interface Requirement {
  readonly path: string
  readonly alternatives: readonly unknown[]
}

export function referenceMatches(pattern: object, event: object): boolean {
  const leaves = leavesOf(event, '', new Map(), { next: 0 })
  return readings(pattern, '').some((requirements) => satisfiable(requirements, leaves, new Map(), []))
}

function leavesOf(
  value: unknown,
  path: string,
  elements: ReadonlyMap<number, number>,
  arrays: { next: number },
): readonly EventLeaf[] {
  if (Array.isArray(value)) {
    const array = arrays.next++
    return value.flatMap((element: unknown, index) =>
      leavesOf(element, path, new Map([...elements, [array, index]]), arrays),
    )
  }
  if (typeof value === 'object' && value !== null) {
    return Object.entries(value).flatMap(([key, child]) =>
      leavesOf(child, path === '' ? key : `${path}.${key}`, elements, arrays),
    )
  }
  return [{ path, value, elements }]
}

function readings(pattern: object, path: string): readonly (readonly Requirement[])[] {
  let all: readonly (readonly Requirement[])[] = [[]]
  for (const [key, value] of Object.entries(pattern) as [string, unknown][]) {
    const at = path === '' ? key : `${path}.${key}`
    let ways: readonly (readonly Requirement[])[]
    if (key === '$or' && Array.isArray(value)) ways = value.flatMap((one: object) => readings(one, path))
    else if (Array.isArray(value)) ways = [[{ path: at, alternatives: value }]]
    else ways = readings(value as object, at)
    all = all.flatMap((before) => ways.map((way) => [...before, ...way]))
  }
  return all
}

function satisfiable(
  requirements: readonly Requirement[],
  leaves: readonly EventLeaf[],
  chosen: ReadonlyMap<number, number>,
  gone: readonly string[],
): boolean {
  const [first, ...rest] = requirements
  if (first === undefined) {
    return !leaves.some((leaf) => gone.includes(leaf.path) && agree(leaf.elements, chosen))
  }
  const pickable = leaves.filter(
    (leaf) =>
      leaf.path === first.path &&
      agree(leaf.elements, chosen) &&
      first.alternatives.some((alternative) => passes(alternative, leaf.value)),
  )
  if (pickable.some((leaf) => satisfiable(rest, leaves, new Map([...chosen, ...leaf.elements]), gone))) return true
  const mayBeGone = first.alternatives.some((one) => JSON.stringify(one) === '{"exists":false}')
  return mayBeGone && satisfiable(rest, leaves, chosen, [...gone, first.path])
}

function agree(one: ReadonlyMap<number, number>, other: ReadonlyMap<number, number>): boolean {
  return [...one].every(([array, index]) => (other.get(array) ?? index) === index)
}

function passes(alternative: unknown, value: unknown): boolean {
  if (typeof alternative !== 'object' || alternative === null) return alternative === value
  const [[operator, operand]] = Object.entries(alternative) as [[string, unknown]]
  if (operator === 'exists') return operand === true
  if (operator === 'anything-but') return !(Array.isArray(operand) ? operand : [operand]).includes(value)
  if (operator === 'numeric') return typeof value === 'number' && inRange(operand as (string | number)[], value)
  if (typeof value !== 'string') return false
  if (operator === 'equals-ignore-case') return value.toLowerCase() === String(operand).toLowerCase()
  if (typeof operand === 'string') return hasAffix(operator, operand, value)
  const folded = Object.values(operand as object)
    .join('')
    .toLowerCase()
  return hasAffix(operator, folded, value.toLowerCase())
}

function hasAffix(operator: string, affix: string, value: string): boolean {
  const at = operator === 'prefix' ? 0 : value.length - affix.length
  return at >= 0 && value.slice(at, at + affix.length) === affix
}

function inRange(terms: readonly (string | number)[], value: number): boolean {
  for (let at = 0; at < terms.length; at += 2) {
    const sign = Math.sign(value - Number(terms[at + 1]))
    const allowed = { '=': [0], '<': [-1], '<=': [-1, 0], '>': [1], '>=': [1, 0] }[String(terms[at])] ?? []
    if (!allowed.includes(sign)) return false
  }
  return true
}
