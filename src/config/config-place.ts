import type { ConfigMap, ConfigNode } from './config-document.ts'
import { ConfigError } from './config-error.ts'
import { shown } from './option-value.ts'
import { nearest } from './suggestion.ts'

/** A place in the file, for the texts of refusals: `millrace.yaml:7: server.port`. */
export interface Place {
  /** Empty: an object in memory, which has no lines. */
  readonly file: string
  readonly line: number
  /** The whole path of the key; empty for the file itself. */
  readonly key: string
}

export function where({ key, ...at }: Place): string {
  return lineOf(at) + (key === '' ? 'the configuration' : key)
}

/** What a refusal begins with. */
export function lineOf({ file, line }: Pick<Place, 'file' | 'line'>): string {
  return file === '' ? '' : `${file}:${line}: `
}

/** A section: a map, or nothing at all (every line of it commented out). */
export function sectionOf(node: ConfigNode, place: Place): ConfigMap {
  if (node.kind === 'map') return node
  if (node.kind === 'scalar' && node.value === null) return { kind: 'map', line: node.line, entries: new Map() }
  throw new ConfigError(`${where(place)} must be a map of keys, not ${shown(node)}.`)
}

/** Refuses a key that nobody knows, with the one that was probably meant. `meant`: the whole path, where it is clear. */
export function unknownKey(place: Place, name: string, known: readonly string[], meant?: string): ConfigError {
  const parent = place.key.slice(0, place.key.length - name.length)
  const near = nearest(name, known)
  const key = meant ?? (near === undefined ? undefined : parent + near)
  const hint = key === undefined ? ` Known here: ${known.join(', ')}.` : ` Did you mean ${key}?`
  return new ConfigError(`${lineOf(place)}unknown key ${place.key}.${hint}`)
}
