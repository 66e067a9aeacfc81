import { ApiError } from '../model/api-error.ts'
import { mappingOptions } from '../model/mapping-options.ts'
import { wireName } from '../model/mapping-shape.ts'
import { validateCreate, type ValidationContext } from '../model/mapping-validation.ts'
import type { ConfigMap } from './config-document.ts'
import { ConfigError } from './config-error.ts'
import { where, type Place } from './config-place.ts'
import type { Plain } from './mapping-node.ts'

type Members = Readonly<Record<string, Plain>>

export interface MappingPlace {
  readonly map: ConfigMap
  readonly place: Place
  readonly validation: ValidationContext
}

/**
 * Refuses what AWS's rules have against the members of a mapping, in the words of the API, each in the line of its key. The API
 * names one breach at a time: the members that it is about are put aside, and what is left is looked at again.
 */
export function refuseBreaches(given: Members, { map, place, validation }: MappingPlace): void {
  const said: string[] = []
  const isWhole = Object.keys(given).length === map.entries.size && map.entries.has('EventSourceArn')
  let rest = given
  for (let message = breachOf(rest, validation); message !== undefined; message = breachOf(rest, validation)) {
    const names = Object.keys(rest).filter((name) => isAbout(message ?? '', name))
    // Where members are missing or put aside, that may be all it is about.
    if (names.length === 0 && isWhole && rest === given) said.push(`${where(place)}: ${message}`)
    if (names.length === 0) break
    for (const name of names) {
      const says = names.length === 1 ? message : breachOfOne(name, { names, rest, validation })
      said.push(`${where(placeOf(name, map, place))}: ${says ?? message}`)
    }
    rest = without(rest, names)
  }
  if (said.length > 0) throw new ConfigError(said)
}

/** AWS tells several in one message; each has a line of its own in the file. */
function breachOfOne(
  name: string,
  {
    names,
    rest,
    validation,
  }: { readonly names: readonly string[]; readonly rest: Members; readonly validation: ValidationContext },
): string | undefined {
  const others = names.filter((other) => other !== name)
  const message = breachOf(without(rest, others), validation)
  return message !== undefined && isAbout(message, name) ? message : undefined
}

/** Where a member of a mapping stands. */
export function placeOf(name: string, map: ConfigMap, place: Place): Place {
  return { ...place, key: `${place.key}.${name}`, line: map.entries.get(name)?.line ?? place.line }
}

function breachOf(members: Members, validation: ValidationContext): string | undefined {
  try {
    validateCreate({ FunctionName: 'any', ...members }, validation)
    return undefined
  } catch (error) {
    if (error instanceof ApiError) return error.message
    throw error
  }
}

function without(members: Members, names: readonly string[]): Members {
  return Object.fromEntries(Object.entries(members).filter(([name]) => !names.includes(name)))
}

function isAbout(message: string, name: string): boolean {
  const texts = [`at '${wireName(name)}'`, `at '${wireName(name)}.`, `Unsupported ${name} `, `Unsupported ${name}.`]
  return texts.some((text) => message.includes(text)) || (subjectOf(name)?.test(message) ?? false)
}

function subjectOf(name: string): RegExp | undefined {
  return mappingOptions.find((option) => option.name === name)?.subject
}
