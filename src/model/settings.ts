import type { AccessKey } from './access-key.ts'
import type { MappingParameters } from './mapping.ts'
import type { SourceKind } from './source.ts'

/** The whole of what a process was told, after flags, environment and file were laid over each other. */
export interface ServiceSettings {
  readonly aws: AwsSettings
  readonly server: ServerSettings
  /** What of the Lambda API that is not ours goes on to the endpoint behind; undefined: `off` where that is AWS, else `all`. */
  readonly passThrough: PassThroughPolicy | undefined
  /** `memory:` or `sqlite:PATH`. */
  readonly store: string
  /** undefined: `aws` against AWS, else `eager`. */
  readonly scaling: ScalingPolicy | undefined
  /** Invocations in flight at once, whole process. */
  readonly maxInvocations: number
  readonly shutdownGraceMs: number
  /** An empty entry of a queue's partial response is no failure (behaviour §11.8). */
  readonly acknowledgeEmptyItems?: boolean
  readonly prune: boolean
  readonly adopt: 'off' | 'on' | 'undo'
  readonly logLevel: 'debug' | 'info' | 'warn' | 'error' | 'silent'
  /** False: the log leaves out what functions say of their failures. */
  readonly logFunctionErrors: boolean
  /** undefined: `pretty` on a terminal, else `json`. */
  readonly logFormat: 'pretty' | 'json' | undefined
  readonly functions: readonly FunctionSettings[]
  /** There is no Lambda endpoint, whatever the endpoints say: what serves the queues may serve them alone. */
  readonly functionsOnly?: boolean
  readonly mappings: readonly FileMapping[]
}

export interface ServerSettings {
  readonly host: string
  readonly port: number
  /** Host names that clients may call this process by, beside those that it knows itself. */
  readonly allowedHosts: readonly string[]
  readonly auth: AuthSettings
}

/** Who may use the API. */
export type AuthSettings =
  | { readonly kind: 'none' }
  | { readonly kind: 'token'; readonly token: string }
  /** A token, where there is one, is taken as well: not every client can sign. */
  | { readonly kind: 'sigv4'; readonly keys: readonly AccessKey[]; readonly token: string | undefined }

export type PassThroughPolicy = 'off' | 'read' | 'all'

export type ScalingPolicy = 'eager' | 'aws' | 'aws-2022'

export type AwsService = 'sqs' | 'kinesis' | 'dynamodbstreams' | 'dynamodb' | 'lambda' | 'sns' | 's3'

/** The service that a kind of source is read from. */
export const sourceService: Readonly<Record<SourceKind, AwsService>> = {
  sqs: 'sqs',
  'sqs-fifo': 'sqs',
  kinesis: 'kinesis',
  dynamodb: 'dynamodbstreams',
}

export interface AwsSettings {
  /** undefined: the SDK's own rules decide (AWS_REGION, profile). */
  readonly region: string | undefined
  /** Account of ARNs that Millrace itself builds, where no source's ARN gives one. */
  readonly account: string
  /** undefined: the SDK's own rules decide (AWS_ENDPOINT_URL, AWS_ENDPOINT_URL_SQS, profile). */
  readonly endpoint: string | undefined
  readonly endpoints: Readonly<Partial<Record<AwsService, string>>>
  /** PEM file that signs the endpoints' certificates; undefined: AWS_CA_BUNDLE or the system's. */
  readonly caFile: string | undefined
  /** Accept any certificate. */
  readonly insecure: boolean
  /** By service, in place of the two above: a PEM file, or `insecure`. */
  readonly trust?: Readonly<Partial<Record<AwsService, string>>>
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
