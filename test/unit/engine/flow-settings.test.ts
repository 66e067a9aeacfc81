import { describe, expect, it } from 'vitest'
import { flowConfigOf, matcherOf, receiveVisibilityOf, type Circumstances } from '../../../src/engine/flow-settings.ts'
import type { MappingDocument, MappingParameters } from '../../../src/model/mapping.ts'
import { validateCreate } from '../../../src/model/mapping-validation.ts'
import type { SourceKind } from '../../../src/model/source.ts'
import { rules } from './engine-rig.ts'
import { record } from './flow-rig.ts'

const arns: Readonly<Record<SourceKind, string>> = {
  sqs: 'arn:aws:sqs:us-east-1:000000000000:q',
  'sqs-fifo': 'arn:aws:sqs:us-east-1:000000000000:q.fifo',
  kinesis: 'arn:aws:kinesis:us-east-1:000000000000:stream/s',
  dynamodb: 'arn:aws:dynamodb:us-east-1:000000000000:table/t/stream/2026-01-01T00:00:00.000',
}
const createdMs = 1_700_000_000_750

function documentOf(source: SourceKind, more: Partial<MappingParameters> = {}): MappingDocument {
  const start = source === 'kinesis' || source === 'dynamodb' ? { StartingPosition: 'TRIM_HORIZON' } : {}
  const body = { EventSourceArn: arns[source], FunctionName: 'f', ...start, ...more }
  const { parameters } = validateCreate(body, rules)
  return {
    uuid: 'u',
    origin: 'api',
    source,
    sourceName: arns[source],
    functionArn: 'arn:aws:lambda:us-east-1:000000000000:function:f',
    state: 'Enabled',
    stateTransitionReason: '',
    createdMs,
    lastModifiedMs: createdMs,
    lastProcessingResult: '',
    tags: {},
    parameters,
  }
}

const around: Circumstances = {
  found: { kind: 'found', arn: '', incarnation: '', visibilityMs: 30_000, retentionMs: null, shards: [] },
  timeoutMs: 3_000,
  capacity: null,
  unreachable: false,
  scaling: 'eager',
  maxInvocations: 100,
  isAws: false,
  tipMsMax: 20,
  idlePollMs: 250,
  clockOffsetMs: 0,
  origin: 'first',
}
const configOf = (source: SourceKind, more: Partial<MappingParameters> = {}, at: Partial<Circumstances> = {}) =>
  flowConfigOf(documentOf(source, more), { ...around, ...at })

// proves: param.max-concurrency, param.pollers.cap
describe('how a queue is run', () => {
  it.each([
    [{}, {}, 100],
    [{}, { maxInvocations: 5_000 }, 1_250],
    [{}, { maxInvocations: 5_000, scaling: 'aws-2022' as const }, 1_000],
    [{ ScalingConfig: { MaximumConcurrency: 7 } }, {}, 7],
    [{ ProvisionedPollerConfig: { MinimumPollers: 2, MaximumPollers: 4 } }, {}, 40],
    [{}, { capacity: 2 }, 2],
  ])('at most so many batches at once: %o %o', (more, at, flightsMax) => {
    expect(configOf('sqs', more, at).scaling.flightsMax).toBe(flightsMax)
  })

  // proves: param.pollers.scaling
  it('has ten invocations ready for each poller that is provisioned', () => {
    expect(configOf('sqs').scaling.provisioned).toBeUndefined()
    const pollers = { ProvisionedPollerConfig: { MinimumPollers: 3, MaximumPollers: 4 } }
    expect(configOf('sqs', pollers).scaling.provisioned).toEqual({ flightsMin: 30 })
  })

  it('holds no more than can be invoked at once and one batch being gathered', () => {
    const config = configOf('sqs', { BatchSize: 8, ScalingConfig: { MaximumConcurrency: 3 } })
    expect(config.heldRecordsMax).toBe(32)
  })

  it('lets the slots of a shard run thousands of records past one that is blocked', () => {
    const small = flowConfigOf(documentOf('kinesis', { BatchSize: 1, ParallelizationFactor: 10 }), around)
    expect(small.heldRecordsMax).toBeGreaterThanOrEqual(10_000)
    const large = flowConfigOf(documentOf('kinesis', { BatchSize: 10_000, ParallelizationFactor: 10 }), around)
    expect(large.heldRecordsMax).toBe(200_000)
  })

  // proves: sqs.visibility-cover
  it.each([
    [0, 3_000, 30_000, 30_000],
    [15, 10_000, 30_000, 30_000],
    // The batch that starts at the end of its window still has a whole run before its receipts end.
    [26, 3_000, 30_000, 34_000],
    [20, 10_000, 30_000, 35_000],
    // AWS's own 30 s, where window and timeout alone are too long.
    [20, 11_000, 30_000, 61_000],
    [300, null, 30_000, 331_000],
    // A visibility that equals the timeout is legal.
    [0, 3_000, 3_000, 4_000],
    [0, 30_000, 30_000, 35_000],
    [0, 900_000, 43_200_000, 43_200_000],
    [0, null, 0, 30_000],
  ])(
    'window %i s, timeout %s ms, visibility %i ms: receives with %s (behaviour §13.13)',
    (window, timeoutMs, own, asked) => {
      const { parameters } = documentOf('sqs', { MaximumBatchingWindowInSeconds: window })
      const found = { ...around.found, visibilityMs: own }
      expect(receiveVisibilityOf(parameters, { found, timeoutMs })).toMatchObject({
        visibilityMs: asked,
        isCovered: true,
      })
    },
  )
})

describe('how a shard is run', () => {
  it('reads -1 as "no limit" and turns seconds into milliseconds', () => {
    expect(configOf('kinesis')).toMatchObject({ retryAttemptsMax: null, recordAgeMsMax: null, tumblingMs: 0, slots: 1 })
    const limited = { MaximumRetryAttempts: 0, MaximumRecordAgeInSeconds: 60, TumblingWindowInSeconds: 30 }
    expect(configOf('kinesis', limited)).toMatchObject({
      retryAttemptsMax: 0,
      recordAgeMsMax: 60_000,
      tumblingMs: 30_000,
    })
  })

  // proves: stream.start.latest
  it('starts LATEST at the moment of creation by the clock of the source', () => {
    const latest = { StartingPosition: 'LATEST' } as const
    expect(configOf('kinesis', latest, { clockOffsetMs: 5_000 })).toMatchObject({
      startFrom: { at: 'time', ms: createdMs + 5_000 },
      skipBeforeMs: null,
    })
    // DynamoDB stamps to the second: the second of the creation is not skipped.
    expect(configOf('dynamodb', latest)).toMatchObject({
      startFrom: { at: 'latest' },
      skipBeforeMs: 1_700_000_000_000,
    })
  })

  // proves: stream.start.timestamp, stream.start.late-shards
  it('starts at a time that was given, and late shards at their beginning', () => {
    const at = { StartingPosition: 'AT_TIMESTAMP', StartingPositionTimestamp: 1_600_000_000.5 } as const
    expect(configOf('kinesis', at).startFrom).toEqual({ at: 'time', ms: 1_600_000_000_500 })
    expect(configOf('kinesis', at, { origin: 'late' })).toMatchObject({
      startFrom: { at: 'horizon' },
      skipBeforeMs: null,
    })
  })

  // proves: stream.pace.aws
  it('keeps to the base rates of AWS there, and to the census elsewhere', () => {
    expect(configOf('kinesis', {}, { isAws: true }).pace).toEqual({
      readIntervalMs: 200,
      tipMsMin: 1_000,
      tipMsMax: 1_000,
      idleMs: 0,
    })
    expect(configOf('dynamodb', {}, { isAws: true }).pace.tipMsMax).toBe(250)
    expect(configOf('kinesis', {}, { tipMsMax: 200 }).pace).toEqual({
      readIntervalMs: 0,
      tipMsMin: 10,
      tipMsMax: 200,
      idleMs: 250,
    })
  })
})

describe('the filter of a mapping', () => {
  it('is one question over all patterns, and none where there are no patterns', () => {
    expect(matcherOf(documentOf('sqs'))).toBeNull()
    const Filters = [{ Pattern: '{"body":{"a":[1]}}' }, { Pattern: '{"body":{"b":[1]}}' }]
    const matches = matcherOf(documentOf('sqs', { FilterCriteria: { Filters } }))
    const body = (json: string) => record('m', { fragment: JSON.stringify({ messageId: 'm', body: json }) })
    expect([body('{"a":1}'), body('{"b":1}'), body('{"c":1}')].map((each) => matches?.(each))).toEqual([
      true,
      true,
      false,
    ])
  })
})
