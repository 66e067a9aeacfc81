import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { AwsAccess, ClockOffsets } from '../../src/access/aws-access.ts'
import { createSourceOpener } from '../../src/sources/source-opener.ts'
import type { ChildService } from '../support/sources/child-service.ts'
import { mappingOf } from '../support/sources/documents.ts'
import { startKinesisLocal } from '../support/sources/kinesis-local.ts'
import { accessTo } from '../support/sources/test-access.ts'
import { inFragment, neverAborted, readPage, readRequest } from './source-contract.ts'
import { streamContract } from './stream-contract.ts'
import type { StreamUnderTest } from './stream-contract.ts'
import { until } from '../support/until.ts'

let service: ChildService
let access: AwsAccess & ClockOffsets

beforeAll(async () => {
  service = await startKinesisLocal()
  access = await accessTo(service.endpoint)
})

afterAll(async () => {
  await access.close()
  await service.stop()
})

async function call(operation: string, input: object): Promise<unknown> {
  const kinesis = access.service('kinesis', 'us-east-1', '000000000000')
  const result = await kinesis.json(operation, input, 'control', neverAborted)
  if (result.kind !== 'ok') throw new Error(`${operation}: ${result.message}`)
  return result.output
}

async function untilActive(StreamName: string): Promise<void> {
  await until(
    async () => JSON.stringify(await call('DescribeStreamSummary', { StreamName })).includes('"ACTIVE"'),
    `${StreamName} is ACTIVE`,
  )
}

async function create(StreamName: string): Promise<void> {
  // A stream that is being deleted still has its name for a moment.
  const isMade = (): Promise<boolean> =>
    call('CreateStream', { StreamName, ShardCount: 1 }).then(
      () => true,
      () => false,
    )
  await until(isMade, `${StreamName} is made`)
  await untilActive(StreamName)
}

async function remove(StreamName: string): Promise<void> {
  await call('DeleteStream', { StreamName })
  await until(
    async () => String(await call('DescribeStreamSummary', { StreamName }).catch(String)).includes('not found'),
    `${StreamName} is gone`,
  )
}

const wholeRange = 2n ** 128n

for (const named of [false, true]) {
  const abilities = { reshard: true, recreate: true, trim: false, expire: false, seek: true }
  streamContract(
    `Kinesis by its ${named ? 'name' : 'ARN'}, as kinesis-local speaks it`,
    abilities,
    async (): Promise<StreamUnderTest> => {
      const name = `contract-${randomUUID()}`
      await create(name)
      const opener = createSourceOpener(access)
      const sourceName = named ? `kinesis:${name}` : `arn:aws:kinesis:us-east-1:000000000000:stream/${name}`
      const open = () => opener.open(mappingOf('kinesis', sourceName))
      let exists = true
      return {
        source: open(),
        reopen: open,
        async put(key, data) {
          await call('PutRecord', { StreamName: name, PartitionKey: key, Data: Buffer.from(data).toString('base64') })
        },
        async remove() {
          exists = false
          await remove(name)
        },
        async reshard() {
          const NewStartingHashKey = String(wholeRange / 2n)
          await call('SplitShard', { StreamName: name, ShardToSplit: 'shardId-000000000000', NewStartingHashKey })
          await untilActive(name)
        },
        async recreate() {
          await remove(name)
          await create(name)
        },
        async cleanUp() {
          if (exists) await call('DeleteStream', { StreamName: name })
        },
      }
    },
  )
}

// proves: stream.start.latest@Kinesis
it('a start ahead of the clock of the service is the present where that is meant', async () => {
  const name = `ahead-${randomUUID()}`
  await create(name)
  const source = createSourceOpener(access).open(mappingOf('kinesis', `kinesis:${name}`))
  const from = { at: 'time', ms: Date.now() + 3_600_000, orNow: true } as const
  const request = readRequest({ shardId: 'shardId-000000000000', from })
  expect(await source.read(request, neverAborted)).toMatchObject({ kind: 'records', records: [] })
  await call('PutRecord', { StreamName: name, PartitionKey: 'k', Data: btoa('now') })
  let data: unknown[] = []
  await until(async () => {
    const { records } = await readPage(source, request)
    data = records.map((record) => inFragment(record, 'kinesis', 'data'))
    return data.length > 0
  }, 'the record is read')
  expect(data).toEqual([btoa('now')])
  await source.close()
})

describe('an emulator that is restarted (floci#2076)', () => {
  it('is noticed although its streams have the same names: the next life is told and read from its beginning', async () => {
    const name = `restart-${randomUUID()}`
    await create(name)
    const source = createSourceOpener(access).open(mappingOf('kinesis', `kinesis:${name}`))
    const shardId = 'shardId-000000000000'
    const put = (data: string) => call('PutRecord', { StreamName: name, PartitionKey: 'k', Data: btoa(data) })
    await put('old')
    const { records } = await readPage(source, { shardId, from: { at: 'horizon' } })
    const request = readRequest({ shardId, from: { at: 'after', position: records[0]?.position ?? '' } })

    const restarted = service.restart()
    // While it is away reads fail, and say so.
    expect((await source.read(request, neverAborted)).kind).toBe('failed')
    await restarted
    expect((await source.read(request, neverAborted)).kind).toBe('missing')
    await create(name)
    await put('new')
    const told = await source.read(request, neverAborted)
    const found = await source.describe(neverAborted)
    expect(told).toMatchObject({ kind: 'recreated', incarnation: found.kind === 'found' ? found.incarnation : '' })
    const again = await readPage(source, { shardId, from: { at: 'horizon' } })
    expect(again.records.map((record) => inFragment(record, 'kinesis', 'data'))).toEqual([btoa('new')])
    await source.close()
  })
})
