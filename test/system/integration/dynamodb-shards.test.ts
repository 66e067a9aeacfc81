import { ListEventSourceMappingsCommand, UpdateEventSourceMappingCommand } from '@aws-sdk/client-lambda'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { ok, throwing } from '../../support/functions/behaviour.ts'
import { metric, ofTable, startRig, type Rig } from '../regressions/rig.ts'
import { until } from '../../support/until.ts'

let rig: Rig

beforeEach(async () => {
  rig = await startRig()
})
afterEach(() => rig.stop())

const inTurn = (prefix: string, count: number) => Array.from({ length: count }, (_, n) => `${prefix}${n}`)

/** The whole service on a table whose stream has several shards. */
describe('a DynamoDB stream of several shards', () => {
  // proves: stream.reshard@DynamoDB
  it('loses nothing and keeps its order while shards roll over, iterators expire and the process starts anew', async () => {
    const { tables, run, seen } = rig
    const arn = tables.createTable('orders', { shards: 3 })
    const mapping = ofTable(arn, { BatchSize: 2, ParallelizationFactor: 3 })
    const write = (id: string) => {
      for (let nth = 0; nth < 3; nth += 1) tables.putInto('orders', nth, `${nth}-${id}`)
    }
    inTurn('a', 5).forEach(write)
    const first = await run(mapping)
    tables.roll('orders')
    inTurn('b', 5).forEach(write)
    tables.expireIterators()
    await until(() => seen().length >= 20, 'most of the records')
    tables.roll('orders')
    await first.stop()
    inTurn('c', 5).forEach(write)
    tables.roll('orders')
    inTurn('d', 5).forEach(write)
    await run(mapping)
    await until(() => new Set(seen()).size === 60, 'every record')
    // A generation of shards only begins when the one before is done.
    for (const nth of ['0', '1', '2']) {
      const generations = seen().flatMap((id) => (id.startsWith(nth) ? [id.charAt(2)] : []))
      expect(generations).toEqual(generations.toSorted())
    }
  })

  // proves: ddb.pages
  it('is read whole when it has hundreds of them, listed page by page', async () => {
    const { tables, run, seen } = rig
    tables.shardsPerPage = 40
    const arn = tables.createTable('wide', { shards: 200 })
    for (let nth = 0; nth < 200; nth += 1) tables.putInto('wide', nth, `item-${nth}`)
    await run(ofTable(arn))
    await until(() => new Set(seen()).size === 200, 'a record of every shard')
    expect(seen()).toHaveLength(200)
  })

  // proves: stream.trimmed@DynamoDB
  it('goes on at the horizon, and counts it, when what a blocked shard had not read is trimmed', async () => {
    const { tables, run, seen, functions } = rig
    const arn = tables.createTable('blocked')
    const [shardId = ''] = tables.shardIds('blocked')
    let isBlocked = true
    functions.behave(() => (isBlocked ? throwing() : ok()))
    tables.put('blocked', 'first')
    const millrace = await run(ofTable(arn, { BatchSize: 1 }))
    await until(() => seen().length === 1, 'the record that blocks')
    const [mapping] = (await statuses(millrace.endpoint)).mappings
    await millrace.lambda.send(new UpdateEventSourceMappingCommand({ UUID: mapping?.uuid, Enabled: false }))
    await until(async () => (await statuses(millrace.endpoint)).mappings[0]?.state === 'Disabled', 'it stands still')
    tables.put('blocked', 'lost')
    tables.put('blocked', 'kept')
    isBlocked = false
    tables.trim('blocked', shardId, 2)
    await millrace.lambda.send(new UpdateEventSourceMappingCommand({ UUID: mapping?.uuid, Enabled: true }))
    await until(() => seen().at(-1) === 'kept', 'the record that was kept')
    expect(seen()).not.toContain('lost')

    await millrace.lambda.send(new UpdateEventSourceMappingCommand({ UUID: mapping?.uuid, Enabled: false }))
    await until(async () => (await statuses(millrace.endpoint)).mappings[0]?.state === 'Disabled', 'it stands still')
    for (const id of ['gone', 'gone-too', 'last']) tables.put('blocked', id)
    tables.trim('blocked', shardId, 3)
    await millrace.lambda.send(new UpdateEventSourceMappingCommand({ UUID: mapping?.uuid, Enabled: true }))
    await until(() => seen().at(-1) === 'last', 'the record behind what was trimmed')
    expect(await metric(millrace, 'millrace_lost_positions_total')).toBe(1)
  })

  it('that is named by its table is waited for, and followed to the stream of a table that is made again', async () => {
    const { tables, run, seen } = rig
    const millrace = await run(ofTable('dynamodb:orders'))
    const listed = async () => {
      const { EventSourceMappings } = await millrace.lambda.send(new ListEventSourceMappingsCommand({}))
      return EventSourceMappings?.[0]?.EventSourceArn
    }
    await until(async () => (await listed()) === 'dynamodb:orders', 'the mapping, before its table is there')
    const first = tables.createTable('orders')
    tables.put('orders', 'a')
    await until(() => seen().includes('a'), 'the first record')
    expect(await listed()).toBe(first)
    tables.deleteTable('orders')
    const second = tables.createTable('orders')
    tables.put('orders', 'b')
    await until(() => seen().includes('b'), 'the first record of the second table')
    expect(seen()).toEqual(['a', 'b'])
    await until(async () => (await listed()) === second, 'the ARN of the stream of the second table')
    expect(second).not.toBe(first)
    const lost = () => metric(millrace, 'millrace_lost_positions_total')
    await until(async () => (await lost()) === 1, 'the position in the first stream, counted as lost')
  })
})

interface Statuses {
  readonly mappings: readonly { readonly uuid: string; readonly state: string }[]
}

async function statuses(endpoint: string): Promise<Statuses> {
  return (await (await fetch(`${endpoint}/_millrace/mappings`)).json()) as Statuses
}
