import { describe, expect, it } from 'vitest'
import { openKinesisSource } from '../../../src/sources/kinesis.ts'
import { neverAborted, readRequest } from '../../contract/source-contract.ts'
import { mappingOf } from '../../support/sources/documents.ts'
import { ok, refusal, scriptedAccess } from '../../support/sources/scripted-access.ts'
import type { Script, ScriptedAccess } from '../../support/sources/scripted-access.ts'

const arn = 'arn:aws:kinesis:us-east-1:111122223333:stream/clicks'
const shard = (nth: number, more: object = {}) => ({
  ShardId: `shardId-00000000000${nth}`,
  SequenceNumberRange: { StartingSequenceNumber: '100' },
  ...more,
})
const summaryAt = (created: number) =>
  ok({
    StreamDescriptionSummary: {
      StreamARN: arn,
      StreamStatus: 'ACTIVE',
      RetentionPeriodHours: 48,
      StreamCreationTimestamp: created,
    },
  })
const record = (number: string) => ({
  SequenceNumber: number,
  PartitionKey: 'k',
  Data: 'aGk=',
  ApproximateArrivalTimestamp: 1.5,
})

/** A stream of one shard, except where the script answers. */
function stream(script: (...call: Parameters<Script>) => ReturnType<Script> | null): Script {
  return (call, nth) => {
    const own = script(call, nth)
    if (own !== null) return own
    switch (call.operation) {
      case 'DescribeStreamSummary':
        return summaryAt(1_600_000_000)
      case 'ListShards':
        return ok({ Shards: [shard(0)] })
      case 'GetShardIterator':
        return ok({ ShardIterator: `it-${nth}` })
      default:
        return ok({ Records: [], NextShardIterator: 'next', MillisBehindLatest: 0 })
    }
  }
}

const open = (access: ScriptedAccess, name = arn) => openKinesisSource(mappingOf('kinesis', name), access)
const shardId = 'shardId-000000000000'
const after = (position: string) => readRequest({ shardId, from: { at: 'after', position } })
const fromHorizon = () => readRequest({ shardId, from: { at: 'horizon' } })

// proves: target.believed@Kinesis
describe('a 200 without what Kinesis answers', () => {
  it.each(['DescribeStreamSummary', 'ListShards'])('is no look at the stream: %s', async (silent) => {
    const access = scriptedAccess(
      stream(({ operation }) => (operation === 'ListShards' || operation === silent ? ok({}) : null)),
    )
    expect(await open(access).describe(neverAborted)).toEqual({
      kind: 'failed',
      message: expect.stringContaining(`${silent} was answered without`),
    })
  })

  it('is no page: a shard does not end by it', async () => {
    const access = scriptedAccess(
      stream(({ operation }, nth) => (operation === 'GetRecords' && nth === 1 ? ok({}) : null)),
    )
    const source = open(access)
    expect(await source.read(fromHorizon(), neverAborted)).toMatchObject({ kind: 'failed' })
    expect(await source.read(fromHorizon(), neverAborted)).toMatchObject({ kind: 'records', end: false })
  })
})

describe('a look at the stream', () => {
  it('lists the shards of all pages, with both parents of a merged one', async () => {
    const access = scriptedAccess(
      stream(({ operation, input }) => {
        if (operation !== 'ListShards') return null
        if (input['NextToken'] === undefined) return ok({ Shards: [shard(0), shard(1)], NextToken: 'more' })
        const parents = { ParentShardId: shard(0).ShardId, AdjacentParentShardId: shard(1).ShardId }
        return ok({ Shards: [shard(2, parents)] })
      }),
      true,
    )
    const found = await open(access).describe(neverAborted)
    expect(found).toMatchObject({ kind: 'found', retentionMs: 172_800_000, incarnation: 'created 1600000000000' })
    expect(found.kind === 'found' && found.shards.map(({ shardId: id, parentIds }) => [id, parentIds])).toEqual([
      ['shardId-000000000000', []],
      ['shardId-000000000001', []],
      ['shardId-000000000002', ['shardId-000000000000', 'shardId-000000000001']],
    ])
    // NextToken excludes every other member (Kinesis API reference).
    expect(access.inputs('ListShards')).toEqual([{ StreamARN: arn }, { NextToken: 'more' }])
  })

  it.each(['UnknownOperationException', 'AccessDeniedException'])(
    'makes do with DescribeStream after %s, and remembers that',
    async (code) => {
      const pages = [
        { Shards: [shard(0)], HasMoreShards: true },
        { Shards: [shard(1)], HasMoreShards: false },
      ]
      const access = scriptedAccess(({ operation, input }) => {
        if (operation !== 'DescribeStream') return refusal(code)
        const page = pages[input['ExclusiveStartShardId'] === undefined ? 0 : 1]
        return ok({ StreamDescription: { ...page, StreamStatus: 'ACTIVE', RetentionPeriodHours: 24 } })
      })
      const source = open(access)
      const found = await source.describe(neverAborted)
      expect(found.kind === 'found' && found.shards).toHaveLength(2)
      await source.describe(neverAborted)
      expect(access.inputs('DescribeStreamSummary')).toHaveLength(1)
      expect(access.inputs('DescribeStream')[0]).toMatchObject({ StreamARN: arn, StreamName: 'clicks' })
    },
  )

  it.each(['CREATING', 'DELETING'])('calls a stream that is %s missing for now', async (StreamStatus) => {
    const access = scriptedAccess(
      stream(({ operation }) =>
        operation === 'DescribeStreamSummary' ? ok({ StreamDescriptionSummary: { StreamStatus } }) : null,
      ),
    )
    expect((await open(access).describe(neverAborted)).kind).toBe('missing')
  })

  it.each([
    [1_600_000_000.5, 'created 1600000000500'],
    ['2026-11-21T10:00:00Z', 'created 2026-11-21T10:00:00Z'],
    [undefined, 'unknown'],
  ])(
    'tells the lives of a stream apart by the moment of its creation, however that is written: %j',
    async (at, life) => {
      const StreamDescriptionSummary = { StreamStatus: 'ACTIVE', StreamCreationTimestamp: at }
      const access = scriptedAccess(
        stream(({ operation }) => (operation === 'DescribeStreamSummary' ? ok({ StreamDescriptionSummary }) : null)),
      )
      expect(await open(access).describe(neverAborted)).toMatchObject({ kind: 'found', incarnation: life })
    },
  )

  it('ends where a service pages for ever', async () => {
    const access = scriptedAccess(
      stream(({ operation }) => (operation === 'ListShards' ? ok({ Shards: [], NextToken: 'again' }) : null)),
    )
    expect((await open(access).describe(neverAborted)).kind).toBe('failed')
  })
})

describe('reading a shard', () => {
  it('goes on with the iterator of the last page, and gets a new one for any other place', async () => {
    const access = scriptedAccess(
      stream(({ operation }, nth) =>
        operation === 'GetRecords'
          ? ok({ Records: [record(String(100 + nth))], NextShardIterator: `page-${nth}`, MillisBehindLatest: 5 })
          : null,
      ),
    )
    const source = open(access)
    await source.read(fromHorizon(), neverAborted)
    await source.read(after('101'), neverAborted)
    await source.read(after('101'), neverAborted)
    expect(access.inputs('GetRecords').map(({ ShardIterator }) => ShardIterator)).toEqual(['it-1', 'page-1', 'it-2'])
    expect(access.inputs('GetShardIterator')).toMatchObject([
      { ShardIteratorType: 'TRIM_HORIZON' },
      { ShardIteratorType: 'AFTER_SEQUENCE_NUMBER', StartingSequenceNumber: '101' },
    ])
  })

  // proves: stream.pace.behind@Kinesis
  it('does not take an empty page for the tip while the stream says it is behind', async () => {
    const access = scriptedAccess(
      stream(({ operation }, nth) =>
        operation === 'GetRecords'
          ? ok({ Records: [], NextShardIterator: 'n', MillisBehindLatest: nth === 1 ? 900 : 0 })
          : null,
      ),
    )
    const source = open(access)
    expect(await source.read(fromHorizon(), neverAborted)).toMatchObject({ tip: false, behindMs: 900 })
    expect(await source.read(fromHorizon(), neverAborted)).toMatchObject({ tip: true, behindMs: 0 })
    expect(access.inputs('GetShardIterator')).toHaveLength(1)
  })

  // proves: stream.pace.tip@Kinesis
  it.each([
    ['is not behind', 0, true],
    ['is behind', 40, false],
  ])('takes a page with records for the tip when the stream says that it %s', async (_what, behindMs, tip) => {
    const page = ok({ Records: [record('105')], NextShardIterator: 'n', MillisBehindLatest: behindMs })
    const script = stream(({ operation }) => (operation === 'GetRecords' ? page : null))
    for (const isAws of [true, false]) {
      expect(await open(scriptedAccess(script, isAws)).read(fromHorizon(), neverAborted)).toMatchObject({ tip })
    }
  })

  it('does not believe an emulator that is never behind while its pages are full', async () => {
    const page = ok({ Records: [record('105')], NextShardIterator: 'n', MillisBehindLatest: 0 })
    const script = stream(({ operation }) => (operation === 'GetRecords' ? page : null))
    const request = readRequest({ shardId, from: { at: 'horizon' }, recordsMax: 1 })
    expect(await open(scriptedAccess(script)).read(request, neverAborted)).toMatchObject({ tip: false })
    expect(await open(scriptedAccess(script, true)).read(request, neverAborted)).toMatchObject({ tip: true })
  })

  it('takes an empty page for the tip where a service does not say how far behind it is', async () => {
    const access = scriptedAccess(
      stream(({ operation }) => (operation === 'GetRecords' ? ok({ Records: [], NextShardIterator: 'n' }) : null)),
    )
    expect(await open(access).read(fromHorizon(), neverAborted)).toMatchObject({ tip: true, behindMs: null })
  })

  it('shares one look among those who ask at the same time', async () => {
    const access = scriptedAccess(stream(() => null))
    const source = open(access)
    await Promise.all([source.read(fromHorizon(), neverAborted), source.describe(neverAborted)])
    expect(access.inputs('DescribeStreamSummary')).toHaveLength(1)
  })

  it('looks at the stream once after a failure, and goes on where looking is not allowed', async () => {
    const looks: (ReturnType<typeof refusal> | null)[] = [null, null, refusal('AccessDeniedException')]
    const failures = new Set([2, 4])
    const access = scriptedAccess(
      stream(({ operation }, nth) => {
        if (operation === 'DescribeStreamSummary') return looks[nth - 1] ?? null
        if (operation === 'DescribeStream') return refusal('AccessDeniedException')
        return operation === 'GetRecords' && failures.has(nth) ? refusal('InternalFailure', 'x', 500) : null
      }),
    )
    const source = open(access)
    const kinds: string[] = []
    for (let nth = 0; nth < 6; nth += 1) kinds.push((await source.read(fromHorizon(), neverAborted)).kind)
    expect(kinds).toEqual(['records', 'failed', 'records', 'failed', 'records', 'records'])
    // At the start, after the first failure, after the second.
    expect(access.inputs('DescribeStreamSummary')).toHaveLength(3)
  })

  it('keeps the iterator over a throttle, and replaces an expired one', async () => {
    const answers = [refusal('ProvisionedThroughputExceededException'), refusal('ExpiredIteratorException')]
    const access = scriptedAccess(
      stream(({ operation }, nth) => (operation === 'GetRecords' ? (answers[nth - 1] ?? null) : null)),
    )
    const source = open(access)
    expect((await source.read(fromHorizon(), neverAborted)).kind).toBe('throttled')
    expect((await source.read(fromHorizon(), neverAborted)).kind).toBe('expired')
    expect((await source.read(fromHorizon(), neverAborted)).kind).toBe('records')
    expect(access.inputs('GetRecords').map(({ ShardIterator }) => ShardIterator)).toEqual(['it-1', 'it-1', 'it-2'])
  })

  it('ends with the page that has no next', async () => {
    const access = scriptedAccess(
      stream(({ operation }) =>
        operation === 'GetRecords' ? ok({ Records: [record('105')], NextShardIterator: null }) : null,
      ),
    )
    expect(await open(access).read(fromHorizon(), neverAborted)).toMatchObject({ end: true, records: [{ id: '105' }] })
  })

  it('waits when a start time lies ahead of the clock of the service', async () => {
    const access = scriptedAccess(
      stream(({ operation }) =>
        operation === 'GetShardIterator'
          ? refusal('InvalidArgumentException', 'Timestamp cannot be in the future')
          : null,
      ),
    )
    const request = readRequest({ shardId, from: { at: 'time', ms: 5 } })
    expect((await open(access).read(request, neverAborted)).kind).toBe('failed')
  })

  // proves: stream.start.latest@Kinesis
  it.each([
    ['a little', 9_000, [10, 8]],
    ['far', 1_000, [10, 8, undefined]],
  ])('begins now where now is meant and our clock is %s ahead', async (_how, theirMs, asked) => {
    const access = scriptedAccess(
      stream(({ operation, input }) =>
        operation === 'GetShardIterator' && Number(input['Timestamp'] ?? 0) * 1_000 > theirMs
          ? refusal('InvalidArgumentException', 'Timestamp cannot be in the future')
          : null,
      ),
    )
    const request = readRequest({ shardId, from: { at: 'time', ms: 10_000, orNow: true } })
    expect((await open(access).read(request, neverAborted)).kind).toBe('records')
    expect(access.inputs('GetShardIterator').map(({ Timestamp }) => Timestamp)).toEqual(asked)
    const [last] = access.inputs('GetShardIterator').slice(-1)
    expect(last?.['ShardIteratorType']).toBe(asked.length === 3 ? 'LATEST' : 'AT_TIMESTAMP')
  })
})

describe('a place that is no position', () => {
  const refused = (operation: string, code: string) =>
    open(scriptedAccess(stream((call) => (call.operation === operation ? refusal(code, 'no') : null))))

  it('cannot be lost: a page that is refused at the horizon is a fault like any other', async () => {
    const source = refused('GetRecords', 'InvalidArgumentException')
    expect((await source.read(fromHorizon(), neverAborted)).kind).toBe('failed')
  })
})

describe('a stream that lives anew (floci#2076)', () => {
  it('is told when its shards begin behind the position', async () => {
    const access = scriptedAccess(stream(() => null))
    expect(await open(access).read(after('99'), neverAborted)).toMatchObject({ kind: 'trimmed' })
    expect(access.inputs('GetShardIterator')).toEqual([])
  })

  it('is not told to who knows already, although the last read was of the life before', async () => {
    const access = scriptedAccess(
      stream(({ operation }, nth) =>
        operation === 'DescribeStreamSummary' ? summaryAt(nth === 1 ? 1_600_000_000 : 1_700_000_000) : null,
      ),
    )
    const source = open(access)
    await source.read(fromHorizon(), neverAborted)
    await source.describe(neverAborted)
    const knowing = { ...fromHorizon(), incarnation: 'created 1700000000000' }
    expect((await source.read(knowing, neverAborted)).kind).toBe('records')
  })

  it('is told when it refuses the position', async () => {
    const access = scriptedAccess(
      stream(({ operation }, nth) => {
        if (operation === 'DescribeStreamSummary') return summaryAt(nth === 1 ? 1_600_000_000 : 1_700_000_000)
        return operation === 'GetShardIterator'
          ? refusal('InvalidArgumentException', 'did not come from this stream')
          : null
      }),
    )
    expect(await open(access).read(after('500'), neverAborted)).toMatchObject({
      kind: 'recreated',
      incarnation: 'created 1700000000000',
    })
  })

  it.each([
    ['was away in between', { kind: 'unreachable', sent: false, message: 'ECONNREFUSED' } as const, 'failed'],
    ['was missing in between', refusal('ResourceNotFoundException', 'Stream clicks not found'), 'missing'],
    ['does not know the old iterator', refusal('InvalidArgumentException', 'Invalid ShardIterator.'), 'expired'],
  ])('is told when it %s, although it takes old positions', async (_why, trouble, kind) => {
    const access = scriptedAccess(
      stream(({ operation }, nth) => {
        if (operation === 'DescribeStreamSummary') return summaryAt(nth === 1 ? 1_600_000_000 : 1_700_000_000)
        return operation === 'GetRecords' && nth === 2 ? trouble : null
      }),
    )
    const source = open(access)
    expect((await source.read(fromHorizon(), neverAborted)).kind).toBe('records')
    expect((await source.read(fromHorizon(), neverAborted)).kind).toBe(kind)
    expect(await source.read(fromHorizon(), neverAborted)).toMatchObject({
      kind: 'recreated',
      incarnation: 'created 1700000000000',
    })
    expect((await source.read(fromHorizon(), neverAborted)).kind).toBe('records')
  })
})

describe('what is no stream', () => {
  // proves: stream.efo-refused
  it('is refused with a clear text: a consumer of enhanced fan-out', () => {
    const access = scriptedAccess(stream(() => null))
    expect(() => open(access, `${arn}/consumer/fast:1600000000`)).toThrow(/consumer of enhanced fan-out/)
    expect(() => open(access, 'arn:aws:sqs:us-east-1:111122223333:q')).toThrow(/neither the ARN nor the name/)
  })
})

describe('a page that is too long to be taken', () => {
  it('is asked for again with fewer records, and one alone is an outage', async () => {
    const tooLong = {
      kind: 'unreachable',
      sent: true,
      message: 'cut off',
      cutOff: { status: 200, headers: {} },
    } as const
    let recordsMax = 3
    const access = scriptedAccess(
      stream(({ operation, input }) =>
        operation === 'GetRecords' && Number(input['Limit']) > recordsMax ? tooLong : null,
      ),
    )
    const source = open(access)
    expect(await source.read(fromHorizon(), neverAborted)).toMatchObject({ kind: 'records' })
    expect(access.inputs('GetRecords').map(({ Limit }) => Limit)).toEqual([10, 5, 2])
    recordsMax = 0
    expect(await source.read(fromHorizon(), neverAborted)).toEqual({ kind: 'failed', message: 'cut off' })
    expect(access.inputs('GetRecords').at(-1)).toMatchObject({ Limit: 1 })
  })
})
