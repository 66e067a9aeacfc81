import { describe, expect, it } from 'vitest'
import { ApiError } from '../../../src/model/api-error.ts'
import { mappingOptions } from '../../../src/model/mapping-options.ts'
import { validateCreate, validateUpdate, type ValidationContext } from '../../../src/model/mapping-validation.ts'
import type { SourceKind } from '../../../src/model/source.ts'

const nowMs = Date.UTC(2026, 10, 21)
const context: ValidationContext = { nowMs, checkPattern: (_, pattern) => pattern.startsWith('{') }

const arns: Record<SourceKind, string> = {
  sqs: 'arn:aws:sqs:us-east-1:000000000000:orders',
  'sqs-fifo': 'arn:aws:sqs:us-east-1:000000000000:orders.fifo',
  kinesis: 'arn:aws:kinesis:us-east-1:000000000000:stream/clicks',
  dynamodb: 'arn:aws:dynamodb:us-east-1:000000000000:table/users/stream/2026-01-01T00:00:00.000',
}
const kinds = Object.keys(arns) as SourceKind[]
const isStreamKind = (kind: SourceKind) => kind === 'kinesis' || kind === 'dynamodb'

function base(kind: SourceKind): Record<string, unknown> {
  const start = isStreamKind(kind) ? { StartingPosition: 'TRIM_HORIZON' } : {}
  return { EventSourceArn: arns[kind], FunctionName: 'orders', ...start }
}

const create = (kind: SourceKind, given: Record<string, unknown> = {}) =>
  validateCreate({ ...base(kind), ...given }, context)

function update(kind: SourceKind, first: Record<string, unknown>, body: unknown) {
  return validateUpdate(body, { source: kind, parameters: create(kind, first).parameters }, context)
}

function refusal(action: () => unknown): string {
  try {
    action()
  } catch (error) {
    if (error instanceof ApiError) return `${error.type}: ${error.message}`
    throw error
  }
  return 'accepted'
}

const wrong = (message: string) => `InvalidParameterValueException: ${message}`
const broken = (value: string, path: string, constraint: string) =>
  `ValidationException: 1 validation error detected: Value ${value} at '${path}' failed to satisfy constraint: ${constraint}`

describe('defaults of a create', () => {
  const queue = { Enabled: true, BatchSize: 10, MaximumBatchingWindowInSeconds: 0, FunctionResponseTypes: [] }
  const stream = {
    Enabled: true,
    BatchSize: 100,
    MaximumBatchingWindowInSeconds: 0,
    FunctionResponseTypes: [],
    ParallelizationFactor: 1,
    StartingPosition: 'TRIM_HORIZON',
    DestinationConfig: { OnFailure: {} },
    MaximumRecordAgeInSeconds: -1,
    MaximumRetryAttempts: -1,
    BisectBatchOnFunctionError: false,
    TumblingWindowInSeconds: 0,
  }

  // proves: param.defaults
  it.each(kinds)('fills in exactly the members of %s', (kind) => {
    expect(create(kind)).toStrictEqual({
      source: kind,
      sourceName: arns[kind],
      tags: {},
      parameters: { EventSourceArn: arns[kind], FunctionName: 'orders', ...(isStreamKind(kind) ? stream : queue) },
    })
  })

  // proves: api.unknown-members
  it('counts null as absent and ignores members that do not exist', () => {
    expect(create('sqs', { BatchSize: null, Colour: 'red', batchSize: 3 })).toStrictEqual(create('sqs'))
  })
})

/** A value of each parameter that is fine by itself, and the sources that take it (behaviour §1.2). */
const cells: readonly [name: string, value: unknown, sources: readonly SourceKind[], also?: Record<string, unknown>][] =
  [
    ['Enabled', false, kinds],
    ['BatchSize', 7, kinds],
    ['MaximumBatchingWindowInSeconds', 5, ['sqs', 'kinesis', 'dynamodb']],
    ['FilterCriteria', { Filters: [{ Pattern: '{}' }] }, kinds],
    ['KMSKeyArn', 'arn:aws:kms:us-east-1:000000000000:key/x', kinds],
    ['MetricsConfig', { Metrics: ['EventCount'] }, kinds],
    ['ScalingConfig', { MaximumConcurrency: 2 }, ['sqs', 'sqs-fifo']],
    ['ProvisionedPollerConfig', { MinimumPollers: 2, MaximumPollers: 3 }, ['sqs', 'sqs-fifo']],
    ['extendVisibility', true, ['sqs', 'sqs-fifo']],
    ['ParallelizationFactor', 10, ['kinesis', 'dynamodb']],
    ['StartingPosition', 'LATEST', ['kinesis', 'dynamodb']],
    ['StartingPositionTimestamp', 1_700_000_000.5, ['kinesis'], { StartingPosition: 'AT_TIMESTAMP' }],
    ['DestinationConfig', { OnFailure: { Destination: arns.sqs } }, ['kinesis', 'dynamodb']],
    ['MaximumRecordAgeInSeconds', 60, ['kinesis', 'dynamodb']],
    ['MaximumRetryAttempts', 0, ['kinesis', 'dynamodb']],
    ['BisectBatchOnFunctionError', true, ['kinesis', 'dynamodb']],
    ['TumblingWindowInSeconds', 900, ['kinesis', 'dynamodb']],
    ['FunctionResponseTypes', ['ReportBatchItemFailures'], kinds],
    ['LoggingConfig', { SystemLogLevel: 'INFO' }, []],
    ['Topics', ['t'], []],
    ['Queues', ['q'], []],
    ['SourceAccessConfigurations', [], []],
    ['SelfManagedEventSource', {}, []],
    ['AmazonManagedKafkaEventSourceConfig', {}, []],
    ['SelfManagedKafkaEventSourceConfig', { ConsumptionMode: 'Queue' }, []],
    ['ConsumptionMode', 'Queue', []],
    ['DocumentDBEventSourceConfig', {}, []],
  ]

describe('parameters by source', () => {
  it('has a row here for every parameter of the table', () => {
    const always = ['EventSourceArn', 'FunctionName', 'Tags']
    expect(mappingOptions.map((option) => option.name).toSorted()).toEqual(
      [...cells.map(([name]) => name), ...always].toSorted(),
    )
  })

  const rows = cells.flatMap(([name, value, sources, also]) =>
    kinds.map((kind) => ({ name, kind, value, taken: sources.includes(kind), also: also ?? {} })),
  )
  // proves: param.sources
  it.each(rows.filter((row) => row.taken))('$kind takes $name', ({ kind, name, value, also }) => {
    expect(create(kind, { ...also, [name]: value }).parameters).toMatchObject({ [name]: value })
  })

  const fifoWindow = (row: { kind: SourceKind; name: string }) =>
    row.kind === 'sqs-fifo' && row.name === 'MaximumBatchingWindowInSeconds'
  // proves: param.sources, param.other-sources, param.logging-config
  it.each(rows.filter((row) => !row.taken && !fifoWindow(row)))('$kind refuses $name', ({ kind, name, value }) => {
    const text = wrong(`Unsupported ${name} parameter for given event source mapping type.`)
    expect(refusal(() => create(kind, { [name]: value }))).toBe(text)
    const updatable = mappingOptions.find((option) => option.name === name)?.updatable
    expect(refusal(() => update(kind, {}, { [name]: value }))).toBe(updatable ? text : 'accepted')
  })
})

// proves: param.ranges
describe('ranges of the shape', () => {
  it.each([
    ['BatchSize', 1, 10_000],
    ['MaximumBatchingWindowInSeconds', 0, 300],
    ['ParallelizationFactor', 1, 10],
    ['MaximumRecordAgeInSeconds', -1, 604_800],
    ['MaximumRetryAttempts', -1, 10_000],
    ['TumblingWindowInSeconds', 0, 900],
  ])('%s runs from %i to %i', (name, min, max) => {
    const path = name.charAt(0).toLowerCase() + name.slice(1)
    expect(refusal(() => create('kinesis', { [name]: min }))).toBe('accepted')
    expect(refusal(() => create('kinesis', { [name]: max }))).toBe('accepted')
    expect(refusal(() => create('kinesis', { [name]: min - 1 }))).toBe(
      broken(`'${min - 1}'`, path, `Member must have value greater than or equal to ${min}`),
    )
    expect(refusal(() => update('kinesis', {}, { [name]: max + 1 }))).toBe(
      broken(`'${max + 1}'`, path, `Member must have value less than or equal to ${max}`),
    )
  })

  it.each([
    [
      { ScalingConfig: { MaximumConcurrency: 1 } },
      "'1'",
      'scalingConfig.maximumConcurrency',
      'greater than or equal to 2',
    ],
    [
      { ScalingConfig: { MaximumConcurrency: 1001 } },
      "'1001'",
      'scalingConfig.maximumConcurrency',
      'less than or equal to 1000',
    ],
    [
      { ProvisionedPollerConfig: { MinimumPollers: 201 } },
      "'201'",
      'provisionedPollerConfig.minimumPollers',
      'less than or equal to 200',
    ],
    [
      { ProvisionedPollerConfig: { MaximumPollers: 10_001 } },
      "'10001'",
      'provisionedPollerConfig.maximumPollers',
      'less than or equal to 10000',
    ],
  ])('%j is out of range', (given, value, path, rest) => {
    expect(refusal(() => create('sqs', given))).toBe(broken(value, path, `Member must have value ${rest}`))
  })

  // proves: api.errors.shape
  it('prints an enum, a list and a pattern that is too long as AWS does', () => {
    expect(refusal(() => create('kinesis', { StartingPosition: 'invalid' }))).toBe(
      broken(
        "'invalid'",
        'startingPosition',
        'Member must satisfy enum value set: [LATEST, AT_TIMESTAMP, TRIM_HORIZON]',
      ),
    )
    expect(refusal(() => create('sqs', { FunctionResponseTypes: ['invalid'] }))).toBe(
      broken(
        "'[invalid]'",
        'functionResponseTypes',
        'Member must satisfy constraint: [Member must satisfy enum value set: [ReportBatchItemFailures], Member must not be null]',
      ),
    )
    const pattern = `{"a":["${'x'.repeat(4090)}"]}`
    expect(refusal(() => create('sqs', { FilterCriteria: { Filters: [{ Pattern: pattern }] } }))).toContain(
      "' at 'filterCriteria.filters.1.member.pattern' failed to satisfy constraint: Member must have length less than or equal to 4096",
    )
  })

  it('takes a key of any length that the API takes', () => {
    const key = (length: number) => `arn:aws:kms:us-east-1:000000000000:key/${'x'.repeat(length - 39)}`
    expect(refusal(() => create('sqs', { KMSKeyArn: key(10_000) }))).toBe('accepted')
    expect(refusal(() => create('sqs', { KMSKeyArn: key(10_001) }))).toContain(
      "' at 'kMSKeyArn' failed to satisfy constraint: Member must have length less than or equal to 10000",
    )
  })

  it('wants a function name', () => {
    expect(refusal(() => create('sqs', { FunctionName: undefined }))).toBe(
      broken('null', 'functionName', 'Member must not be null'),
    )
  })

  it.each(['', 'a b', 'arn:aws:lambda:us-east-1:1:function:f', 'f:', 'x'.repeat(65), 'x'.repeat(257), 'a/b', 'f:1:2'])(
    'refuses the function name %j in create and update',
    (name) => {
      expect(refusal(() => create('sqs', { FunctionName: name }))).toContain("at 'functionName' failed to satisfy")
      expect(refusal(() => update('sqs', {}, { FunctionName: name }))).toContain("at 'functionName' failed to satisfy")
    },
  )

  it.each([
    'f',
    'f:1',
    'f:$LATEST',
    'f:$LATEST.PUBLISHED',
    'x'.repeat(64),
    '000000000000:function:f',
    'arn:aws:lambda:us-east-1:000000000000:function:f:live',
  ])('takes the function name %s', (name) => {
    expect(create('sqs', { FunctionName: name }).parameters.FunctionName).toBe(name)
  })

  it('refuses keys and values of tags outside their lengths, and more than 50', () => {
    expect(refusal(() => create('sqs', { Tags: { '': 'x' } }))).toContain(
      "Value '{=x}' at 'tags' failed to satisfy constraint: Map keys must satisfy constraint: [Member must have length less than or equal to 128, Member must have length greater than or equal to 1,",
    )
    expect(refusal(() => create('sqs', { Tags: { k: 'v'.repeat(257) } }))).toContain(
      'Map value must satisfy constraint',
    )
    const many = Object.fromEntries(Array.from({ length: 51 }, (_, index) => [`k${index}`, 'v']))
    expect(refusal(() => create('sqs', { Tags: many }))).toBe(wrong('Number of tags exceeds resource tag limit.'))
    expect(create('sqs', { Tags: { team: 'a', empty: '' } }).tags).toEqual({ team: 'a', empty: '' })
  })
})

// proves: error.no-source
describe('the source', () => {
  it('is needed', () => {
    expect(refusal(() => create('sqs', { EventSourceArn: undefined }))).toBe(wrong('Unrecognized event source.'))
  })

  it.each([
    'arn:aws:kafka:us-east-1:000000000000:cluster/c/u',
    'arn:aws:dynamodb:us-east-1:000000000000:table/users',
    'arn:aws:sqs:us-east-1:000000000000:bad name',
  ])('is not %s', (arn) => {
    expect(refusal(() => create('sqs', { EventSourceArn: arn }))).toContain(wrong('Unrecognized event source.'))
  })

  it.each(['', 'orders', 'arn:aws:sqs', 'kinesis:clicks', 'dynamodb:users'])('has to be an ARN, not %j', (arn) => {
    expect(refusal(() => create('sqs', { EventSourceArn: arn }))).toContain("at 'eventSourceArn' failed to satisfy")
  })

  it('may be a stream by name in the config file alone', () => {
    const body = { EventSourceArn: 'kinesis:clicks', FunctionName: 'f', StartingPosition: 'LATEST' }
    const named = validateCreate(body, { ...context, streamNames: true })
    expect([named.source, named.sourceName]).toEqual(['kinesis', 'kinesis:clicks'])
  })

  it('may carry the region of an emulator', () => {
    const arn = 'arn:aws:dynamodb:ddblocal:000000000000:table/users/stream/2026-01-01T00:00:00.000'
    expect(create('dynamodb', { EventSourceArn: arn }).sourceName).toBe(arn)
  })

  // proves: stream.efo-refused
  it('is not a consumer of an enhanced fan-out, and says why', () => {
    const arn = `${arns.kinesis}/consumer/c:1`
    expect(refusal(() => create('kinesis', { EventSourceArn: arn }))).toContain(
      wrong(`Unsupported event source: ${arn} is the consumer of an enhanced fan-out`),
    )
  })
})

describe('rules of queues', () => {
  const window = wrong(
    'Maximum batch window in seconds must be greater than 0 if maximum batch size is greater than 10',
  )
  // proves: param.batch-size.queue
  it('a batch above 10 needs a window, also in an update that takes the window away', () => {
    expect(refusal(() => create('sqs', { BatchSize: 11 }))).toBe(window)
    expect(refusal(() => create('sqs', { BatchSize: 10_000, MaximumBatchingWindowInSeconds: 1 }))).toBe('accepted')
    expect(refusal(() => update('sqs', {}, { BatchSize: 11 }))).toBe(window)
    const wide = { BatchSize: 11, MaximumBatchingWindowInSeconds: 1 }
    expect(refusal(() => update('sqs', wide, { MaximumBatchingWindowInSeconds: 0 }))).toBe(window)
  })

  // proves: param.batch-size.stream
  it('streams take a batch of any size without a window', () => {
    expect(create('dynamodb', { BatchSize: 101 }).parameters.BatchSize).toBe(101)
    expect(create('kinesis', { BatchSize: 10_000 }).parameters.BatchSize).toBe(10_000)
  })

  // proves: param.fifo-limits
  it('FIFO knows neither a window nor batches above 10, the window said first', () => {
    const given = { BatchSize: 11, MaximumBatchingWindowInSeconds: 1 }
    expect(refusal(() => create('sqs-fifo', given))).toBe(wrong('Batching window is not supported for FIFO queues'))
    expect(refusal(() => create('sqs-fifo', { BatchSize: 11 }))).toBe(
      wrong('Maximum batch size must be between 1 and 10 inclusive'),
    )
    expect(refusal(() => create('sqs-fifo', { MaximumBatchingWindowInSeconds: 0 }))).toBe('accepted')
  })

  const pollerRange = wrong(
    'MinimumPollers should be between [2, 200] and MaximumPollers should be between [MinimumPollers, 10000]',
  )
  it.each([
    [{ MinimumPollers: 1 }, pollerRange],
    [{ MaximumPollers: 1 }, pollerRange],
    [{ MinimumPollers: 5, MaximumPollers: 4 }, pollerRange],
    [
      { PollerGroupName: 'g', MinimumPollers: 2 },
      wrong('Unsupported ProvisionedPollerConfig.PollerGroupName parameter for given event source mapping type.'),
    ],
    [{}, wrong('Either MinimumPollers or MaximumPollers are required if ProvisionedPollerConfig is provided.')],
  ])('refuses the pollers %j', (config, text) => {
    expect(refusal(() => create('sqs', { ProvisionedPollerConfig: config }))).toBe(text)
  })

  // proves: param.pollers.validation
  it('fills in the pollers that are not named', () => {
    const filled = (config: object) =>
      create('sqs', { ProvisionedPollerConfig: config }).parameters.ProvisionedPollerConfig
    expect(filled({ MinimumPollers: 200 })).toEqual({ MinimumPollers: 200, MaximumPollers: 200 })
    expect(filled({ MaximumPollers: 10_000 })).toEqual({ MinimumPollers: 2, MaximumPollers: 10_000 })
  })

  // proves: param.pollers.validation
  it('provisioned mode excludes MaximumConcurrency, also one that is there already', () => {
    const text = wrong(
      'Provisioned mode for SQS ESM does not support maximum concurrency feature. Use MaximumPollers as the control mechanism and remove maximum concurrency.',
    )
    const pollers = { ProvisionedPollerConfig: { MinimumPollers: 2 } }
    const scaling = { ScalingConfig: { MaximumConcurrency: 5 } }
    expect(refusal(() => create('sqs', { ...pollers, ...scaling }))).toBe(text)
    expect(refusal(() => update('sqs', scaling, pollers))).toBe(text)
    expect(refusal(() => update('sqs', scaling, { ...pollers, ScalingConfig: {} }))).toBe('accepted')
  })
})

// proves: error.destination-kind
describe('rules of streams', () => {
  const nothing = (path: string) =>
    wrong(`1 validation error detected: Value null at '${path}' failed to satisfy constraint: Member must not be null.`)

  // proves: error.starting-position
  it('a starting position is needed', () => {
    expect(refusal(() => create('kinesis', { StartingPosition: undefined }))).toBe(nothing('startingPosition'))
    expect(refusal(() => create('dynamodb', { StartingPosition: null }))).toBe(nothing('startingPosition'))
  })

  // proves: error.starting-position
  it('AT_TIMESTAMP is for Kinesis, with a time that is not in the future', () => {
    const at = (given: object) => ({ StartingPosition: 'AT_TIMESTAMP', ...given })
    const unsupported = wrong(`Unsupported starting position for arn type: ${arns.dynamodb}`)
    expect(refusal(() => create('dynamodb', at({})))).toBe(unsupported)
    // Who asks for it brings the time along.
    expect(refusal(() => create('dynamodb', at({ StartingPositionTimestamp: 1_700_000_000 })))).toBe(unsupported)
    expect(refusal(() => create('kinesis', at({})))).toBe(wrong('Need to specify a timestamp'))
    expect(refusal(() => create('kinesis', at({ StartingPositionTimestamp: nowMs / 1000 })))).toBe('accepted')
    expect(refusal(() => create('kinesis', at({ StartingPositionTimestamp: nowMs / 1000 + 1 })))).toContain(
      'in the past',
    )
    expect(refusal(() => create('kinesis', { StartingPositionTimestamp: 1 }))).toContain('AT_TIMESTAMP only')
  })

  // proves: error.record-age
  it.each([0, 1, 59])('refuses a record age of %i s', (age) => {
    const text = wrong('MaximumRecordAgeInSeconds must be either -1 (forever) or between 60 and 604800 (inclusive)')
    expect(refusal(() => create('kinesis', { MaximumRecordAgeInSeconds: age }))).toBe(text)
    expect(refusal(() => update('kinesis', {}, { MaximumRecordAgeInSeconds: age }))).toBe(text)
  })

  // proves: error.tumbling
  it('a tumbling window goes with one batch at a time and without filters', () => {
    const tumbling = { TumblingWindowInSeconds: 1 }
    const parallel = wrong('Parallelization factor must be equal to 1 when tumbling window period is configured')
    expect(refusal(() => create('kinesis', { ...tumbling, ParallelizationFactor: 2 }))).toBe(parallel)
    expect(refusal(() => update('kinesis', tumbling, { ParallelizationFactor: 2 }))).toBe(parallel)
    const filters = { FilterCriteria: { Filters: [{ Pattern: '{}' }] } }
    expect(refusal(() => create('kinesis', { ...tumbling, ...filters }))).toContain('Filter criteria must be empty')
    expect(refusal(() => create('kinesis', { ...tumbling, FilterCriteria: { Filters: [] } }))).toBe('accepted')
  })

  it.each([
    ['arn:aws:sqs:us-east-1:000000000000:dlq.fifo', 'FIFO queues and FIFO topics are not supported.'],
    ['arn:aws:sns:us-east-1:000000000000:topic.fifo', 'FIFO queues and FIFO topics are not supported.'],
    ['arn:aws:lambda:us-east-1:000000000000:function:f', 'Use the ARN of an SQS queue, an SNS topic or an S3 bucket.'],
    ['kafka://topic', 'Use the ARN of an SQS queue, an SNS topic or an S3 bucket.'],
  ])('refuses %s as failure destination', (target, hint) => {
    const config = { DestinationConfig: { OnFailure: { Destination: target } } }
    expect(refusal(() => create('kinesis', config))).toBe(
      wrong(`Unsupported OnFailure destination: ${target}. ${hint}`),
    )
  })

  it.each([
    'arn:aws:sqs:us-east-1:000000000000:dlq',
    'arn:aws:sns:us-east-1:000000000000:topic',
    'arn:aws:s3:::bucket.fifo',
  ])('takes %s as failure destination', (target) => {
    const config = { OnFailure: { Destination: target } }
    expect(create('kinesis', { DestinationConfig: config }).parameters.DestinationConfig).toEqual(config)
  })

  // proves: error.destination-kind
  it('refuses OnSuccess, and text that is no destination', () => {
    const onSuccess = { DestinationConfig: { OnSuccess: { Destination: arns.sqs } } }
    expect(refusal(() => create('kinesis', onSuccess))).toContain('Unsupported DestinationConfig.OnSuccess')
    expect(refusal(() => create('kinesis', { DestinationConfig: { OnSuccess: {} } }))).toBe('accepted')
    expect(refusal(() => create('kinesis', { DestinationConfig: { OnFailure: { Destination: 'x' } } }))).toContain(
      "Value 'x' at 'destinationConfig.onFailure.destination' failed to satisfy constraint: Member must satisfy regular expression pattern:",
    )
  })
})

describe('filters and metrics', () => {
  const bad = wrong('Invalid filter pattern definition.')
  // proves: error.filter
  it('refuses a pattern that the filters do not understand, or none', () => {
    expect(refusal(() => create('sqs', { FilterCriteria: { Filters: [{ Pattern: 'null' }] } }))).toBe(bad)
    expect(refusal(() => create('sqs', { FilterCriteria: { Filters: [{}] } }))).toBe(bad)
    expect(refusal(() => update('kinesis', {}, { FilterCriteria: { Filters: [{ Pattern: 'x' }] } }))).toBe(bad)
  })

  // proves: filter.five
  it('takes five and keeps the strings as they are', () => {
    const filters = Array.from({ length: 5 }, () => ({ Pattern: '{ "a" : [1] }' }))
    expect(create('sqs', { FilterCriteria: { Filters: filters } }).parameters.FilterCriteria).toEqual({
      Filters: filters,
    })
    const six = { FilterCriteria: { Filters: [...filters, ...filters.slice(0, 1)] } }
    expect(refusal(() => create('sqs', six))).toContain('at most 5')
  })

  // proves: filter.none
  it.each([{}, { Filters: [] }, { Filters: null }])('accepts %j and leaves it out', (criteria) => {
    expect(create('sqs', { FilterCriteria: criteria }).parameters).toStrictEqual(create('sqs').parameters)
  })

  // proves: param.metrics-config
  it.each(['ErrorCount', 'KafkaMetrics'])('refuses the metrics of Kafka: %s', (metric) => {
    expect(refusal(() => create('sqs', { MetricsConfig: { Metrics: ['EventCount', metric] } }))).toContain(metric)
  })
})

describe('the order of refusals', () => {
  // proves: error.order
  it('goes from the shape over the source and foreign parameters to the rules', () => {
    const body = { ...base('sqs'), BatchSize: 11, DestinationConfig: {}, ScalingConfig: { MaximumConcurrency: 1 } }
    expect(refusal(() => validateCreate(body, context))).toContain('scalingConfig.maximumConcurrency')
    const shaped = { ...body, ScalingConfig: {} }
    expect(refusal(() => validateCreate({ ...shaped, EventSourceArn: null }, context))).toContain('Unrecognized')
    expect(refusal(() => validateCreate(shaped, context))).toContain('Unsupported DestinationConfig parameter')
    expect(refusal(() => validateCreate({ ...shaped, DestinationConfig: null }, context))).toContain('batch window')
  })
})

describe('updates', () => {
  const filled = {
    BatchSize: 20,
    MaximumBatchingWindowInSeconds: 3,
    FilterCriteria: { Filters: [{ Pattern: '{}' }] },
    KMSKeyArn: 'arn:aws:kms:us-east-1:000000000000:key/x',
    MetricsConfig: { Metrics: ['EventCount'] },
    ScalingConfig: { MaximumConcurrency: 7 },
    FunctionResponseTypes: ['ReportBatchItemFailures'],
  }

  // proves: param.update-keeps
  it('keeps what is absent or null', () => {
    const before = create('sqs', filled).parameters
    expect(update('sqs', filled, {}).parameters).toStrictEqual(before)
    const nulls = Object.fromEntries(Object.keys(filled).map((name) => [name, null]))
    expect(update('sqs', filled, nulls)).toStrictEqual({ parameters: before, namesFunction: false })
  })

  it.each([
    [{ FilterCriteria: {} }, ['FilterCriteria', 'KMSKeyArn']],
    [{ FilterCriteria: { Filters: [] } }, ['FilterCriteria', 'KMSKeyArn']],
    [{ KMSKeyArn: '' }, ['KMSKeyArn']],
    [{ MetricsConfig: {} }, ['MetricsConfig']],
    [{ MetricsConfig: { Metrics: [] } }, ['MetricsConfig']],
    [{ ScalingConfig: {} }, ['ScalingConfig']],
  ])('%j clears', (body, gone) => {
    const kept = Object.entries(create('sqs', filled).parameters).filter(([name]) => !gone.includes(name))
    expect(update('sqs', filled, body).parameters).toStrictEqual(Object.fromEntries(kept))
  })

  // proves: param.update-clears, param.kms
  it('criteria that go leave the key that comes', () => {
    const key = { KMSKeyArn: 'arn:aws:kms:us-east-1:000000000000:key/y' }
    expect(update('sqs', filled, { FilterCriteria: {}, ...key }).parameters).toMatchObject(key)
  })

  // proves: param.update-clears
  it('clears response types, pollers and destinations', () => {
    expect(update('sqs', filled, { FunctionResponseTypes: [] }).parameters.FunctionResponseTypes).toEqual([])
    const pollers = { ProvisionedPollerConfig: { MinimumPollers: 2 } }
    expect(update('sqs', pollers, { ProvisionedPollerConfig: {} }).parameters).toStrictEqual(create('sqs').parameters)
    const target = { DestinationConfig: { OnFailure: { Destination: arns.sqs } } }
    for (const config of [{}, { OnFailure: {} }, { OnFailure: { Destination: '' } }]) {
      expect(update('kinesis', target, { DestinationConfig: config }).parameters.DestinationConfig).toEqual({
        OnFailure: {},
      })
    }
    expect(update('kinesis', target, { BatchSize: 1 }).parameters.DestinationConfig).toEqual(target.DestinationConfig)
  })

  // proves: param.not-updatable
  it('ignores what only a create may say', () => {
    const body = {
      EventSourceArn: arns.sqs,
      StartingPosition: 'LATEST',
      Tags: { a: 'b' },
      StartingPositionTimestamp: 'x',
    }
    expect(update('kinesis', {}, body).parameters).toStrictEqual(create('kinesis').parameters)
  })

  it('says whether the function was named', () => {
    const { parameters, namesFunction } = update('sqs', {}, { FunctionName: 'other:1' })
    expect([parameters.FunctionName, namesFunction]).toEqual(['other:1', true])
  })

  it.each([[[]], ['x'], [3], [null]])('refuses the body %j', (body) => {
    expect(refusal(() => update('sqs', {}, body))).toContain('SerializationException')
  })
})
