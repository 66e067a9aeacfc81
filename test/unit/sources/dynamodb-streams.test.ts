import { describe, expect, it } from 'vitest'
import type { Source } from '../../../src/ports.ts'
import { openDynamoSource } from '../../../src/sources/dynamodb-streams.ts'
import { neverAborted, readPage, readRequest } from '../../contract/source-contract.ts'
import { AwsRefusal } from '../../support/sources/dynamo-operations.ts'
import { mappingOf } from '../../support/sources/documents.ts'
import { ok, refusal, scriptedAccess } from '../../support/sources/scripted-access.ts'
import { useDynamoServer } from './dynamo-fixture.ts'

const dynamo = useDynamoServer()
const { newTable } = dynamo

async function shardsOf(source: Source) {
  const found = await source.describe(neverAborted)
  if (found.kind !== 'found') throw new Error(found.message)
  return found.shards
}

// proves: target.believed@DynamoDB
describe('a 200 without what DynamoDB answers', () => {
  it.each([
    ['arn:aws:dynamodb:us-east-1:111122223333:table/t/stream/2026', 'DescribeStream was answered without Shards.'],
    ['dynamodb:t', 'DescribeTable was answered without Table.'],
  ])('is no look at %s', async (name, message) => {
    const source = openDynamoSource(
      mappingOf('dynamodb', name),
      scriptedAccess(() => ok({})),
    )
    expect(await source.describe(neverAborted)).toEqual({ kind: 'failed', message })
  })
})

describe('the shards of a table', () => {
  // proves: ddb.pages
  it('are all listed, however many pages they fill', async () => {
    const { source } = newTable(250)
    expect(await shardsOf(source)).toHaveLength(250)
    dynamo.server.shardsPerPage = 7
    expect(new Set((await shardsOf(source)).map(({ shardId }) => shardId)).size).toBe(250)
    dynamo.server.shardsPerPage = 100
  })

  // proves: stream.reshard@DynamoDB, ddb.pages
  it('roll over: each ends behind its last record and names its parent', async () => {
    const { table, source } = newTable()
    const [first] = dynamo.server.shardIds(table)
    dynamo.server.put(table, 'a')
    const [second] = dynamo.server.roll(table)
    dynamo.server.put(table, 'b')
    const [third] = dynamo.server.roll(table)
    expect((await shardsOf(source)).map(({ shardId, parentIds, closed }) => ({ shardId, parentIds, closed }))).toEqual([
      { shardId: first, parentIds: [], closed: true },
      { shardId: second, parentIds: [first], closed: true },
      { shardId: third, parentIds: [second], closed: false },
    ])
    const pages = await Promise.all(
      [first, second, third].map((shardId) => readPage(source, { shardId: shardId ?? '', from: { at: 'horizon' } })),
    )
    expect(pages.map(({ records, end }) => [records.length, end])).toEqual([
      [1, true],
      [1, true],
      [0, false],
    ])
  })

  it('end when the stream is disabled, and can be read until then', async () => {
    const { table, source } = newTable()
    const [shardId = ''] = dynamo.server.shardIds(table)
    dynamo.server.put(table, 'a')
    dynamo.server.disableStream(table)
    expect((await shardsOf(source)).map(({ closed }) => closed)).toEqual([true])
    expect(await readPage(source, { shardId, from: { at: 'horizon' } })).toMatchObject({ end: true })
    const byName = openDynamoSource(mappingOf('dynamodb', `dynamodb:${table}`), dynamo.access)
    expect((await byName.describe(neverAborted)).kind).toBe('found')
    dynamo.server.forgetStreams(table)
    expect((await byName.describe(neverAborted)).kind).toBe('missing')
  })

  it('are not called closed where an emulator prints the end of an open one', async () => {
    const SequenceNumberRange = { StartingSequenceNumber: '1', EndingSequenceNumber: '1' }
    const scripted = scriptedAccess(() =>
      ok({ StreamDescription: { StreamStatus: 'ENABLED', Shards: [{ ShardId: 's', SequenceNumberRange }] } }),
    )
    const source = openDynamoSource(mappingOf('dynamodb', newTable().arn), scripted)
    expect((await shardsOf(source)).map(({ closed }) => closed)).toEqual([false])
  })

  it('that are gone are missing, while the others go on', async () => {
    const { table, source } = newTable()
    const [first = ''] = dynamo.server.shardIds(table)
    const [second = ''] = dynamo.server.roll(table)
    dynamo.server.dropShard(table, first)
    expect((await source.read(readRequest({ shardId: first, from: { at: 'horizon' } }), neverAborted)).kind).toBe(
      'missing',
    )
    expect((await source.read(readRequest({ shardId: second, from: { at: 'horizon' } }), neverAborted)).kind).toBe(
      'records',
    )
  })
})

describe('the records of a table', () => {
  // proves: ddb.event.images
  it('are what the table wrote: kind of change, keys and images', async () => {
    const { table, arn, source } = newTable()
    const [shardId = ''] = dynamo.server.shardIds(table)
    dynamo.server.put(table, 'a', { n: { N: '1' } })
    dynamo.server.put(table, 'a', { n: { N: '2' } })
    dynamo.server.put(table, 'a', { n: { N: '2' } })
    dynamo.server.remove(table, 'a')
    const { records } = await readPage(source, { shardId, from: { at: 'horizon' } })
    const events = records.map(({ fragment }) => JSON.parse(fragment))
    expect(events.map(({ eventName }) => eventName)).toEqual(['INSERT', 'MODIFY', 'REMOVE'])
    expect(events[1]).toMatchObject({
      eventSource: 'aws:dynamodb',
      eventSourceARN: arn,
      awsRegion: 'us-east-1',
      dynamodb: { OldImage: { n: { N: '1' } }, NewImage: { n: { N: '2' } }, Keys: { id: { S: 'a' } } },
    })
  })

  it('that were trimmed while they were read are told', async () => {
    const { table, source } = newTable()
    const [shardId = ''] = dynamo.server.shardIds(table)
    for (let nth = 0; nth < 4; nth += 1) dynamo.server.put(table, `k${nth}`)
    const { records } = await readPage(source, { shardId, from: { at: 'horizon' }, recordsMax: 1 })
    dynamo.server.trim(table, shardId, 3)
    const from = { at: 'after', position: records[0]?.position ?? '' } as const
    expect((await source.read(readRequest({ shardId, from }), neverAborted)).kind).toBe('trimmed')
    expect((await readPage(source, { shardId, from: { at: 'horizon' } })).records).toHaveLength(1)
  })

  it.each([
    ['GetShardIterator', 'missing'],
    ['GetRecords', 'expired'],
  ])('that are trimmed even at the horizon are not read there for ever: %s says %s', async (operation, kind) => {
    const { table, source } = newTable()
    const [shardId = ''] = dynamo.server.shardIds(table)
    dynamo.server.put(table, 'a')
    dynamo.server.refusals.set(operation, [new AwsRefusal('TrimmedDataAccessException', 'older than a day')])
    const request = readRequest({ shardId, from: { at: 'horizon' } })
    expect((await source.read(request, neverAborted)).kind).toBe(kind)
    expect((await source.read(request, neverAborted)).kind).toBe('records')
  })

  it('are not lost over a throttle', async () => {
    const { table, source } = newTable()
    const [shardId = ''] = dynamo.server.shardIds(table)
    dynamo.server.put(table, 'a')
    dynamo.server.refusals.set('GetRecords', [new AwsRefusal('LimitExceededException', 'slow down')])
    const request = readRequest({ shardId, from: { at: 'horizon' } })
    expect((await source.read(request, neverAborted)).kind).toBe('throttled')
    expect((await readPage(source, { shardId, from: { at: 'horizon' } })).records).toHaveLength(1)
  })
})

describe('a look at the stream', () => {
  it.each([
    ['DescribeTable', 'dynamodb:orders'],
    ['DescribeStream', 'arn:aws:dynamodb:us-east-1:111122223333:table/orders/stream/2026-11-21T00:00:00.000'],
  ])('says that %s is not allowed', async (action, name) => {
    const source = openDynamoSource(
      mappingOf('dynamodb', name),
      scriptedAccess(() => refusal('AccessDeniedException', 'not you')),
    )
    expect(await source.describe(neverAborted)).toMatchObject({ kind: 'denied', action })
  })

  it.each([
    [1_600_000_000.5, 'label 1600000000500'],
    ['2026-11-21T10:00:00Z', 'label 2026-11-21T10:00:00Z'],
    [undefined, 'label'],
  ])('tells streams of one label apart by when they were asked for: %j', async (at, incarnation) => {
    const StreamDescription = { StreamLabel: 'label', CreationRequestDateTime: at, Shards: [] }
    const source = openDynamoSource(
      mappingOf('dynamodb', newTable().arn),
      scriptedAccess(() => ok({ StreamDescription })),
    )
    expect(await source.describe(neverAborted)).toMatchObject({ kind: 'found', incarnation })
  })

  it('uses names of regions that are none as emulators print them', async () => {
    const scripted = scriptedAccess(() => ok({ StreamDescription: { Shards: [] } }))
    const arn = 'arn:aws:dynamodb:ddblocal:000000000000:table/orders/stream/2026-11-21T00:00:00.000'
    await openDynamoSource(mappingOf('dynamodb', arn), scripted).describe(neverAborted)
    expect(scripted.inputs('DescribeStream')).toEqual([{ StreamArn: arn, Limit: 100 }])
  })
})
