import { ApiError } from '../model/api-error.ts'
import { functionArnOf, sourceOf } from '../model/arn.ts'
import { mappingOptions, optionShapes } from '../model/mapping-options.ts'
import { wireName } from '../model/mapping-shape.ts'
import { validateCreate, type ValidatedCreate, type ValidationContext } from '../model/mapping-validation.ts'
import type { FileMapping } from '../model/settings.ts'
import type { ConfigEntry, ConfigMap, ConfigNode } from './config-document.ts'
import { ConfigError } from './config-error.ts'
import { where, type Place } from './config-place.ts'
import { structureOf, type Plain } from './mapping-node.ts'
import { shown } from './option-value.ts'

export interface MappingReading {
  readonly file: string
  readonly validation: ValidationContext
  /** What completes a bare function name, so that two spellings of one function are seen as one. */
  readonly region: string
  readonly account: string
}

const shapes = optionShapes('create')

/** The section `mappings`: a list of creates in the names of the Lambda API. */
export function readMappings(section: ConfigEntry | undefined, reading: MappingReading): readonly FileMapping[] {
  if (!section || (section.node.kind === 'scalar' && section.node.value === null)) return []
  const { file } = reading
  if (section.node.kind !== 'list') {
    throw new ConfigError(
      `${where({ file, line: section.line, key: 'mappings' })} must be a list, not ${shown(section.node)}.`,
    )
  }
  const firstOf = new Map<string, Place>()
  return section.node.items.map((node, index) => {
    const place = { file, line: node.line, key: `mappings[${index}]` }
    const mapping = readMapping(node, place, reading)
    const key = keyOf(mapping, reading)
    const first = firstOf.get(key)
    if (first) {
      throw new ConfigError(
        `${where(place)} maps the same source to the same function as ${first.key} in line ${first.line}.`,
      )
    }
    firstOf.set(key, place)
    return mapping
  })
}

function readMapping(node: ConfigNode, place: Place, { validation }: MappingReading): FileMapping {
  if (node.kind !== 'map') throw new ConfigError(`${where(place)} must be a map, not ${shown(node)}.`)
  const given = structureOf(node, shapes, place)
  for (const required of ['EventSourceArn', 'FunctionName']) {
    if (given[required] === undefined) throw new ConfigError(`${where(place)} has no ${required}.`)
  }
  const { parameters, source, sourceName, tags } = validate(given, node, { place, validation })
  // As the file has them, empty ones too: those take a parameter back in a mapping that exists. The validation has just
  // read them by the same shapes.
  const { Tags: _tags, ...named } = given as unknown as FileMapping['parameters'] & { readonly Tags?: unknown }
  return {
    sourceName,
    source,
    parameters: { ...named, FunctionName: parameters.FunctionName },
    tags,
    where: `${place.file}:${place.line}`,
  }
}

/** The words of the API, in the line of the key they are about. */
function validate(
  given: { readonly [key: string]: Plain },
  map: ConfigMap,
  { place, validation }: { readonly place: Place; readonly validation: ValidationContext },
): ValidatedCreate {
  try {
    return validateCreate(given, validation)
  } catch (error) {
    if (!(error instanceof ApiError)) throw error
    const named = mappingOptions.find(({ name }) => isAbout(error.message, name) && map.entries.has(name))
    const at = named
      ? { ...place, key: `${place.key}.${named.name}`, line: map.entries.get(named.name)?.line ?? place.line }
      : place
    throw new ConfigError(`${where(at)}: ${error.message}`, { cause: error })
  }
}

function isAbout(message: string, name: string): boolean {
  return [`at '${wireName(name)}'`, `at '${wireName(name)}.`, `Unsupported ${name} `, `Unsupported ${name}.`].some(
    (text) => message.includes(text),
  )
}

function keyOf({ sourceName, parameters }: FileMapping, { region, account }: MappingReading): string {
  // An account that is no account (an emulator's empty one) does not make an ARN.
  const own = sourceOf(sourceName)?.account
  const place = { region, account: own !== undefined && /^\d{12}$/.test(own) ? own : account }
  return `${sourceName} ${functionArnOf(parameters.FunctionName, place)}`
}
