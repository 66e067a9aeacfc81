/**
 * A second reading of the filter language, slow and plain, to hold the real one against. It lists every value of the event
 * with its path and the elements of lists that it sits in, walks the pattern's paths by name, and tries every choice.
 */
interface EventField {
  readonly path: string
  readonly value: unknown
  /** List number → index of the element. The scalars of a list belong to none of its elements. */
  readonly elements: ReadonlyMap<number, number>
}

interface Requirement {
  readonly path: string
  readonly alternatives: readonly unknown[]
}

type Way = ReadonlyMap<string, readonly unknown[]>

export function referenceMatches(pattern: object, event: object): boolean {
  const fields = fieldsOf(event, '', new Map(), { next: 0 })
  return waysOf(pattern, '', [new Map()]).some((way) => {
    const requirements = [...way].map(([path, alternatives]) => ({ path, alternatives }))
    requirements.sort((one, other) => (one.path < other.path ? -1 : 1))
    return satisfiable(requirements, fields, new Map())
  })
}

function fieldsOf(
  value: unknown,
  path: string,
  elements: ReadonlyMap<number, number>,
  lists: { next: number },
): readonly EventField[] {
  if (Array.isArray(value)) {
    const list = lists.next++
    return value.flatMap((element: unknown, index) => {
      const isInside = typeof element === 'object' && element !== null
      return fieldsOf(element, path, isInside ? new Map([...elements, [list, index]]) : elements, lists)
    })
  }
  if (typeof value === 'object' && value !== null) {
    return Object.entries(value).flatMap(([key, child]) =>
      fieldsOf(child, path === '' ? key : `${path}.${key}`, elements, lists),
    )
  }
  return [{ path, value, elements }]
}

/** A path that is named twice holds as it was named last. */
function waysOf(pattern: object, path: string, before: readonly Way[]): readonly Way[] {
  let ways = before
  for (const [key, value] of Object.entries(pattern) as [string, unknown][]) {
    const at = path === '' ? key : `${path}.${key}`
    const base = ways
    if (key === '$or' && Array.isArray(value)) ways = value.flatMap((one: object) => waysOf(one, path, base))
    else if (Array.isArray(value)) ways = base.map((way) => new Map([...way, [at, value]]))
    else ways = waysOf(value as object, at, base)
  }
  return ways
}

function satisfiable(
  requirements: readonly Requirement[],
  fields: readonly EventField[],
  chosen: ReadonlyMap<number, number>,
): boolean {
  const [first, ...rest] = requirements
  if (first === undefined) return true
  const inSight = fields.filter((field) => field.path === first.path && agree(field.elements, chosen))
  if (inSight.length === 0 && first.alternatives.some((one) => JSON.stringify(one) === '{"exists":false}')) {
    return satisfiable(rest, fields, chosen)
  }
  return inSight
    .filter((field) => first.alternatives.some((alternative) => passes(alternative, field.value)))
    .some((field) => satisfiable(rest, fields, new Map([...chosen, ...field.elements])))
}

function agree(one: ReadonlyMap<number, number>, other: ReadonlyMap<number, number>): boolean {
  return [...one].every(([list, index]) => (other.get(list) ?? index) === index)
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
