import { awsOptions } from './aws-options.ts'
import { authOptions, serverOptions } from './server-options.ts'

/**
 * The one table of what a process can be told. The reader of the file, the variables and the flags, the help text and
 * the documentation are made from it. Flags win over variables, variables over the file.
 */
export interface ServiceOption {
  /** Where it stands in the file, dots between levels; null: it cannot stand there. */
  readonly key: string | null
  /** null: the arguments of a process are no place for it, everybody on the machine sees them. */
  readonly flag: string | null
  readonly env: string
  readonly type: OptionType
  /** Of a `choice`. */
  readonly values?: readonly string[]
  /** What the flag means when nothing follows it; without this a flag that is no `boolean` needs a value. */
  readonly bare?: string
  /** No entry: unset, and the documentation says what holds then. */
  readonly default?: string | number | boolean
  readonly min?: number
  readonly max?: number
  readonly unit?: 'ms' | 'seconds' | 'invocations' | 'MB'
  /** No output repeats the value. */
  readonly secret?: boolean
  /** What stands for the value in the help text. */
  readonly placeholder?: string
  readonly commands: readonly ServiceCommand[]
  readonly doc: string
}

/** `texts`: a list, between commas in flags and variables. `store`: a store's URL. `account`: twelve digits. `url`: http or https. `integer` and `number` lie in min to max. */
export type OptionType = 'text' | 'texts' | 'integer' | 'number' | 'boolean' | 'choice' | 'url' | 'store' | 'account'

export type ServiceCommand = 'start' | 'dev'

const start = ['start'] as const
const both = ['start', 'dev'] as const

export const serviceOptions = {
  config: {
    key: null,
    flag: '--config',
    env: 'MILLRACE_CONFIG',
    type: 'text',
    placeholder: 'FILE',
    commands: start,
    doc:
      'The configuration, YAML or JSON. Without it ./millrace.yaml is read where it exists, else ' +
      '/etc/millrace/millrace.yaml. The variable may hold the text itself.',
  },
  ...serverOptions,
  ...authOptions,
  passThrough: {
    key: 'passThrough',
    flag: '--pass-through',
    env: 'MILLRACE_PASS_THROUGH',
    type: 'choice',
    values: ['off', 'read', 'all'],
    commands: start,
    doc:
      'Which requests of the Lambda API that are not about mappings go on to the Lambda endpoint. read: Get and List, without variables ' +
      'and code. Unset: off where the endpoint is AWS, else all. Beside AWS it needs server.auth.',
  },
  store: {
    key: 'store',
    flag: '--store',
    env: 'MILLRACE_STORE',
    type: 'store',
    default: 'sqlite:./millrace.db',
    placeholder: 'URL',
    commands: both,
    doc: 'Where mappings and positions are kept: memory: or sqlite:PATH. A relative path starts at the working directory.',
  },
  scaling: {
    key: 'scaling',
    flag: '--scaling',
    env: 'MILLRACE_SCALING',
    type: 'choice',
    values: ['eager', 'aws', 'aws-2022'],
    commands: both,
    doc:
      'How a busy queue gets more invocations at once. aws: 300 more a minute, up to 1,250; aws-2022: 60 more a minute, ' +
      'up to 1,000; eager: doubling. Unset: aws against AWS, else eager.',
  },
  maxInvocations: {
    key: 'maxInvocations',
    flag: '--max-invocations',
    env: 'MILLRACE_MAX_INVOCATIONS',
    type: 'integer',
    default: 100,
    min: 1,
    max: 100_000,
    unit: 'invocations',
    placeholder: 'N',
    commands: both,
    doc: 'Invocations in flight at once, whole process, shared fairly between the mappings.',
  },
  memory: {
    key: 'memory',
    flag: '--memory',
    env: 'MILLRACE_MEMORY',
    type: 'integer',
    min: 16,
    max: 65_536,
    unit: 'MB',
    placeholder: 'MB',
    commands: both,
    doc:
      'How much of records, events and replies is held at once, whole process. Unset: a quarter of what the process may use (its ' +
      'container, else the machine), at most 96 MB.',
  },
  idlePollMs: {
    key: 'idlePollMs',
    flag: '--idle-poll-ms',
    env: 'MILLRACE_IDLE_POLL_MS',
    type: 'integer',
    default: 250,
    min: 10,
    max: 1_000,
    unit: 'ms',
    placeholder: 'N',
    commands: both,
    doc:
      'How long after one look at a shard that brought nothing for a minute the next one comes, at endpoints that are not AWS; 100 after ' +
      '10 s. Lower: the first record after a silence is seen sooner, at the cost of Millrace and of the backend.',
  },
  shutdownGraceMs: {
    key: 'shutdownGraceMs',
    flag: '--shutdown-grace-ms',
    env: 'MILLRACE_SHUTDOWN_GRACE_MS',
    type: 'integer',
    default: 8_000,
    min: 0,
    max: 900_000,
    unit: 'ms',
    placeholder: 'N',
    commands: both,
    doc: 'How long a stop waits for invocations that are out. The default stays below the 10 s of docker stop.',
  },
  acknowledgeEmptyItems: {
    key: 'acknowledgeEmptyItems',
    flag: '--acknowledge-empty-items',
    env: 'MILLRACE_ACKNOWLEDGE_EMPTY_ITEMS',
    type: 'boolean',
    default: false,
    commands: start,
    doc:
      'Take {"batchItemFailures":[{}]} of a queue\'s function for a success, as AWS was once seen to. Its guide calls it a failure, which ' +
      'loses nothing.',
  },
  prune: {
    key: 'prune',
    flag: '--prune',
    env: 'MILLRACE_PRUNE',
    type: 'boolean',
    default: false,
    commands: start,
    doc: 'Delete mappings that the file made and no longer names. Those made through the API are never pruned.',
  },
  adopt: {
    key: 'adopt',
    flag: '--adopt',
    env: 'MILLRACE_ADOPT',
    type: 'choice',
    values: ['off', 'on', 'undo'],
    bare: 'on',
    default: 'off',
    commands: start,
    doc: "Take over the mappings of the upstream Lambda; undo gives them back to the upstream's own pollers.",
  },
  logLevel: {
    key: 'logLevel',
    flag: '--log-level',
    env: 'MILLRACE_LOG_LEVEL',
    type: 'choice',
    values: ['debug', 'info', 'warn', 'error', 'silent'],
    default: 'info',
    commands: both,
    doc: 'The least severe lines that are logged.',
  },
  logFunctionErrors: {
    key: 'logFunctionErrors',
    flag: '--log-function-errors',
    env: 'MILLRACE_LOG_FUNCTION_ERRORS',
    type: 'boolean',
    default: true,
    commands: both,
    doc: 'Log what functions say of their failures, 1,000 characters at most. It may hold what is in the records.',
  },
  logFormat: {
    key: 'logFormat',
    flag: '--log-format',
    env: 'MILLRACE_LOG_FORMAT',
    type: 'choice',
    values: ['pretty', 'json'],
    commands: both,
    doc: 'json: one object a line. pretty: for people, with a line for each invocation. Unset: pretty on a terminal, else json.',
  },
  ...awsOptions,
} as const satisfies Readonly<Record<string, ServiceOption>>

export type ServiceOptionName = keyof typeof serviceOptions

/** What a member of an entry of `functions` may be. */
export interface FunctionOption {
  readonly type: 'urls' | 'integer' | 'number' | 'choice'
  readonly values?: readonly string[]
  readonly default?: number | string
  readonly min?: number
  readonly max?: number
}

export const functionOptions = {
  /** Where a Runtime Interface Emulator answers, whole: …/2015-03-31/functions/function/invocations. A list is a pool. */
  url: {
    type: 'urls',
  },
  /** Seconds after which an attempt has failed. Unset: 900. */
  timeout: {
    type: 'number',
    min: 0.001,
    max: 900,
  },
  /** More invocations at once than this are throttled, as on AWS; 0 throttles all. Unset: what the URLs take. */
  reservedConcurrency: {
    type: 'integer',
    min: 0,
    max: 100_000,
  },
  /** Invocations that one URL takes at once. An emulator runs one, unless AWS_LAMBDA_MAX_CONCURRENCY is set. */
  concurrencyPerUrl: {
    type: 'integer',
    default: 1,
    min: 1,
    max: 10_000,
  },
  /** What becomes of a message that went through the function 16 times: it fails as on AWS, or it goes on. */
  recursiveLoop: {
    type: 'choice',
    values: ['terminate', 'allow'],
    default: 'terminate',
  },
} as const satisfies Readonly<Record<string, FunctionOption>>

/** The sections of the file whose members are no options of the table above. */
export const fileSections: readonly string[] = ['functions', 'mappings']
