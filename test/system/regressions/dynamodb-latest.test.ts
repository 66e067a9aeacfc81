import { CreateEventSourceMappingCommand } from '@aws-sdk/client-lambda'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { AwsRefusal } from '../../support/sources/dynamo-operations.ts'
import { type Millrace } from '../integration/queue-stack.ts'
import { until } from '../../support/until.ts'
import { ofTable, startRig, type Rig } from './rig.ts'

let rig: Rig

beforeEach(async () => {
  rig = await startRig()
})
afterEach(() => rig.stop())

const latest = (source: string) => ({ ...ofTable(source), StartingPosition: 'LATEST' as const })
const create = ({ lambda }: Millrace, arn: string) => lambda.send(new CreateEventSourceMappingCommand(latest(arn)))

describe('LATEST on a DynamoDB stream', () => {
  // proves: stream.start.latest@DynamoDB
  it('begins where the shards end when the mapping is created: nothing of what they hold is read', async () => {
    const { tables, run, seen } = rig
    const arn = tables.createTable('orders', { shards: 2 })
    for (let nth = 0; nth < 50; nth += 1) tables.putInto('orders', nth % 2, `old-${nth}`)
    tables.roll('orders')
    // Of the second in which the mapping is made, too.
    for (let nth = 0; nth < 2; nth += 1) tables.putInto('orders', nth, `just-before-${nth}`)
    await create(await run(), arn)
    for (let nth = 0; nth < 2; nth += 1) tables.putInto('orders', nth, `after-${nth}`)
    await until(() => seen().length >= 2, 'what was written after the create')
    expect(seen().toSorted()).toEqual(['after-0', 'after-1'])
    // A closed shard is not even opened.
    expect(tables.iteratorTypes).not.toContain('TRIM_HORIZON')
  })

  it('begins so for a mapping of the file that names the table', async () => {
    const { tables, run, seen } = rig
    tables.createTable('orders')
    tables.put('orders', 'before')
    const millrace = await run(latest('dynamodb:orders'))
    await until(() => (tables.calls.get('GetRecords') ?? 0) > 0, 'the shard is read')
    tables.put('orders', 'after')
    await until(() => seen().includes('after'), 'what was written after the create')
    expect(seen()).toEqual(['after'])
    await millrace.stop()
  })

  it.each([
    ['the stream', 'DescribeStream', 2],
    ['the end of its shard', 'GetShardIterator', 1],
  ])('misses nothing where %s could not be seen at the creation', async (_, operation, calls) => {
    const { tables, run, seen } = rig
    const arn = tables.createTable('orders')
    const millrace = await run()
    // Whether the stream is there is looked at before.
    const answers: (AwsRefusal | null)[] = Array.from({ length: calls }, () => null)
    answers[calls - 1] = new AwsRefusal('InternalServerError', 'not now', 500)
    tables.refusals.set(operation, answers)
    await create(millrace, arn)
    tables.put('orders', 'after')
    await until(() => seen().includes('after'), 'what was written after the create')
    expect(seen()).toEqual(['after'])
  })

  it('is the moment of creation after a restart before the first record, although iterators do not last', async () => {
    const { tables, run, seen } = rig
    const arn = tables.createTable('orders')
    const first = await run()
    await create(first, arn)
    await first.stop()
    tables.put('orders', 'while-it-was-down')
    tables.roll('orders')
    tables.expireIterators()
    tables.put('orders', 'later')
    await run()
    await until(() => seen().length === 2, 'what was written after the create')
    expect(seen()).toEqual(['while-it-was-down', 'later'])
  })

  it.each(['at once', 'after a restart'])(
    'is no whole minute where the source stamps to the minute: %s',
    async (when) => {
      const { tables, run, seen } = rig
      tables.stampMs = 60_000
      const arn = tables.createTable('orders')
      const first = await run()
      await create(first, arn)
      if (when === 'after a restart') await first.stop()
      tables.put('orders', 'after')
      if (when === 'after a restart') await run()
      await until(() => seen().length > 0, 'what was written after the create')
      expect(seen()).toEqual(['after'])
    },
  )

  it('passes what was closed before it for good', async () => {
    const { tables, run, seen } = rig
    const arn = tables.createTable('orders')
    tables.put('orders', 'closed')
    tables.roll('orders')
    const first = await run()
    await create(first, arn)
    await first.stop()
    tables.put('orders', 'while-it-was-down')
    await run()
    await until(() => seen().length > 0, 'what was written after the create')
    expect(seen()).toEqual(['while-it-was-down'])
  })
})
