import type { Shape } from '../model/mapping-shape.ts'
import type { ConfigMap, ConfigNode, ConfigScalar } from './config-document.ts'
import { ConfigError, Mistakes, readEach } from './config-error.ts'
import { unknownKey, where, type Place } from './config-place.ts'
import { shown, valueOfNode } from './option-value.ts'

/** Plain data, as a request body would hold it. */
export type Plain = string | number | boolean | null | readonly Plain[] | { readonly [key: string]: Plain }

/**
 * Reads a parameter of a mapping by its shape, strictly: an unknown member, a wrong type or a number out of range is
 * refused in its own line. What only AWS's rules tell (lengths, patterns, combinations) comes with the validation.
 */
function plainOf(node: ConfigNode, shape: Shape, place: Place): Plain {
  switch (shape.type) {
    case 'structure':
      return structureOf(mapOf(node, place), shape.members, place)
    case 'map':
      return Object.fromEntries(
        readEach(mapOf(node, place).entries, ([key, entry]) => [
          key,
          plainOf(entry.node, shape.value, { ...place, line: entry.line, key: `${place.key}.${key}` }),
        ]),
      )
    case 'list':
      if (node.kind !== 'list') throw new ConfigError(`${where(place)} must be a list, not ${shown(node)}.`)
      return readEach(node.items, (item, index) =>
        plainOf(item, shape.of, { ...place, line: item.line, key: `${place.key}[${index}]` }),
      )
    case 'any':
      return asItStands(node)
    case 'string':
      return stringOf(node, shape, place)
    case 'integer':
      return valueOfNode(node, shape, where(place))
    case 'timestamp':
      return valueOfNode(node, { type: 'number' }, where(place))
    case 'boolean':
      return valueOfNode(node, { type: 'boolean' }, where(place))
    default:
      return shape satisfies never
  }
}

function structureOf(
  map: ConfigMap,
  members: Readonly<Record<string, Shape>>,
  place: Place,
): { readonly [key: string]: Plain } {
  const mistakes = new Mistakes()
  const read = usableMembers(map, members, { place, mistakes })
  mistakes.refuse()
  return read
}

/** The members that can be used. */
export function usableMembers(
  map: ConfigMap,
  members: Readonly<Record<string, Shape>>,
  { place, mistakes }: { readonly place: Place; readonly mistakes: Mistakes },
): { readonly [key: string]: Plain } {
  return Object.fromEntries(
    mistakes.ofEach(map.entries, ([name, { line, node }]): [string, Plain] => {
      const at = { ...place, line, key: `${place.key}.${name}` }
      const shape = Object.hasOwn(members, name) ? members[name] : undefined
      if (shape === undefined) throw unknownKey(at, name, Object.keys(members))
      return [name, plainOf(node, shape, at)]
    }),
  )
}

function stringOf(node: ConfigNode, shape: Extract<Shape, { type: 'string' }>, place: Place): string {
  // The empty string is a value here: it clears a parameter.
  if (node.kind === 'scalar' && isEmpty(node) && shape.values === undefined) return ''
  const rule =
    shape.values === undefined ? { type: 'text' as const } : { type: 'choice' as const, values: shape.values }
  return String(valueOfNode(node, rule, where(place)))
}

function isEmpty({ expanded, value }: ConfigScalar): boolean {
  return (expanded !== undefined && 'text' in expanded ? expanded.text : value) === ''
}

function mapOf(node: ConfigNode, place: Place): ConfigMap {
  if (node.kind === 'map') return node
  throw new ConfigError(`${where(place)} must be a map, not ${shown(node)}.`)
}

function asItStands(node: ConfigNode): Plain {
  switch (node.kind) {
    case 'scalar':
      return node.value
    case 'list':
      return node.items.map(asItStands)
    case 'map':
      return Object.fromEntries([...node.entries].map(([key, entry]) => [key, asItStands(entry.node)]))
    default:
      return node satisfies never
  }
}
