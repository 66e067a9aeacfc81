import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { queueArn } from '../integration/queue-stack.ts'
import { until } from '../../support/until.ts'
import { metric, ofTable, startRig, type Rig } from './rig.ts'

let rig: Rig

beforeEach(async () => {
  rig = await startRig()
})

afterEach(() => rig.stop())

describe('after a restart', () => {
  // proves: state.restart
  it('streams are read as streams and queues as queues, each where it stood (floci#446, floci#543)', async () => {
    const { tables, run, seen, functions, queues } = rig
    const arn = tables.createTable('t')
    rig.queue('q')
    tables.put('t', 'before')
    const first = await run(ofTable(arn), { EventSourceArn: queueArn('q'), FunctionName: 'invoices' })
    await until(() => seen().length === 1, 'the first change')
    await first.stop()
    tables.put('t', 'while it was down')
    queues.sendMessage('q', 'message')
    await run()
    await until(() => seen().length === 2 && rig.left('q') === 0, 'change and message')
    expect(seen()).toEqual(['before', 'while it was down'])
    expect(functions.invocations.filter(({ functionName }) => functionName === 'invoices')).toHaveLength(1)
  })

  // proves: stream.trimmed@DynamoDB
  it('a position that was trimmed meanwhile resumes at the horizon, counted (floci@139281f)', async () => {
    const { tables, run, seen } = rig
    const arn = tables.createTable('t')
    tables.put('t', 'a')
    const first = await run(ofTable(arn))
    await until(() => seen().length === 1, 'the first change')
    await first.stop()
    for (const id of ['b', 'c', 'd']) tables.put('t', id)
    const [shard = ''] = tables.shardIds('t')
    tables.trim('t', shard, 3)
    const second = await run()
    await until(() => seen().length === 2, 'what is left')
    expect(seen()).toEqual(['a', 'd'])
    expect(await metric(second, 'millrace_lost_positions_total')).toBe(1)
  })

  // proves: stream.filter.advances@DynamoDB
  it('records that a filter drops are behind the position (ministack PR 1034, 914, 919)', async () => {
    const { tables, run, seen } = rig
    const arn = tables.createTable('t')
    const Pattern = JSON.stringify({ dynamodb: { Keys: { id: { S: [{ prefix: 'order' }] } } } })
    const first = await run(ofTable(arn, { FilterCriteria: { Filters: [{ Pattern }] } }))
    for (let index = 0; index < 20; index += 1) tables.put('t', `noise-${index}`)
    tables.put('t', 'order-1')
    tables.put('t', 'noise')
    await until(() => seen().length === 1, 'the order')
    await until(async () => (await metric(first, 'millrace_filtered_out_events_total')) === 21, 'all are dropped')
    await first.stop()
    const second = await run()
    tables.put('t', 'order-2')
    await until(() => seen().length === 2, 'the next order')
    expect(seen()).toEqual(['order-1', 'order-2'])
    expect(await metric(second, 'millrace_polled_events_total')).toBe(1)
  })

  // proves: stream.checkpoint@DynamoDB
  it('a shard that was read to its end is not read again, its children go on (KCL#1744)', async () => {
    const { tables, run, seen } = rig
    const arn = tables.createTable('t')
    tables.put('t', 'a')
    const first = await run(ofTable(arn))
    await until(() => seen().length === 1, 'the parent')
    tables.roll('t')
    tables.put('t', 'b')
    await until(() => seen().length === 2, 'the child')
    await first.stop()
    tables.roll('t')
    tables.put('t', 'c')
    await run()
    await until(() => seen().includes('c'), 'the grandchild')
    expect(seen()).toEqual(['a', 'b', 'c'])
  })
})
