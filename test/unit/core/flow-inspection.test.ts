import { describe, expect, it } from 'vitest'
import { inspectFlow } from '../../../src/core/flow/inspection.ts'
import { messages, ok, Scenario, stream, thrown, throttled } from './scenario.ts'

const seen = (flow: Scenario) =>
  inspectFlow(flow.state, flow.config, { monoMs: flow.nowMs, receiptMonoMs: flow.nowMs }).detail

describe('the detail of a queue', () => {
  it('names messages that were let go until the queue shows them again', () => {
    const flow = new Scenario('sqs', { visibilityMs: 30_000 })
      .open()
      .page(messages([1, 2]))
      .permit()
      .invoked(thrown)
    expect(seen(flow).hidden).toEqual({ count: 2, firstInMs: 30_000, firstId: '1' })
    expect(seen(flow.after(20_000)).hidden.firstInMs).toBe(10_000)
    expect(seen(flow.after(10_000)).hidden).toEqual({ count: 0, firstInMs: null, firstId: null })
  })

  it('forgets a message that comes again before its time', () => {
    const flow = new Scenario('sqs')
      .open()
      .page(messages([1]))
      .permit()
      .invoked(thrown)
      .page(messages([1]))
    expect(seen(flow).hidden.count).toBe(0)
  })

  it('remembers the newest thousand of many', () => {
    const flow = new Scenario('sqs', { batchSize: 10_000, heldRecordsMax: 20_000 })
      .open()
      .page(messages(Array.from({ length: 1_005 }, (_, index) => index)))
      .permit()
      .invoked(thrown)
    expect(seen(flow).hidden).toMatchObject({ count: 1_000, firstId: '5' })
  })

  it('says when a batch that could not run is tried again, and how long one has been with the function', () => {
    const flow = new Scenario('sqs', { visibilityMs: 60_000 })
      .open()
      .page(messages([1]))
      .permit()
      .after(700)
    expect(seen(flow).batches).toMatchObject([{ step: 'invoking', runsForMs: 700, nextInMs: null, first: { id: '1' } }])
    flow.invoked(throttled)
    expect(seen(flow).batches).toMatchObject([{ step: 'waiting', notRun: 1, nextInMs: 550, runsForMs: null }])
  })

  it('says when the batching window ends', () => {
    const flow = new Scenario('sqs', { windowMs: 5_000 }).open()
    expect(seen(flow).windowEndsInMs).toBeNull()
    expect(seen(flow.page(messages([1])).after(2_000)).windowEndsInMs).toBe(3_000)
  })

  it('names a group behind a message that failed, until the last visibility of it ends', () => {
    const flow = new Scenario('sqs-fifo', { batchSize: 1, visibilityMs: 30_000 })
      .open()
      .page([...messages([1], 'a'), ...messages([2], 'a'), ...messages([3], 'b')])
      .permit()
      .invoked(thrown)
    expect(seen(flow).groups).toEqual([{ group: 'a', messageId: '1', step: 'hidden', endsInMs: 30_000, behind: 1 }])
    expect(seen(flow.after(30_000)).groups).toEqual([])
  })

  it('holds a group to be blocked while any of its messages is hidden', () => {
    const flow = new Scenario('sqs-fifo', { visibilityMs: 10_000 })
      .open()
      .page(messages([1], 'a'))
      .permit()
      .after(5_000)
      .page(messages([2], 'a'))
      .invoked(thrown)
    expect(seen(flow).groups).toEqual([{ group: 'a', messageId: '1', step: 'hidden', endsInMs: 10_000, behind: 1 }])
  })

  it('names a group behind a batch that is with the function', () => {
    const flow = new Scenario('sqs-fifo', { batchSize: 1 })
      .open()
      .page([...messages([1], 'a'), ...messages([2, 3], 'a')])
      .permit()
    expect(seen(flow).groups).toEqual([{ group: 'a', messageId: '1', step: 'invoking', endsInMs: null, behind: 2 }])
    expect(seen(flow.invoked(ok).settled()).groups[0]).toMatchObject({ messageId: '2', behind: 1 })
  })
})

describe('the detail of a shard', () => {
  it('names the record that blocks, its attempts, the next of them, and how many wait behind it', () => {
    const flow = new Scenario('kinesis', { batchSize: 2 })
      .open()
      .page(stream([1, 2, 3], { arrivedMs: 7 }))
      .permit()
      .invoked(thrown)
    expect(seen(flow).batches).toEqual([
      {
        ...{ step: 'waiting', records: 2, attempts: 1, notRun: 0, nextInMs: 550, runsForMs: null },
        ...{ first: { id: '1', position: '1', orderKey: 'key', arrivedMs: 7 }, final: false, behind: 1 },
      },
    ])
  })

  it('counts what bisect left for later as waiting behind', () => {
    const flow = new Scenario('kinesis', { batchSize: 4, bisect: true })
      .open()
      .page(stream([1, 2, 3, 4]))
      .permit()
      .invoked(thrown)
    expect(seen(flow).batches).toMatchObject([{ step: 'permit', records: 2, behind: 2 }])
  })
})
