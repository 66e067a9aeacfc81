import { CreateEventSourceMappingCommand } from '@aws-sdk/client-lambda'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { AwsRefusal } from '../../support/sources/dynamo-operations.ts'
import { until } from '../../support/until.ts'
import { ofTable, startRig, type Rig } from './rig.ts'

let rig: Rig

beforeEach(async () => {
  rig = await startRig()
})
afterEach(() => rig.stop())

/** A table with history: stamped long before the mapping is made. */
function tableWithHistory(): string {
  const arn = rig.tables.createTable('orders')
  rig.tables.stampMs = 3_600_000
  for (let nth = 0; nth < 3; nth += 1) rig.tables.put('orders', `old-${nth}`)
  rig.tables.stampMs = 1_000
  return arn
}

const latest = (arn: string) =>
  new CreateEventSourceMappingCommand({ ...ofTable(arn), StartingPosition: 'LATEST' as const })

describe('LATEST on a DynamoDB stream reads no history', () => {
  it('when the first page of the horizon is empty, after a create that could not hold the end', async () => {
    const { tables, run, seen } = rig
    const arn = tableWithHistory()
    const millrace = await run()
    tables.refusals.set('GetShardIterator', [new AwsRefusal('InternalServerError', 'not now', 500)])
    tables.emptyPages = 2
    await millrace.lambda.send(latest(arn))
    tables.put('orders', 'after')
    await until(() => seen().includes('after'), 'what was written after the create')
    expect(seen()).toEqual(['after'])
  })

  it.each([
    ['a read failed', () => rig.tables.refusals.set('GetRecords', [new AwsRefusal('InternalServerError', 'no', 500)])],
    ['its iterator expired', () => rig.tables.expireIterators()],
  ])('when %s before the first record', async (_, fail) => {
    const { tables, run, seen } = rig
    const arn = tableWithHistory()
    const millrace = await run()
    await millrace.lambda.send(latest(arn))
    await until(() => (tables.calls.get('GetRecords') ?? 0) > 0, 'the shard is read')
    fail()
    await until(() => tables.iteratorTypes.includes('TRIM_HORIZON'), 'the held end is lost')
    tables.put('orders', 'after')
    await until(() => seen().includes('after'), 'what was written after the create')
    expect(seen()).toEqual(['after'])
  })
})
