import { describe, expect, it } from 'vitest'
import type { FlowConfig } from '../../../src/core/flow/config.ts'
import { messages, ok, Scenario, throttled } from './scenario.ts'

const one = { policy: 'eager', flightsMax: 1, receivesMax: 5 } as const

describe('what is received ahead of the flights', () => {
  it.each<[string, Partial<FlowConfig>, number]>([
    ['the visibility lasts for two runs', { visibilityMs: 6_000 }, 1],
    ['it does not', { visibilityMs: 5_999 }, 0],
    ['a receive names a longer one', { visibilityMs: 4_000, receiveVisibilityMs: 6_000 }, 1],
    ['nobody knows the timeout, and nothing ran yet', { visibilityMs: 60_000, timeoutMs: null }, 0],
  ])('%s', (_when, config, ahead) => {
    const flow = new Scenario('sqs', { batchSize: 10, timeoutMs: 3_000, scaling: one, ...config })
    flow
      .open()
      .page(messages([1]))
      .permit()
    expect(flow.out('read')).toHaveLength(ahead)
  })

  it.each([
    [2_000, 1],
    [2_001, 0],
  ])('the longest run seen stands for a timeout that nobody knows: %i ms of 4 s', (runMs, ahead) => {
    const flow = new Scenario('sqs', { visibilityMs: 4_000, timeoutMs: null, scaling: one })
    flow
      .open()
      .page(messages([1]))
      .permit()
      .after(runMs)
      .invoked(ok)
      .settled()
    flow.page(messages([2])).permit()
    expect(flow.out('read')).toHaveLength(ahead)
  })

  it.each([
    [10, [1], [9]],
    [20, [1], [10]],
    [20, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12], [8]],
  ])('a batch of %i that is being gathered is filled up all the same, and no further', (batchSize, ids, asked) => {
    const config = { batchSize, windowMs: 20_000, timeoutMs: 10_000, visibilityMs: 30_000, scaling: one }
    const flow = new Scenario('sqs', config).open().page(messages(ids))
    expect(flow.out('read').map(({ recordsMax }) => recordsMax)).toEqual(asked)
  })

  it('the window counts as well: a batch is gathered, waits for a run, and runs', () => {
    const ahead = (windowMs: number): number => {
      const flow = new Scenario('sqs', { batchSize: 1, windowMs, visibilityMs: 10_000, scaling: one })
      return flow
        .open()
        .page(messages([1]))
        .permit()
        .out('read').length
    }
    expect([ahead(4_000), ahead(4_001)]).toEqual([1, 0])
  })

  it('nothing is received while a batch waits for its permit, unless receipts last for both', () => {
    const tight = new Scenario('sqs', { batchSize: 10, visibilityMs: 4_000 }).open().page(messages([1]))
    expect(tight.out('read')).toEqual([])
    expect(tight.permit().out('read')).not.toEqual([])
    const ample = new Scenario('sqs', { batchSize: 10, visibilityMs: 30_000 }).open().page(messages([1]))
    expect(ample.out('read')).not.toEqual([])
  })
})

describe('a batch that has waited', () => {
  const waiting = (kind: 'sqs' | 'sqs-fifo', waitMs: number, config: Partial<FlowConfig> = {}) =>
    new Scenario(kind, { batchSize: 10, visibilityMs: 10_000, timeoutMs: 5_000, ...config })
      .open()
      .page(messages([1, 2], 'a'))
      .after(waitMs)
      .permit()

  it('starts as long as its visibility lasts for a run', () => {
    expect(waiting('sqs', 5_000).invocations()).toEqual([['1', '2']])
  })

  it('is handed back otherwise, and its permit with it', () => {
    const flow = waiting('sqs', 5_001)
    expect(flow.invocations()).toEqual([])
    expect(flow.out('release')).toMatchObject([{ records: [{ id: '1' }, { id: '2' }] }])
    expect(flow.said('giveBack')).toHaveLength(1)
    expect(flow.out('read')).not.toEqual([])
  })

  it('starts in any case within the margin, and where a fresh receipt would not last either', () => {
    expect(waiting('sqs', 2_000, { timeoutMs: 9_000 }).invocations()).toHaveLength(1)
    const hopeless = { windowMs: 7_500, timeoutMs: 5_000 }
    expect(waiting('sqs', 7_500, hopeless).invocations()).toEqual([['1', '2']])
  })

  it('that was throttled starts until its receipts run out (behaviour §2.3)', () => {
    const flow = waiting('sqs', 0).invoked(throttled).after(6_000).permit()
    expect(flow.invocations()).toHaveLength(2)
  })

  it('goes back with what lies behind it in its group, and with nothing else', () => {
    const flow = new Scenario('sqs-fifo', { batchSize: 2, visibilityMs: 10_000, timeoutMs: 5_000 }).open()
    flow.page([...messages([1, 2], 'a'), ...messages([3], 'a'), ...messages([4], 'b')])
    flow.nowMs += 5_001
    flow.permit()
    const back = flow.said('release').flatMap(({ records }) => records.map(({ id }) => id))
    expect(back.toSorted()).toEqual(['1', '2', '3', '4'])
    const fresh = new Scenario('sqs-fifo', { batchSize: 1, visibilityMs: 10_000, timeoutMs: 5_000 }).open()
    fresh
      .page(messages([1], 'a'))
      .after(4_000)
      .page(messages([2], 'b'))
      .after(1_500)
    fresh.permit().permit()
    expect(fresh.said('release').flatMap(({ records }) => records.map(({ id }) => id))).toEqual(['1'])
    expect(fresh.invocations()).toEqual([['2']])
  })
})

describe('a batch of a group that has waited', () => {
  it('takes with it what a queue gave of its group meanwhile, and what would overtake it', () => {
    const flow = new Scenario('sqs-fifo', { batchSize: 1, visibilityMs: 10_000, timeoutMs: 5_000 }).open()
    flow
      .page(messages([1], 'a'))
      .after(4_000)
      .page(messages([2], 'a'))
      .after(1_500)
      .permit()
    expect(flow.said('release').flatMap(({ records }) => records.map(({ id }) => id))).toEqual(['1', '2'])
    expect(flow.invocations()).toEqual([])
  })
})

describe('a copy of a message whose receipt has run out', () => {
  const copy = messages([1, 2], 'a').map((record) => ({ ...record, receipt: `${record.receipt}-again` }))

  it('is not dropped when the delete under the old receipt is refused', () => {
    const flow = new Scenario('sqs-fifo', { batchSize: 1, visibilityMs: 10_000, timeoutMs: 3_000 })
      .open()
      .page(messages([1], 'a'))
      .permit()
    flow.after(11_000).page(copy).invoked(ok).settled([0], [0])
    expect(flow.said('dropped')).toEqual([])
    expect(flow.run(() => ok, 0).invocations()).toEqual([['1'], ['1'], ['2']])
  })

  it('is not dropped with the old one that still waited', () => {
    const flow = new Scenario('sqs-fifo', { batchSize: 1, visibilityMs: 10_000, timeoutMs: 3_000 })
      .open()
      .page(messages([9, 1], 'a'))
      .permit()
    flow.after(10_500).page(copy)
    flow.invoked(ok).settled()
    flow.run(() => ok, 0)
    expect(flow.said('dropped').map(({ records }) => records.map(({ receipt }) => receipt))).toEqual([['receipt-1']])
    expect(flow.invocations()).toEqual([['9'], ['1'], ['2']])
  })

  it('what was received before the receipt ran out stays behind its message', () => {
    const flow = new Scenario('sqs-fifo', { batchSize: 1 })
      .open()
      .page(messages([1, 2], 'a'))
      .permit()
    flow.invoked(ok).settled([0], [0])
    expect(flow.said('dropped')).toMatchObject([{ records: [{ id: '2' }] }])
  })
})
