import { describe, expect, it } from 'vitest'
import type { CallResult } from '../../../src/access/aws-access.ts'
import type { Source } from '../../../src/ports.ts'
import { openDynamoSource } from '../../../src/sources/dynamodb-streams.ts'
import { neverAborted, readPage, readRequest } from '../../contract/source-contract.ts'
import { AwsRefusal } from '../../support/sources/dynamo-operations.ts'
import { mappingOf } from '../../support/sources/documents.ts'
import { ok, refusal, scriptedAccess } from '../../support/sources/scripted-access.ts'
import { useDynamoServer } from './dynamo-fixture.ts'

const dynamo = useDynamoServer()
const { newTable } = dynamo

/** The server, but for the operations that answer as a test says. */
function scripted(answers: Readonly<Record<string, () => CallResult>>) {
  return scriptedAccess(({ service, operation, input, pool }) => {
    const answer = answers[operation]
    return (
      answer?.() ??
      dynamo.access.service(service, 'us-east-1', '000000000000').json(operation, input, pool, neverAborted)
    )
  })
}

describe('a table whose stream was disabled and enabled again', () => {
  /** A table with three streams, a record in each, read by its name. */
  function renewed() {
    const { table, arn } = newTable()
    const arns = [arn]
    dynamo.server.put(table, 'in-the-first')
    for (const id of ['in-the-second', 'in-the-third']) {
      dynamo.server.disableStream(table)
      arns.push(dynamo.server.enableStream(table))
      dynamo.server.put(table, id)
    }
    return { table, arns, source: openDynamoSource(mappingOf('dynamodb', `dynamodb:${table}`), dynamo.access) }
  }

  async function look(source: Source, since: string | null) {
    const found = await source.describe(neverAborted, since)
    if (found.kind !== 'found') throw new Error(found.message)
    return found
  }

  const arnsOf = ({ older = [], arn }: Awaited<ReturnType<typeof look>>) => [...older.map((each) => each.arn), arn]

  // proves: ddb.stream-renewed
  it('tells of all its streams since the one that is read, oldest first, however many pages name them', async () => {
    const { arns, source } = renewed()
    dynamo.server.streamsPerPage = 1
    expect(arnsOf(await look(source, arns[0] ?? ''))).toEqual(arns)
    dynamo.server.streamsPerPage = 100
    expect(arnsOf(await look(source, arns[1] ?? ''))).toEqual(arns.slice(1))
    expect(arnsOf(await look(source, arns[2] ?? ''))).toEqual(arns.slice(2))
  })

  it('is read from its newest by who was attached to none', async () => {
    const { arns, source } = renewed()
    expect(arnsOf(await look(source, null))).toEqual(arns.slice(2))
  })

  // proves: ddb.stream-renewed
  it('is read to the end in each of its streams, whose records name their own', async () => {
    const { arns, source } = renewed()
    const found = await look(source, arns[0] ?? '')
    const pages = await Promise.all(
      [...(found.older ?? []), found].map(({ incarnation, shards }) =>
        readPage(source, { shardId: shards[0]?.shardId ?? '', from: { at: 'horizon' }, incarnation }),
      ),
    )
    expect(pages.map(({ end }) => end)).toEqual([true, true, false])
    const events = pages.flatMap(({ records }) => records.map(({ fragment }) => JSON.parse(fragment)))
    expect(events.map((event) => event.eventSourceARN)).toEqual(arns)
    expect(events.map((event) => event.dynamodb.Keys.id.S)).toEqual(['in-the-first', 'in-the-second', 'in-the-third'])
  })

  it('is remade for who reads a stream that is gone for good, and only for him', async () => {
    const { table, arns, source } = renewed()
    const before = await look(source, arns[0] ?? '')
    dynamo.server.forgetStreams(table)
    const after = await look(source, arns[0] ?? '')
    expect(arnsOf(after)).toEqual(arns.slice(2))
    const shardId = after.shards[0]?.shardId ?? ''
    const from = { at: 'horizon' } as const
    const gone = readRequest({ shardId, from, incarnation: before.older?.[0]?.incarnation ?? '' })
    expect(await source.read(gone, neverAborted)).toMatchObject({ kind: 'recreated', incarnation: after.incarnation })
    expect(await readPage(source, { shardId, from, incarnation: after.incarnation })).toMatchObject({ end: false })
  })

  it('goes on in its last stream where the table names none any more', async () => {
    const { table, arn } = newTable()
    dynamo.server.put(table, 'a')
    const source = openDynamoSource(
      mappingOf('dynamodb', `dynamodb:${table}`),
      scripted({ DescribeTable: () => ok({ Table: {} }) }),
    )
    expect((await source.describe(neverAborted, null)).kind).toBe('missing')
    expect(arnsOf(await look(source, arn))).toEqual([arn])
  })

  it('is read from the stream that was left to the newest one where nobody lists those between', async () => {
    const { table, arns } = renewed()
    const source = openDynamoSource(
      mappingOf('dynamodb', `dynamodb:${table}`),
      scripted({ ListStreams: () => refusal('UnknownOperationException') }),
    )
    expect(arnsOf(await look(source, arns[0] ?? ''))).toEqual([arns[0], arns[2]])
  })

  it.each([
    ['AccessDeniedException', { kind: 'denied', action: 'ListStreams' }],
    ['LimitExceededException', { kind: 'throttled' }],
    ['InternalServerError', { kind: 'failed' }],
  ])('is not read past streams that it cannot list now: %s', async (code, answer) => {
    const { table, arns } = renewed()
    const source = openDynamoSource(
      mappingOf('dynamodb', `dynamodb:${table}`),
      scripted({ ListStreams: () => refusal(code) }),
    )
    expect(await source.describe(neverAborted, arns[0])).toMatchObject(answer)
  })

  it('has no older stream where an emulator answers for it with the newest', async () => {
    const StreamDescription = { StreamLabel: '2', StreamStatus: 'ENABLED', Shards: [] }
    const source = openDynamoSource(
      mappingOf('dynamodb', 'dynamodb:orders'),
      scriptedAccess(({ operation }) => {
        if (operation === 'DescribeTable') return ok({ Table: { LatestStreamArn: 'arn:of/stream/2' } })
        return ok(operation === 'ListStreams' ? { Streams: [] } : { StreamDescription })
      }),
    )
    expect(arnsOf(await look(source, 'arn:of/stream/1'))).toEqual(['arn:of/stream/2'])
  })
})

describe('the end of the shards at the creation of a mapping', () => {
  const read = (source: Source, shardId: string) => readPage(source, { shardId, from: { at: 'latest' } })
  const idsOf = ({ records }: Awaited<ReturnType<typeof read>>) =>
    records.map(({ fragment }) => JSON.parse(fragment).dynamodb.Keys.id.S)

  // proves: stream.start.latest@DynamoDB
  it('is where a read from there begins, and closed shards are told', async () => {
    const { table, source } = newTable(2)
    for (const id of ['a', 'b']) dynamo.server.putInto(table, 0, id)
    const [closed = '', second = ''] = dynamo.server.shardIds(table)
    const [child = ''] = dynamo.server.roll(table, closed)
    dynamo.server.putInto(table, 0, 'c')
    expect(await source.keepLatest?.(neverAborted)).toMatchObject({ closed: [closed] })
    dynamo.server.putInto(table, 0, 'd')
    dynamo.server.putInto(table, 1, 'e')
    const pages = await Promise.all([second, child].map((shardId) => read(source, shardId)))
    expect(pages.map(idsOf)).toEqual([['d'], ['e']])
    expect(pages.map((page) => page.fromKeptEnd)).toEqual([true, true])
  })

  it('is kept as long as nothing comes', async () => {
    const { table, source } = newTable()
    const [shardId = ''] = dynamo.server.shardIds(table)
    dynamo.server.put(table, 'before')
    await source.keepLatest?.(neverAborted)
    expect(idsOf(await read(source, shardId))).toEqual([])
    dynamo.server.put(table, 'after')
    expect(idsOf(await read(source, shardId))).toEqual(['after'])
  })

  it.each(['GetShardIterator', 'nothing'])('is the horizon where it is not known: %s failed', async (operation) => {
    const { table, source } = newTable()
    const [shardId = ''] = dynamo.server.shardIds(table)
    dynamo.server.put(table, 'before')
    dynamo.server.refusals.set(operation, [new AwsRefusal('InternalServerError', 'not now', 500)])
    if (operation === 'GetShardIterator') await source.keepLatest?.(neverAborted)
    dynamo.server.refusals.clear()
    const page = await read(source, shardId)
    expect(idsOf(page)).toEqual(['before'])
    expect(page.fromKeptEnd).toBeUndefined()
  })

  it('is the horizon, never a later place, once its iterator has expired', async () => {
    const { table, source } = newTable()
    const [shardId = ''] = dynamo.server.shardIds(table)
    await source.keepLatest?.(neverAborted)
    dynamo.server.put(table, 'after')
    dynamo.server.expireIterators()
    const request = readRequest({ shardId, from: { at: 'latest' } })
    expect((await source.read(request, neverAborted)).kind).toBe('expired')
    expect(idsOf(await read(source, shardId))).toEqual(['after'])
  })

  it('is not told of a stream that cannot be described', async () => {
    const source = openDynamoSource(mappingOf('dynamodb', 'dynamodb:nobody'), dynamo.access)
    expect(await source.keepLatest?.(neverAborted)).toBeNull()
  })
})

describe('a request that DynamoDB calls invalid', () => {
  async function readAfterA(messages: Readonly<Record<string, string>>) {
    const { table, source } = newTable()
    const [shardId = ''] = dynamo.server.shardIds(table)
    const position = dynamo.server.put(table, 'a')
    dynamo.server.put(table, 'b')
    await source.describe(neverAborted)
    for (const [operation, message] of Object.entries(messages))
      dynamo.server.refusals.set(operation, [new AwsRefusal('ValidationException', message)])
    const request = readRequest({ shardId, from: { at: 'after', position } })
    const first = await source.read(request, neverAborted)
    dynamo.server.refusals.clear()
    return { first: first.kind, behind: idsIn(await source.read(request, neverAborted)) }
  }

  const idsIn = (result: Awaited<ReturnType<Source['read']>>) =>
    result.kind === 'records' ? result.records.map(({ fragment }) => JSON.parse(fragment).dynamodb.Keys.id.S) : []

  // proves: ddb.invalid-position
  it('has lost its position only where that is what is wrong', async () => {
    expect((await readAfterA({ GetShardIterator: 'Invalid SequenceNumber in request.' })).first).toBe('trimmed')
    const constraint = "Value '1' at 'sequenceNumber' failed to satisfy constraint: Member must have length 21"
    expect((await readAfterA({ GetShardIterator: constraint })).first).toBe('trimmed')
    expect(await readAfterA({ GetShardIterator: 'Limit is not valid.' })).toEqual({ first: 'failed', behind: ['b'] })
    expect(await readAfterA({ GetRecords: 'Invalid ShardIterator.' })).toEqual({ first: 'failed', behind: ['b'] })
  })
})
