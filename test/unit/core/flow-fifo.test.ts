import { describe, expect, it } from 'vitest'
import { messages, ok, reported, Scenario, thrown } from './scenario.ts'

const a = (...ids: number[]): ReturnType<typeof messages> => messages(ids, 'a')
const b = (...ids: number[]): ReturnType<typeof messages> => messages(ids, 'b')

describe('a FIFO queue', () => {
  // proves: fifo.order
  it('puts several groups into one batch, each in its order (behaviour §3)', () => {
    const flow = new Scenario('sqs-fifo')
      .open()
      .page([...a(1), ...b(2), ...a(3)])
      .permit()
    expect(flow.invocations()).toEqual([['1', '2', '3']])
  })

  // proves: fifo.order
  it('runs groups side by side and the batches of one group one after the other', () => {
    const flow = new Scenario('sqs-fifo', { batchSize: 1 })
      .open()
      .page([...a(1), ...b(2), ...a(3)])
      .permit()
      .permit()
    expect(flow.invocations()).toEqual([['1'], ['2']])
    expect(flow.invoked(ok).out('permit')).toEqual([])
    expect(flow.settled().permit().invocations()).toEqual([['1'], ['2'], ['3']])
  })

  it('a receive brings one batch: several of one group would wait for each other out of sight of others', () => {
    const flow = new Scenario('sqs-fifo', { batchSize: 1 }).open()
    expect(flow.out('read').map(({ recordsMax }) => recordsMax)).toEqual([1])
  })

  it('lets no batch pass an earlier one of its group that waits', () => {
    const flow = new Scenario('sqs-fifo', { batchSize: 2 })
      .open()
      .page([...a(1, 2), ...a(3), ...b(4), ...b(5, 6)])
      .permit()
    flow.run(() => ok)
    expect(flow.invocations()).toEqual([
      ['1', '2'],
      ['3', '4'],
      ['5', '6'],
    ])
  })

  // proves: fifo.blocked-group
  it('forgets what it holds behind a failed message of the group, and only of that group', () => {
    const flow = new Scenario('sqs-fifo', { batchSize: 1 })
      .open()
      .page([...a(1, 2), ...b(3, 4)])
      .permit()
      .permit()
    flow.invoked(thrown).invoked(ok).settled().permit()
    expect(flow.invocations()).toEqual([['1'], ['3'], ['4']])
    expect(flow.said('dropped')).toMatchObject([{ kind: 'dropped', records: [{ id: '2' }], reason: 'visibility' }])
  })

  // proves: fifo.partial
  it('acknowledges later messages of a batch that the function itself took, and forgets what it holds behind', () => {
    const flow = new Scenario('sqs-fifo', { batchSize: 2 })
      .open()
      .page([...a(1, 2, 3)])
      .permit()
      .invoked(reported(0))
    expect(flow.out('settle')).toMatchObject([{ records: [{ id: '2' }] }])
    expect(flow.settled().out('permit')).toEqual([])
    expect(flow.said('dropped')).toMatchObject([{ records: [{ id: '3' }] }])
  })

  it('keeps the group locked until the acknowledgement is through', () => {
    const flow = new Scenario('sqs-fifo', { batchSize: 1 }).open().page(a(1, 2)).permit().invoked(ok).settled([0])
    expect(flow.out('permit')).toEqual([])
    expect(flow.after(100).settled().permit().invocations()).toEqual([['1'], ['2']])
  })

  it('forgets the group behind a message whose acknowledgement never gets through', () => {
    const flow = new Scenario('sqs-fifo', { batchSize: 1 }).open().page(a(1, 2)).permit().invoked(ok)
    for (let tries = 0; tries < 5; tries++) flow.settled([0]).after(10_000)
    expect(flow.out('permit')).toEqual([])
    expect(flow.invocations()).toEqual([['1']])
  })

  // proves: sqs.receipts-expire@FIFO
  it('cuts out a message that ran out together with what lies behind it in its group', () => {
    const flow = new Scenario('sqs-fifo', { batchSize: 1, visibilityMs: 10_000 }).open().page([...a(1, 2), ...b(3)])
    flow.after(8_000).permit().permit()
    expect(flow.invocations()).toEqual([])
    const ids = flow.said('dropped').flatMap(({ records }) => records.map(({ id }) => id))
    expect(ids.sort()).toEqual(['1', '2', '3'])
  })

  it('counts each message that it drops once', () => {
    const flow = new Scenario('sqs-fifo', { batchSize: 1, visibilityMs: 10_000 })
      .open()
      .page(a(1, 2, 3))
      .permit()
    flow.after(9_000).invoked(thrown)
    expect(flow.said('dropped').flatMap(({ records }) => records.map(({ id }) => id))).toEqual(['2', '3'])
  })
})
