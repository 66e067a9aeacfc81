import type { AccessKey } from './access-key.ts'
import type { MappingParameters } from './mapping.ts'
import type { SettingsOf } from './option-types.ts'
import type { authOptions } from './server-options.ts'
import type { serviceOptions } from './service-options.ts'
import type { SourceKind } from './source.ts'

/** What a row of the table of options says, under the row's key in the file. */
export type OptionSettings = SettingsOf<Omit<typeof serviceOptions, keyof typeof authOptions>>

/** The whole of what a process was told, after flags, environment and file were laid over each other. */
export type ServiceSettings = OptionSettings & {
  readonly server: { readonly auth: AuthSettings }
  readonly functions: readonly FunctionSettings[]
  /** There is no Lambda endpoint, whatever the endpoints say: what serves the queues may serve them alone. */
  readonly functionsOnly?: boolean
  readonly mappings: readonly FileMapping[]
}

export type ServerSettings = ServiceSettings['server']

export type AwsSettings = ServiceSettings['aws']

export type AwsService = keyof AwsSettings['endpoints']

export type PassThroughPolicy = NonNullable<ServiceSettings['passThrough']>

export type ScalingPolicy = NonNullable<ServiceSettings['scaling']>

/** Who may use the API. */
export type AuthSettings =
  | { readonly kind: 'none' }
  | { readonly kind: 'token'; readonly token: string }
  /** A token, where there is one, is taken as well: not every client can sign. */
  | { readonly kind: 'sigv4'; readonly keys: readonly AccessKey[]; readonly token: string | undefined }

/** The service that a kind of source is read from. */
export const sourceService: Readonly<Record<SourceKind, AwsService>> = {
  sqs: 'sqs',
  'sqs-fifo': 'sqs',
  kinesis: 'kinesis',
  dynamodb: 'dynamodbstreams',
}

/** A function that Millrace itself hosts: one or more Runtime Interface Emulator URLs. */
export interface FunctionSettings {
  /** As in the file: `name` or `name:qualifier`. */
  readonly name: string
  readonly urls: readonly string[]
  /** undefined: the default of Lambda, 3 s, is NOT assumed; functionTimeoutMsMax bounds the attempt. */
  readonly timeoutMs: number | undefined
  /** undefined: one per URL times `concurrencyPerUrl`. */
  readonly reservedConcurrency: number | undefined
  /** A RIE container runs one at a time. */
  readonly concurrencyPerUrl: number
  /** A chain of events may come back to it without end. */
  readonly allowsLoops?: boolean
}

/** A mapping of the config file: only the keys that the file names (an update leaves the others as they are). */
export interface FileMapping {
  /** ARN, or `kinesis:NAME` / `dynamodb:TABLE`. */
  readonly sourceName: string
  readonly source: SourceKind
  readonly parameters: Partial<MappingParameters> & Pick<MappingParameters, 'FunctionName'>
  readonly tags: Readonly<Record<string, string>>
  /** File and line, for refusals that come after the reading (`millrace.yaml:12`). */
  readonly where?: string | undefined
}
