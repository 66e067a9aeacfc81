import { functionNameLengthMax, parseFunctionName } from './arn.ts'
import type { Pattern, Shape } from './mapping-shape.ts'
import type { SourceKind } from './source.ts'

/**
 * The one table of mapping parameters. Validation, the command line, the file's schema and the documentation are made
 * from it. Ranges are those of the API model (CreateEventSourceMapping); what a single source narrows is in `limits`.
 */
export interface MappingOption {
  readonly name: string
  readonly shape: Shape
  readonly unit?: 'records' | 'seconds' | 'attempts' | 'batches' | 'pollers'
  /** False: only at create. */
  readonly updatable: boolean
  /** The sources that take it. For any other it is refused as foreign. */
  readonly sources: readonly SourceKind[]
  /** What holds where it is not given. No entry: nothing, and the response leaves it out. */
  readonly defaults?: Readonly<Partial<Record<SourceKind, unknown>>>
  readonly limits?: Readonly<Partial<Record<SourceKind, string>>>
  /** The value that takes it back in an update; null or leaving it out always keeps it. */
  readonly clearedBy?: '""' | '{}' | '[]'
  readonly doc: string
}

const all = ['sqs', 'sqs-fifo', 'kinesis', 'dynamodb'] as const
const queues = ['sqs', 'sqs-fifo'] as const
const streams = ['kinesis', 'dynamodb'] as const

const forAll = <T>(value: T) => ({ sqs: value, 'sqs-fifo': value, kinesis: value, dynamodb: value })
const forStreams = <T>(value: T) => ({ kinesis: value, dynamodb: value })

// The region is wider than AWS's: emulators make ARNs with regions of their own (`ddblocal`, `dynoxide`, `elasticmq`).
const arn = /^arn:aws[a-zA-Z0-9-]*:[a-zA-Z0-9-]+:[a-zA-Z0-9-]*:(\d{12})?:.*$/
const regionPrinted = String.raw`(eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1}`
const arnPrinted = String.raw`arn:(aws[a-zA-Z0-9-]*):([a-zA-Z0-9\-])+:(${regionPrinted})?:(\d{12})?:(.*)`
const sourcePattern: Pattern = {
  matches: (text) => arn.test(text) || /^(kinesis|dynamodb):[a-zA-Z0-9_.-]{1,255}$/.test(text),
  printed: arnPrinted,
}
const functionPattern: Pattern = {
  matches: (text) => parseFunctionName(text) !== undefined,
  printed: String.raw`(arn:(aws[a-zA-Z-]*)?:lambda:)?(${regionPrinted}:)?(\d{12}:)?(function:)?([a-zA-Z0-9-_]+)(:(\$LATEST(\.PUBLISHED)?|[a-zA-Z0-9-_]+))?`,
}
const keyPattern: Pattern = {
  matches: (text) => text === '' || /^arn:aws[a-zA-Z-]*:[a-z0-9.-]+:.*$/.test(text),
  printed: String.raw`(arn:(aws[a-zA-Z-]*)?:[a-z0-9-.]+:.*)|()`,
}
const destinationPattern: Pattern = {
  matches: (text) => text === '' || arn.test(text) || /^kafka:\/\/[^.][a-zA-Z0-9\-_.]{0,248}$/.test(text),
  printed: String.raw`^$|kafka://([^.]([a-zA-Z0-9\-_.]{0,248}))|${arnPrinted}`,
}
const tagPattern: Pattern = {
  matches: (text) => /^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$/u.test(text),
  printed: String.raw`^([\p{L}\p{Z}\p{N}_.:/=+\-@]*)$`,
}

export const tagsShape = {
  type: 'map',
  key: { type: 'string', lengthMin: 1, lengthMax: 128, pattern: tagPattern },
  value: { type: 'string', lengthMin: 0, lengthMax: 256, pattern: tagPattern },
} as const satisfies Shape

const destination: Shape = {
  type: 'structure',
  members: { Destination: { type: 'string', lengthMin: 0, lengthMax: 350, pattern: destinationPattern } },
}

/** Parameters of sources that Millrace does not run: refused whenever they are given. */
const foreign = (name: string, doc: string, updatable = true): MappingOption => ({
  name,
  shape: { type: 'any' },
  updatable,
  sources: [],
  doc,
})

export const mappingOptions: readonly MappingOption[] = [
  {
    name: 'EventSourceArn',
    shape: { type: 'string', lengthMin: 0, lengthMax: 10_000, pattern: sourcePattern },
    updatable: false,
    sources: all,
    doc: 'The queue, or the stream. The config file may name a stream instead: kinesis:NAME, dynamodb:TABLE.',
  },
  {
    name: 'FunctionName',
    shape: { type: 'string', lengthMin: 1, lengthMax: functionNameLengthMax, pattern: functionPattern },
    updatable: true,
    sources: all,
    doc: 'A name, name:qualifier, a partial ARN or an ARN. Names are at most 64 characters long.',
  },
  {
    name: 'Enabled',
    shape: { type: 'boolean' },
    updatable: true,
    sources: all,
    defaults: forAll(true),
    doc: 'False: nothing is read. A stream resumes where it stood.',
  },
  {
    name: 'BatchSize',
    shape: { type: 'integer', min: 1, max: 10_000 },
    unit: 'records',
    updatable: true,
    sources: all,
    defaults: { sqs: 10, 'sqs-fifo': 10, kinesis: 100, dynamodb: 100 },
    limits: { sqs: 'above 10 only with a batching window', 'sqs-fifo': 'at most 10' },
    doc: 'The most records of one invocation.',
  },
  {
    name: 'MaximumBatchingWindowInSeconds',
    shape: { type: 'integer', min: 0, max: 300 },
    unit: 'seconds',
    updatable: true,
    sources: all,
    defaults: forAll(0),
    limits: { 'sqs-fifo': '0 only' },
    doc: 'How long a batch is gathered. 0: what one read returned goes at once.',
  },
  {
    name: 'FilterCriteria',
    shape: {
      type: 'structure',
      members: {
        Filters: {
          type: 'list',
          of: { type: 'structure', members: { Pattern: { type: 'string', lengthMin: 0, lengthMax: 4096 } } },
        },
      },
    },
    updatable: true,
    sources: all,
    clearedBy: '{}',
    doc: 'Up to 5 patterns; a record that matches none is acknowledged and never reaches the function.',
  },
  {
    name: 'KMSKeyArn',
    shape: { type: 'string', lengthMin: 0, lengthMax: 10_000, pattern: keyPattern },
    updatable: true,
    sources: all,
    clearedBy: '""',
    doc: 'Stored and echoed. There is no KMS here: patterns are kept as they are.',
  },
  {
    name: 'MetricsConfig',
    shape: {
      type: 'structure',
      members: {
        Metrics: {
          type: 'list',
          of: { type: 'string', values: ['EventCount', 'ErrorCount', 'KafkaMetrics'] },
          lengthMax: 3,
        },
      },
    },
    updatable: true,
    sources: all,
    clearedBy: '{}',
    doc: 'Only EventCount. It decides the echo alone: every counter is always on.',
  },
  {
    name: 'ScalingConfig',
    shape: { type: 'structure', members: { MaximumConcurrency: { type: 'integer', min: 2, max: 1000 } } },
    unit: 'batches',
    updatable: true,
    sources: queues,
    clearedBy: '{}',
    doc: 'The most invocations of the mapping at once. Not with ProvisionedPollerConfig.',
  },
  {
    name: 'ProvisionedPollerConfig',
    shape: {
      type: 'structure',
      members: {
        MinimumPollers: { type: 'integer', min: 1, max: 200 },
        MaximumPollers: { type: 'integer', min: 1, max: 10_000 },
        PollerGroupName: { type: 'string', lengthMin: 0, lengthMax: 128 },
      },
    },
    unit: 'pollers',
    updatable: true,
    sources: queues,
    limits: { sqs: 'at least 2; no PollerGroupName', 'sqs-fifo': 'at least 2; no PollerGroupName' },
    clearedBy: '{}',
    doc: 'Ten invocations at once are ready for each of MinimumPollers (default 2); ten for each of MaximumPollers (default 200) are the most.',
  },
  {
    name: 'ParallelizationFactor',
    shape: { type: 'integer', min: 1, max: 10 },
    unit: 'batches',
    updatable: true,
    sources: streams,
    defaults: forStreams(1),
    doc: 'Batches of one shard at once; order holds per partition key or item. 1 with a tumbling window.',
  },
  {
    name: 'StartingPosition',
    shape: { type: 'string', values: ['LATEST', 'AT_TIMESTAMP', 'TRIM_HORIZON'] },
    updatable: false,
    sources: streams,
    limits: { dynamodb: 'not AT_TIMESTAMP' },
    doc: 'Where a stream is read from at first. Required for streams.',
  },
  {
    name: 'StartingPositionTimestamp',
    shape: { type: 'timestamp' },
    unit: 'seconds',
    updatable: false,
    sources: ['kinesis'],
    limits: { kinesis: 'with AT_TIMESTAMP only, not in the future' },
    doc: 'Epoch seconds.',
  },
  {
    name: 'DestinationConfig',
    shape: { type: 'structure', members: { OnSuccess: destination, OnFailure: destination } },
    updatable: true,
    sources: streams,
    defaults: forStreams({ OnFailure: {} }),
    clearedBy: '{}',
    doc: 'OnFailure: a standard queue, a standard topic or a bucket that gets a record of each batch given up. An empty Destination takes it back. OnSuccess is refused.',
  },
  {
    name: 'MaximumRecordAgeInSeconds',
    shape: { type: 'integer', min: -1, max: 604_800 },
    unit: 'seconds',
    updatable: true,
    sources: streams,
    defaults: forStreams(-1),
    limits: forStreams('-1 (without limit), or at least 60'),
    doc: 'Older records are given up.',
  },
  {
    name: 'MaximumRetryAttempts',
    shape: { type: 'integer', min: -1, max: 10_000 },
    unit: 'attempts',
    updatable: true,
    sources: streams,
    defaults: forStreams(-1),
    doc: 'How often a failed batch is tried again; -1: without limit.',
  },
  {
    name: 'BisectBatchOnFunctionError',
    shape: { type: 'boolean' },
    updatable: true,
    sources: streams,
    defaults: forStreams(false),
    doc: 'A failed batch is split in two.',
  },
  {
    name: 'TumblingWindowInSeconds',
    shape: { type: 'integer', min: 0, max: 900 },
    unit: 'seconds',
    updatable: true,
    sources: streams,
    defaults: forStreams(0),
    doc: 'Length of the windows that the function aggregates over; 0: none. Not with filters.',
  },
  {
    name: 'FunctionResponseTypes',
    shape: { type: 'list', of: { type: 'string', values: ['ReportBatchItemFailures'] }, lengthMax: 1 },
    updatable: true,
    sources: all,
    defaults: forAll([]),
    clearedBy: '[]',
    doc: 'ReportBatchItemFailures: the answer of the function names the records that failed.',
  },
  {
    name: 'Tags',
    shape: tagsShape,
    updatable: false,
    sources: all,
    doc: 'At most 50, none with a key that begins with aws:; afterwards by TagResource and UntagResource.',
  },
  foreign('LoggingConfig', 'Kafka in provisioned mode only.'),
  foreign('Topics', 'Kafka only.', false),
  foreign('Queues', 'Amazon MQ only.', false),
  foreign('SourceAccessConfigurations', 'Kafka and Amazon MQ only.'),
  foreign('SelfManagedEventSource', 'Kafka only.', false),
  foreign('AmazonManagedKafkaEventSourceConfig', 'Kafka only.'),
  foreign('SelfManagedKafkaEventSourceConfig', 'Kafka only.'),
  // A member of the one above. Whoever writes it beside it would otherwise not hear that it does nothing.
  foreign('ConsumptionMode', 'Kafka only.', false),
  foreign('DocumentDBEventSourceConfig', 'DocumentDB only.'),
]

/** The members of a create, or of an update, as the reader of shapes takes them. */
export function optionShapes(operation: 'create' | 'update'): Readonly<Record<string, Shape>> {
  const given = mappingOptions.filter((option) => operation === 'create' || option.updatable)
  return Object.fromEntries(given.map((option) => [option.name, option.shape]))
}
