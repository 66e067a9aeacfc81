import { parseFunctionName } from '../model/arn.ts'
import { functionOptions, type FunctionOption } from '../model/service-options.ts'
import type { FunctionSettings } from '../model/settings.ts'
import type { ConfigEntry, ConfigMap, ConfigNode } from './config-document.ts'
import { ConfigError, Mistakes, readEach } from './config-error.ts'
import { sectionOf, unknownKey, where, type Place } from './config-place.ts'
import { shown, valueOfNode, type ValueRule } from './option-value.ts'

type MemberName = keyof typeof functionOptions
type NumberName = Exclude<MemberName, 'url' | 'recursiveLoop'>
const memberNames = Object.keys(functionOptions)
const urlRule: ValueRule = { type: 'url' }

/** The section `functions`: a map of names. */
export function readFunctions(section: ConfigEntry | undefined, file: string): readonly FunctionSettings[] {
  if (!section) return []
  const map = sectionOf(section.node, { file, line: section.line, key: 'functions' })
  return readEach(map.entries, ([name, entry]) => {
    const place = { file, line: entry.line, key: `functions.${name}` }
    checkName(name, place)
    if (entry.node.kind !== 'map') {
      throw new ConfigError(`${where(place)} must be a map with a url, not ${shown(entry.node)}.`)
    }
    return readFunction(name, entry.node, place)
  })
}

/** A function is looked up as `name:qualifier`, then as `name`; other forms would never be found. */
function checkName(name: string, place: Place): void {
  const parsed = parseFunctionName(name)
  const given = parsed && (parsed.qualifier === undefined ? parsed.name : `${parsed.name}:${parsed.qualifier}`)
  if (given !== name) {
    throw new ConfigError(`${where(place)}: '${name}' is not a function name. Use NAME or NAME:QUALIFIER.`)
  }
}

function readFunction(name: string, map: ConfigMap, place: Place): FunctionSettings {
  const mistakes = new Mistakes()
  mistakes.ofEach(map.entries, ([key, { line }]) => {
    if (!memberNames.includes(key)) throw unknownKey({ ...place, line, key: `${place.key}.${key}` }, key, memberNames)
  })
  const number = (member: NumberName) => mistakes.of(() => readNumber(member, map, place))
  const urls = mistakes.of(() => readUrls(map.entries.get('url'), place)) ?? []
  const timeout = number('timeout')
  const read = {
    name,
    urls,
    timeoutMs: timeout === undefined ? undefined : Math.round(timeout * 1_000),
    reservedConcurrency: number('reservedConcurrency'),
    concurrencyPerUrl: number('concurrencyPerUrl') ?? functionOptions.concurrencyPerUrl.default,
    ...(mistakes.of(() => readRecursiveLoop(map, place)) === 'allow' && { allowsLoops: true }),
  }
  mistakes.refuse()
  return read
}

function readNumber(member: NumberName, map: ConfigMap, place: Place): number | undefined {
  const entry = map.entries.get(member)
  if (!entry) return undefined
  const { type, min, max }: FunctionOption & { type: 'integer' | 'number' } = functionOptions[member]
  const rule: ValueRule = { type, ...(min !== undefined && { min }), ...(max !== undefined && { max }) }
  return Number(valueOfNode(entry.node, rule, where({ ...place, line: entry.line, key: `${place.key}.${member}` })))
}

function readRecursiveLoop(map: ConfigMap, place: Place): string {
  const { default: unset, type, values } = functionOptions.recursiveLoop
  const entry = map.entries.get('recursiveLoop')
  if (!entry) return unset
  const at = where({ ...place, line: entry.line, key: `${place.key}.recursiveLoop` })
  return String(valueOfNode(entry.node, { type, values }, at))
}

function readUrls(entry: ConfigEntry | undefined, place: Place): readonly string[] {
  if (!entry) throw new ConfigError(`${where(place)} has no url.`)
  const at = { ...place, line: entry.line, key: `${place.key}.url` }
  if (entry.node.kind !== 'list') return [readUrl(entry.node, at)]
  if (entry.node.items.length === 0) throw new ConfigError(`${where(at)} is an empty list. Give at least one URL.`)
  const urls = readEach(entry.node.items, (item, index) =>
    readUrl(item, { ...at, line: item.line, key: `${at.key}[${index}]` }),
  )
  const twice = urls.findIndex((url, index) => urls.indexOf(url) !== index)
  if (twice >= 0) {
    const line = entry.node.items[twice]?.line ?? at.line
    throw new ConfigError(
      `${where({ ...at, line, key: `${at.key}[${twice}]` })} is in the list twice. concurrencyPerUrl lets one URL run more at once.`,
    )
  }
  return urls
}

function readUrl(node: ConfigNode, place: Place): string {
  return String(valueOfNode(node, urlRule, where(place)))
}
