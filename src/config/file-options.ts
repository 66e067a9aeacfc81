import { fileSections, type ServiceOption, type ServiceOptionName } from '../model/service-options.ts'
import type { ConfigEntry, ConfigMap, ConfigNode } from './config-document.ts'
import type { Mistakes } from './config-error.ts'
import { sectionOf, unknownKey, where } from './config-place.ts'
import { optionEntries } from './flags.ts'
import { valueOfNode, type OptionValue } from './option-value.ts'

export interface FileContents {
  readonly options: ReadonlyMap<ServiceOptionName, OptionValue>
  readonly functions: ConfigEntry | undefined
  readonly mappings: ConfigEntry | undefined
}

const byKey: ReadonlyMap<string, { readonly name: ServiceOptionName; readonly option: ServiceOption }> = new Map(
  optionEntries.flatMap(([name, option]) => (option.key === null ? [] : [[option.key, { name, option }] as const])),
)

/** Reads every option that the file names and finds its sections. Keys that the table does not have are mistakes. */
export function readFileOptions(root: ConfigNode, file: string, mistakes: Mistakes): FileContents {
  const options = new Map<ServiceOptionName, OptionValue>()
  const top = sectionOf(root, { file, line: root.line, key: '' })
  readLevel(top, '', { file, options, mistakes })
  return { options, functions: top.entries.get('functions'), mappings: top.entries.get('mappings') }
}

interface Reading {
  readonly file: string
  readonly options: Map<ServiceOptionName, OptionValue>
  readonly mistakes: Mistakes
}

function readLevel(level: ConfigMap, prefix: string, into: Reading): void {
  const names = namesBelow(prefix)
  into.mistakes.ofEach(level.entries, ([name, { line, node }]) => {
    const key = prefix + name
    const place = { file: into.file, line, key }
    const known = byKey.get(key)
    if (known) into.options.set(known.name, valueOfNode(node, known.option, where(place)))
    else if (!names.includes(name)) throw unknownKey(place, name, names, fullKey(prefix, name))
    else if (!fileSections.includes(key)) readLevel(sectionOf(node, place), `${key}.`, into)
  })
}

function namesBelow(prefix: string): readonly string[] {
  const below = [...byKey.keys()].filter((key) => key.startsWith(prefix))
  const names = below.map((key) => key.slice(prefix.length).split('.', 1)[0] ?? key)
  return [...new Set([...names, ...(prefix === '' ? fileSections : [])])]
}

/** `port` at the top is meant as `server.port`. */
function fullKey(prefix: string, name: string): string | undefined {
  return prefix === '' ? [...byKey.keys()].find((key) => key.endsWith(`.${name}`)) : undefined
}
