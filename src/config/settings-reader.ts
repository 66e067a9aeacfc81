import { type ServiceCommand, type ServiceOptionName, serviceOptions } from '../model/service-options.ts'
import type { AwsService, ServiceSettings } from '../model/settings.ts'
import type { SourceKind } from '../model/source.ts'
import { readDocument } from './config-document.ts'
import { findConfig } from './config-file.ts'
import { readFileOptions } from './file-options.ts'
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
}

/**
 * Flags win over `MILLRACE_*` variables, variables over the file. Everything that is given is checked, also what another
 * layer overrides. Throws `ConfigError` with the place of the first thing that cannot be used.
 */
export function readSettings(input: SettingsInput): ServiceSettings {
  const flags = readFlags(input.argv, input.command ?? 'start')
  const variables = readVariables(input.env)
  for (const message of unknownVariables(input.env)) input.warn?.(message)
  const text = configOf(input, flags, variables)
  const name = text?.name ?? ''
  const file = text && readFileOptions(readDocument(text.text, name), name)
  const values = resolve([input.defaults ?? {}, file?.options, textValues(variables), textValues(flags)])
  return {
    ...settingsOf(values),
    functions: readFunctions(file?.functions, name),
    mappings: readMappings(file?.mappings, readingOf(input, values, name)),
  }
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

function textValues(given: ReadonlyMap<ServiceOptionName, GivenText>): Layer {
  return new Map([...given].map(([name, { text, where }]) => [name, valueOfText(text, serviceOptions[name], where)]))
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

function given(byService: Readonly<Record<AwsService, string | undefined>>): Partial<Record<AwsService, string>> {
  return Object.fromEntries(Object.entries(byService).filter(([, value]) => value !== undefined))
}

function settingsOf(values: OptionValues): Omit<ServiceSettings, 'functions' | 'mappings'> {
  const { acknowledgeEmptyItems, scaling, store, maxInvocations, shutdownGraceMs, prune, adopt, logLevel } = values
  const endpoints: Readonly<Record<AwsService, string | undefined>> = {
    sqs: values.endpointSqs,
    kinesis: values.endpointKinesis,
    dynamodbstreams: values.endpointDynamodbstreams,
    dynamodb: values.endpointDynamodb,
    lambda: values.endpointLambda,
    sns: values.endpointSns,
    s3: values.endpointS3,
  }
  const trust: Readonly<Record<AwsService, string | undefined>> = {
    sqs: values.trustSqs,
    kinesis: values.trustKinesis,
    dynamodbstreams: values.trustDynamodbstreams,
    dynamodb: values.trustDynamodb,
    lambda: values.trustLambda,
    sns: values.trustSns,
    s3: values.trustS3,
  }
  return {
    aws: {
      region: values.region,
      account: values.account,
      endpoint: values.endpoint,
      endpoints: given(endpoints),
      caFile: values.caFile,
      insecure: values.insecure,
      trust: given(trust),
    },
    server: { host: values.host, port: values.port },
    store: store === 'memory' ? 'memory:' : store,
    scaling,
    maxInvocations,
    shutdownGraceMs,
    acknowledgeEmptyItems,
    prune,
    adopt,
    logLevel,
  }
}
