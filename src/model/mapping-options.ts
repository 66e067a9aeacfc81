import { functionNameLengthMax } from './arn.ts'
import { destinationShape, functionPattern, keyPattern, sourcePattern, tagsShape } from './mapping-patterns.ts'
import type { Shape } from './mapping-shape.ts'
import type { SourceKind } from './source.ts'

/**
 * The one table of mapping parameters. Validation, the types, the reader of the file and the command line are made
 * from it. Ranges are those of the API model (CreateEventSourceMapping); what a single source narrows is in mapping-rules.ts.
 */
export interface MappingOption {
  readonly name: string
  readonly shape: Shape
  /** A mapping cannot be without it, whatever the source. */
  readonly required?: true
  /** False: only at create. */
  readonly updatable: boolean
  /** The sources that take it. For any other it is refused as foreign. */
  readonly sources: readonly SourceKind[]
  /** What holds where it is not given. No entry: nothing, and the response leaves it out. */
  readonly defaults?: Readonly<Partial<Record<SourceKind, unknown>>>
  /** The value that takes it back in an update; null or leaving it out always keeps it. */
  readonly clearedBy?: '""' | '{}' | '[]'
  /** How AWS's rules call it where they do not name it: such a refusal is shown at its line of the file. */
  readonly subject?: RegExp
  readonly doc: string
}

const all = ['sqs', 'sqs-fifo', 'kinesis', 'dynamodb'] as const
const queues = ['sqs', 'sqs-fifo'] as const
const streams = ['kinesis', 'dynamodb'] as const

const forAll = <T>(value: T) => ({ sqs: value, 'sqs-fifo': value, kinesis: value, dynamodb: value })
const forStreams = <T>(value: T) => ({ kinesis: value, dynamodb: value })

const ownOptions = [
  {
    name: 'EventSourceArn',
    shape: { type: 'string', lengthMin: 0, lengthMax: 10_000, pattern: sourcePattern },
    required: true,
    updatable: false,
    sources: all,
    subject: /^(Unrecognized event source|Unsupported event source)/,
    doc: 'The queue, or the stream. The config file may name a stream instead: kinesis:NAME, dynamodb:TABLE.',
  },
  {
    name: 'FunctionName',
    shape: { type: 'string', lengthMin: 1, lengthMax: functionNameLengthMax, pattern: functionPattern },
    required: true,
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
    updatable: true,
    sources: all,
    defaults: { sqs: 10, 'sqs-fifo': 10, kinesis: 100, dynamodb: 100 },
    subject: /^Maximum batch size /,
    doc: 'The most records of one invocation.',
  },
  {
    name: 'MaximumBatchingWindowInSeconds',
    shape: { type: 'integer', min: 0, max: 300 },
    updatable: true,
    sources: all,
    defaults: forAll(0),
    subject: /^(Batching window|Maximum batch window) /,
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
    subject: /^(Invalid filter pattern|FilterCriteria|Filter criteria) /,
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
    subject: /^Unsupported metric /,
    doc: 'Only EventCount. It decides the echo alone: every counter is always on.',
  },
  {
    name: 'ScalingConfig',
    shape: { type: 'structure', members: { MaximumConcurrency: { type: 'integer', min: 2, max: 1000 } } },
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
        MinimumPollers: { type: 'integer', min: 1, max: 200, default: 2 },
        MaximumPollers: { type: 'integer', min: 1, max: 10_000, default: 200 },
        PollerGroupName: { type: 'string', lengthMin: 0, lengthMax: 128, foreign: true },
      },
    },
    updatable: true,
    sources: queues,
    clearedBy: '{}',
    subject: /^(MinimumPollers|Either MinimumPollers|Provisioned mode) /,
    doc: 'Ten invocations at once are ready for each of MinimumPollers (default 2); ten for each of MaximumPollers (default 200) are the most.',
  },
  {
    // Ours: AWS has no such parameter. A response shows it where it was given.
    name: 'extendVisibility',
    shape: { type: 'boolean' },
    updatable: true,
    sources: queues,
    doc: 'True: while the function runs, the visibility of its messages is extended, for 12 hours at most. Not in the Lambda API; false by default.',
  },
  {
    name: 'ParallelizationFactor',
    shape: { type: 'integer', min: 1, max: 10 },
    updatable: true,
    sources: streams,
    defaults: forStreams(1),
    subject: /^Parallelization factor /,
    doc: 'Batches of one shard at once; order holds per partition key or item. 1 with a tumbling window.',
  },
  {
    name: 'StartingPosition',
    shape: { type: 'string', values: ['LATEST', 'AT_TIMESTAMP', 'TRIM_HORIZON'] },
    updatable: false,
    sources: streams,
    subject: /^Unsupported starting position /,
    doc: 'Where a stream is read from at first. Required for streams.',
  },
  {
    name: 'StartingPositionTimestamp',
    shape: { type: 'timestamp' },
    updatable: false,
    sources: ['kinesis'],
    subject: /^StartingPositionTimestamp /,
    doc: 'Epoch seconds.',
  },
  {
    name: 'DestinationConfig',
    shape: {
      type: 'structure',
      members: { OnSuccess: { ...destinationShape, foreign: true }, OnFailure: destinationShape },
    },
    updatable: true,
    sources: streams,
    defaults: forStreams({ OnFailure: {} }),
    clearedBy: '{}',
    subject: /^Unsupported OnFailure destination/,
    doc: 'OnFailure: a standard queue, a standard topic or a bucket that gets a record of each batch given up. An empty Destination takes it back. OnSuccess is refused.',
  },
  {
    name: 'MaximumRecordAgeInSeconds',
    shape: { type: 'integer', min: -1, max: 604_800 },
    updatable: true,
    sources: streams,
    defaults: forStreams(-1),
    subject: /^MaximumRecordAgeInSeconds /,
    doc: 'Older records are given up.',
  },
  {
    name: 'MaximumRetryAttempts',
    shape: { type: 'integer', min: -1, max: 10_000 },
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
    subject: /^(Tag keys|Number of tags) /,
    doc: 'At most 50, none with a key that begins with aws:; afterwards by TagResource and UntagResource.',
  },
] as const satisfies readonly MappingOption[]

/** Parameters of sources that Millrace does not run: refused whenever they are given. */
const foreign: readonly (readonly [name: string, doc: string, updatable?: boolean])[] = [
  ['LoggingConfig', 'Kafka in provisioned mode only.'],
  ['Topics', 'Kafka only.', false],
  ['Queues', 'Amazon MQ only.', false],
  ['SourceAccessConfigurations', 'Kafka and Amazon MQ only.'],
  ['SelfManagedEventSource', 'Kafka only.', false],
  ['AmazonManagedKafkaEventSourceConfig', 'Kafka only.'],
  ['SelfManagedKafkaEventSourceConfig', 'Kafka only.'],
  // A member of the one above. Whoever writes it beside it would otherwise not hear that it does nothing.
  ['ConsumptionMode', 'Kafka only.', false],
  ['DocumentDBEventSourceConfig', 'DocumentDB only.'],
]
const foreignOptions = foreign.map(([name, doc, updatable = true]): MappingOption => ({
  name,
  shape: { type: 'any' },
  updatable,
  sources: [],
  doc,
}))

export const mappingOptions: readonly MappingOption[] = [...ownOptions, ...foreignOptions]

/** The members of a create, or of an update, as the reader of shapes takes them. */
export function optionShapes(operation: 'create' | 'update'): Readonly<Record<string, Shape>> {
  const given = mappingOptions.filter((option) => operation === 'create' || option.updatable)
  return Object.fromEntries(given.map((option) => [option.name, option.shape]))
}

/** A row of a parameter that is for one of our sources. */
export type OwnOption = (typeof ownOptions)[number]
