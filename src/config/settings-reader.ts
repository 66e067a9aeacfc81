import { authOptions } from '../model/server-options.ts'
import { type ServiceCommand, type ServiceOptionName, serviceOptions } from '../model/service-options.ts'
import type { OptionSettings, ServiceSettings } from '../model/settings.ts'
import type { SourceKind } from '../model/source.ts'
import { readAuth } from './auth-settings.ts'
import { readDocument } from './config-document.ts'
import { Mistakes } from './config-error.ts'
import { findConfig } from './config-file.ts'
import { readFileOptions, type FileContents } from './file-options.ts'
import { readFunctions } from './file-functions.ts'
import { readMappings, type MappingReading } from './file-mappings.ts'
import { optionEntries, readFlags, type GivenText } from './flags.ts'
import { valueOfText, type OptionValue, type OptionValues } from './option-value.ts'
import { readVariables, unknownVariables, type Environment } from './variables.ts'

export interface SettingsInput {
  /** What follows the command's name. */
  readonly argv: readonly string[]
  readonly env: Environment
  /** Relative paths start here. */
  readonly cwd: string
  /** Whose options are taken; `start` when not given. */
  readonly command?: ServiceCommand
  /** What holds, for this caller, where nothing is given. */
  readonly defaults?: Partial<OptionValues>
  /** Hears of variables that mean nothing. */
  readonly warn?: (message: string) => void
  /** Whether a filter pattern is understood; without it patterns are taken as they are. */
  readonly checkPattern?: (source: SourceKind, pattern: string) => boolean
  /** Where a file is looked for when none is named. */
  readonly configPaths?: readonly string[]
  /** The configuration itself, JSON without variables: nothing else is looked for, and refusals name its keys alone. */
  readonly object?: string
}

/**
 * Flags win over `MILLRACE_*` variables, variables over the file. Everything that is given is checked, also what another
 * layer overrides. Throws `ConfigError` with the places of all that cannot be used.
 */
export function readSettings(input: SettingsInput): ServiceSettings {
  const flags = readFlags(input.argv, input.command ?? 'start')
  const variables = readVariables(input.env)
  for (const message of unknownVariables(input.env)) input.warn?.(message)
  const mistakes = new Mistakes()
  const ofFlags = textValues(flags, mistakes)
  const ofVariables = textValues(variables, mistakes)
  const file = mistakes.of(() => readFile(input, { flags, variables, mistakes }))
  const values = resolve([input.defaults ?? {}, file?.options, ofVariables, ofFlags])
  const name = file?.name ?? ''
  const functions = mistakes.of(() => readFunctions(file?.functions, name)) ?? []
  const mappings = mistakes.of(() => readMappings(file?.mappings, readingOf(input, values, name))) ?? []
  const auth = mistakes.of(() => readAuth(values, input.cwd)) ?? { kind: 'none' }
  mistakes.refuse(name)
  const settings = settingsOf(values)
  return { ...settings, server: { ...settings.server, auth }, functions, mappings }
}

interface Given {
  readonly flags: ReadonlyMap<ServiceOptionName, GivenText>
  readonly variables: ReadonlyMap<ServiceOptionName, GivenText>
  readonly mistakes: Mistakes
}

function readFile(
  input: SettingsInput,
  { flags, variables, mistakes }: Given,
): (FileContents & { readonly name: string }) | undefined {
  if (input.object !== undefined) return { ...readFileOptions(readDocument(input.object, ''), '', mistakes), name: '' }
  const found = configOf(input, flags, variables)
  if (found === undefined) return undefined
  const { name, text } = found
  return { ...readFileOptions(readDocument(text, name, input.env), name, mistakes), name }
}

function readingOf({ checkPattern, env }: SettingsInput, values: OptionValues, file: string): MappingReading {
  return {
    file,
    validation: { nowMs: Date.now(), checkPattern: checkPattern ?? (() => true), streamNames: true },
    region: values.region ?? env['AWS_REGION'] ?? 'us-east-1',
    account: values.account,
  }
}

/** A command that has no `--config` (the try-out) brings its own mappings and reads no file. */
function configOf(
  { command = 'start', cwd, configPaths }: SettingsInput,
  flags: ReadonlyMap<ServiceOptionName, GivenText>,
  variables: ReadonlyMap<ServiceOptionName, GivenText>,
) {
  const commands: readonly ServiceCommand[] = serviceOptions.config.commands
  if (!commands.includes(command)) return undefined
  return findConfig({ flag: flags.get('config'), variable: variables.get('config') }, cwd, configPaths)
}

type Layer = ReadonlyMap<ServiceOptionName, OptionValue>

function textValues(given: ReadonlyMap<ServiceOptionName, GivenText>, mistakes: Mistakes): Layer {
  return new Map(
    mistakes.ofEach(given, ([name, { text, where }]) => [name, valueOfText(text, serviceOptions[name], where)]),
  )
}

/** The later layer wins. */
function resolve([defaults, ...layers]: [Partial<OptionValues>, ...(Layer | undefined)[]]): OptionValues {
  const values = optionEntries.map(([name, option]) => {
    const given = layers.findLast((layer) => layer?.has(name))?.get(name)
    return [name, given ?? defaults[name] ?? option.default]
  })
  // Every name of the table is there, each with the type that its rule let through.
  return Object.fromEntries(values) as unknown as OptionValues
}

/** Every value under its key. */
function settingsOf(values: OptionValues): OptionSettings {
  const settings: Section = {}
  for (const [name, { key }] of optionEntries) {
    if (key === null || Object.hasOwn(authOptions, name)) continue
    const path = key.split('.')
    const last = path.pop() ?? key
    const section = path.reduce(sectionIn, settings)
    if (values[name] !== undefined) section[last] = values[name]
  }
  // The type is made from the same table by the same rule: a section for every dot, an option under its last word.
  return settings as unknown as OptionSettings
}

interface Section {
  [name: string]: Section | OptionValue
}

function sectionIn(parent: Section, name: string): Section {
  const known = parent[name]
  if (typeof known === 'object' && !Array.isArray(known)) return known as Section
  const section: Section = {}
  parent[name] = section
  return section
}
