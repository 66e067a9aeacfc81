import { functionArnOf, sourceOf } from '../model/arn.ts'
import { optionShapes } from '../model/mapping-options.ts'
import { validateCreate, type ValidationContext } from '../model/mapping-validation.ts'
import { queueArnOfUrl } from '../model/queue-url.ts'
import type { FileMapping } from '../model/settings.ts'
import type { ConfigEntry, ConfigNode } from './config-document.ts'
import { ConfigError, Mistakes, readEach } from './config-error.ts'
import { where, type Place } from './config-place.ts'
import { placeOf, refuseBreaches } from './mapping-breaches.ts'
import { usableMembers, type Plain } from './mapping-node.ts'
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
  return readEach(section.node.items, (node, index) => {
    const place = { file, line: node.line, key: `mappings[${index}]` }
    const mapping = readMapping(node, place, reading)
    const key = keyOf(mapping, reading)
    const first = firstOf.get(key)
    if (first) {
      const line = file === '' ? '' : ` in line ${first.line}`
      throw new ConfigError(`${where(place)} maps the same source to the same function as ${first.key}${line}.`)
    }
    firstOf.set(key, place)
    return mapping
  })
}

function readMapping(node: ConfigNode, place: Place, reading: MappingReading): FileMapping {
  if (node.kind !== 'map') throw new ConfigError(`${where(place)} must be a map, not ${shown(node)}.`)
  const mistakes = new Mistakes()
  const given = usableMembers(node, shapes, { place, mistakes })
  mistakes.ofEach(['EventSourceArn', 'FunctionName'], (required) => {
    if (!node.entries.has(required)) throw new ConfigError(`${where(place)} has no ${required}.`)
  })
  const arn = arnOfUrl(given['EventSourceArn'], reading)
  mistakes.of(() => {
    if (arn === undefined) return
    const at = where(placeOf('EventSourceArn', node, place))
    throw new ConfigError(`${at} is the URL of a queue. A mapping takes its ARN: ${arn}`)
  })
  const { validation } = reading
  const rest = arn === undefined ? given : { ...given, EventSourceArn: arn }
  mistakes.of(() => refuseBreaches(rest, { map: node, place, validation }))
  mistakes.refuse()
  const { parameters, source, sourceName, tags } = validateCreate(given, validation)
  // As the file has them, empty ones too: those take a parameter back in a mapping that exists. The validation has just
  // read them by the same shapes.
  const { Tags: _tags, ...named } = given as unknown as FileMapping['parameters'] & { readonly Tags?: unknown }
  return {
    sourceName,
    source,
    parameters: { ...named, FunctionName: parameters.FunctionName },
    tags,
    where: place.file === '' ? place.key : `${place.file}:${place.line}`,
  }
}

function arnOfUrl(source: Plain | undefined, place: MappingReading): string | undefined {
  return typeof source === 'string' ? queueArnOfUrl(source, place) : undefined
}

function keyOf({ sourceName, parameters }: FileMapping, { region, account }: MappingReading): string {
  // An account that is no account (an emulator's empty one) does not make an ARN.
  const own = sourceOf(sourceName)?.account
  const place = { region, account: own !== undefined && /^\d{12}$/.test(own) ? own : account }
  return `${sourceName} ${functionArnOf(parameters.FunctionName, place)}`
}
