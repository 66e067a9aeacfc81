import { describe, expect, it } from 'vitest'
import { inspectFlow } from '../../../src/core/flow/inspection.ts'
import { deadline } from '../../../src/core/flow/step.ts'
import type { Outcome } from '../../../src/model/invocation.ts'
import { messages, ok, reported, Scenario, thrown, throttled } from './scenario.ts'

const range = (count: number): number[] => Array.from({ length: count }, (_, index) => index + 1)

describe('a standard queue', () => {
  // proves: sqs.success-deletes
  it('acknowledges a whole batch after success, and nothing after a failure (behaviour §2.3)', () => {
    const flow = new Scenario('sqs')
      .open()
      .page(messages([1, 2]))
      .permit()
      .invoked(ok)
    expect(flow.out('settle')).toMatchObject([{ why: 'succeeded', records: [{ id: '1' }, { id: '2' }] }])
    const failed = new Scenario('sqs')
      .open()
      .page(messages([1, 2]))
      .permit()
      .invoked(thrown)
    expect(failed.said('settle')).toEqual([])
    expect(failed.said('release')).toEqual([])
    expect(failed.said('attemptFailed')).toMatchObject([{ attempt: 1, next: { kind: 'visibility', inMs: 30_000 } }])
  })

  // proves: sqs.partial.listed
  it('acknowledges all but the reported messages (behaviour §2.4)', () => {
    const flow = new Scenario('sqs')
      .open()
      .page(messages([1, 2, 3]))
      .permit()
      .invoked(reported(1))
    expect(flow.out('settle')).toMatchObject([{ records: [{ id: '1' }, { id: '3' }] }])
  })

  // proves: sqs.filter-before-fill
  it('acknowledges what does not match without invoking it', () => {
    const flow = new Scenario('sqs')
      .open()
      .page([...messages([1], '', { matched: false }), ...messages([2])])
      .permit()
    expect(flow.out('settle')).toMatchObject([{ why: 'filtered', records: [{ id: '1' }] }])
    expect(flow.invocations()).toEqual([['2']])
  })

  it('says of a filtered message that it was filtered, also when its acknowledgement is tried again', () => {
    const flow = new Scenario('sqs')
      .open()
      .page(messages([1], '', { matched: false }))
      .settled([0])
      .after(100)
    expect(flow.out('settle')).toMatchObject([{ why: 'filtered' }])
  })

  // proves: sqs.delete-per-entry
  it('tries refused acknowledgements again one by one, and leaves them after the fifth', () => {
    const flow = new Scenario('sqs')
      .open()
      .page(messages([1, 2, 3]))
      .permit()
      .invoked(ok)
      .settled([0, 2])
    const again = flow.after(100).out('settle')
    expect(again.map((settle) => settle.records.map((record) => record.id))).toEqual([['1'], ['3']])
    flow.settled()
    for (let tries = 0; tries < 10; tries++) {
      if (flow.out('settle').length > 0) flow.settled([0])
      flow.after(10_000)
    }
    expect(flow.said('settle').filter((settle) => settle.records.some((record) => record.id === '3'))).toHaveLength(5)
  })

  it('says whether an acknowledgement is the last try, and makes none that the queue will never take', () => {
    const flow = new Scenario('sqs')
      .open()
      .page(messages([1, 2]))
      .permit()
      .invoked(ok)
      .settled([0, 1], [1])
    for (let tries = 0; tries < 6; tries++) {
      flow.after(10_000)
      if (flow.out('settle').length > 0) flow.settled([0])
    }
    const tried = flow.said('settle').map(({ records, attempt, last }) => [records.length, attempt, last])
    expect(tried).toEqual([
      [2, 1, false],
      [1, 2, false],
      [1, 3, false],
      [1, 4, false],
      [1, 5, true],
    ])
  })

  // proves: sqs.throttle-holds
  it('keeps the same receipts through throttles, 1 s doubling to 10 s, until shortly before they run out (behaviour §2.3)', () => {
    const flow = new Scenario('sqs', { visibilityMs: 60_000 })
      .open()
      .page(messages([1]))
      .run(() => throttled)
    const pauses = flow.said('attemptFailed').flatMap(({ next }) => (next.kind === 'retry' ? [next.inMs] : []))
    expect(pauses).toEqual([550, 1_050, 2_050, 4_050, ...Array.from({ length: 9 }, () => 5_050)])
    const [last] = flow.said('attemptFailed').slice(-1)
    expect(last?.next).toEqual({ kind: 'visibility', inMs: 60_000 - flow.nowMs })
    expect(flow.said('dropped')).toMatchObject([{ kind: 'dropped', records: [{ id: '1' }], reason: 'visibility' }])
    expect(flow.nowMs).toBeLessThan(55_000)
    expect(flow.said('invoke').every((invoke) => invoke.attempt === 1)).toBe(true)
  })

  it('waits as long as a throttle asks', () => {
    const flow = new Scenario('sqs')
      .open()
      .page(messages([1]))
      .permit()
    flow.invoked({ ...throttled, retryAfterMs: 3_000 } as Outcome)
    expect(flow.after(2_999).out('permit')).toEqual([])
    expect(flow.after(1).out('permit')).toHaveLength(1)
  })

  it('waits a minute at most, whatever a throttle asks for', () => {
    const flow = new Scenario('sqs', { visibilityMs: 600_000 })
      .open()
      .page(messages([1]))
      .permit()
    flow.invoked({ ...throttled, retryAfterMs: 86_400_000 } as Outcome)
    expect(flow.after(59_999).out('permit')).toEqual([])
    expect(flow.after(1).out('permit')).toHaveLength(1)
  })

  it.each([
    { visibilityMs: 30_000, lastMs: 24_999 },
    { visibilityMs: 10_000, lastMs: 7_999 },
  ])(
    'invokes up to $lastMs ms after arrival at a visibility of $visibilityMs ms, not later',
    ({ visibilityMs, lastMs }) => {
      const flow = new Scenario('sqs', { visibilityMs, timeoutMs: 1_000 })
        .open()
        .page(messages([1]))
        .after(lastMs)
        .permit()
      expect(flow.invocations()).toEqual([['1']])
      const late = new Scenario('sqs', { visibilityMs })
        .open()
        .page(messages([1]))
        .after(lastMs + 1)
        .permit()
      expect(late.invocations()).toEqual([])
      expect(late.said('giveBack')).toHaveLength(1)
      expect(late.said('dropped')).toMatchObject([{ kind: 'dropped', records: [{ id: '1' }], reason: 'visibility' }])
    },
  )

  it.each([10_000, 30_000])('says when the queue shows a failed message again (visibility %i ms)', (visibilityMs) => {
    const flow = new Scenario('sqs', { visibilityMs, windowMs: 1_000 }).open().page(messages([1]))
    flow
      .after(500)
      .page(messages([2]))
      .after(500)
      .permit()
      .after(2_000)
      .invoked(reported(1))
    expect(flow.said('attemptFailed')[0]?.next).toEqual({ kind: 'visibility', inMs: visibilityMs - 2_500 })
  })

  it('counts the visibility that the receive asked for', () => {
    const flow = new Scenario('sqs', { visibilityMs: 10_000, receiveVisibilityMs: 60_000 }).open()
    expect(flow.out('read')[0]?.visibilityMs).toBe(60_000)
    expect(
      flow
        .page(messages([1]))
        .after(50_000)
        .permit()
        .invocations(),
    ).toEqual([['1']])
  })

  it('counts for a receive that was out during an update the visibility it was sent with', () => {
    const flow = new Scenario('sqs', { visibilityMs: 10_000 }).open()
    flow.configure({ receiveVisibilityMs: 60_000 })
    expect(
      flow
        .page(messages([1]))
        .after(8_000)
        .permit()
        .invocations(),
    ).toEqual([])
    const shorter = new Scenario('sqs', { visibilityMs: 10_000, receiveVisibilityMs: 60_000 }).open()
    shorter.configure({ receiveVisibilityMs: null })
    expect(
      shorter
        .page(messages([1]))
        .after(8_000)
        .permit()
        .invocations(),
    ).toEqual([['1']])
  })

  // proves: sqs.receipts-expire
  it('cuts out of a gathered batch only what ran out', () => {
    const flow = new Scenario('sqs', { windowMs: 20_000, visibilityMs: 30_000, batchSize: 10 })
      .open()
      .page(messages([1]))
    flow
      .after(10_000)
      .page(messages([2]))
      .after(10_000)
      .after(6_000)
      .permit()
    expect(flow.invocations()).toEqual([['2']])
  })

  // proves: sqs.window
  it('gathers over several receives until the window of the first message ends, or the batch is full', () => {
    const flow = new Scenario('sqs', { windowMs: 1_000, batchSize: 20 }).open().page(messages([1]))
    flow.after(600).page(messages([2]))
    expect(flow.after(399).out('permit')).toEqual([])
    expect(flow.after(1).permit().invocations()).toEqual([['1', '2']])
    const full = new Scenario('sqs', { windowMs: 1_000, batchSize: 20 }).open()
    full
      .page(messages(range(10)))
      .page(messages(range(10).map((id) => id + 10)))
      .permit()
    expect(full.invocations()[0]).toHaveLength(20)
  })

  // proves: sqs.window-zero, sqs.bytes
  it('with window 0 invokes what one receive returned, cut at BatchSize and bytes', () => {
    const flow = new Scenario('sqs', { batchBytesMax: 33 })
      .open()
      .page(messages([1, 2, 3, 4]))
      .permit()
      .permit()
    expect(flow.invocations()).toEqual([['1', '2', '3'], ['4']])
  })

  it('holds a receive back that it could not use', () => {
    const flow = new Scenario('sqs', { scaling: { policy: 'eager', flightsMax: 1, receivesMax: 5 } }).open()
    flow.page(messages(range(10))).page(messages(range(10).map((id) => id + 10)))
    expect(flow.out('read')).toEqual([])
    expect(flow.permit().invoked(ok).out('read')).toHaveLength(1)
  })

  it('sends one receive while idle and more while they come back full', () => {
    const flow = new Scenario('sqs', { scaling: { policy: 'eager', flightsMax: 100, receivesMax: 4 } }).open()
    expect(flow.out('read')).toHaveLength(1)
    flow.page(messages(range(10)))
    expect(flow.out('read')).toHaveLength(2)
    flow.page(messages(range(10).map((id) => id + 10)))
    expect(flow.out('read')).toHaveLength(4)
    flow.page([])
    expect(flow.out('read').length).toBeLessThan(4)
  })

  it.each([
    { batchSize: 1, flightsMax: 100, asks: 6, why: 'five may run at once, one more may wait' },
    { batchSize: 1, flightsMax: 2, asks: 3, why: 'no more than may run, and one' },
    { batchSize: 3, flightsMax: 100, asks: 9, why: 'whole batches only' },
    { batchSize: 6, flightsMax: 100, asks: 6, why: 'two would be more than a receive brings' },
  ])('one receive brings several batches of $batchSize: $why', ({ batchSize, flightsMax, asks }) => {
    const flow = new Scenario('sqs', { batchSize, scaling: { policy: 'eager', flightsMax, receivesMax: 1 } }).open()
    expect(flow.out('read').map(({ recordsMax }) => recordsMax)).toEqual([asks])
    flow.page(messages(range(asks))).run(() => ok)
    expect(flow.invocations().map((batch) => batch.length)).toEqual(Array(asks / batchSize).fill(batchSize))
  })

  it('what runs and what other receives may bring leaves that much less room for the next one', () => {
    const flow = new Scenario('sqs', { batchSize: 1, scaling: { policy: 'aws', flightsMax: 100, receivesMax: 2 } })
    flow.open().page(messages([1, 2]))
    expect(flow.out('read').map(({ recordsMax }) => recordsMax)).toEqual([4])
    flow.page(messages([3, 4, 5, 6]))
    expect(flow.out('read')).toEqual([])
    flow.permit().invoked(ok)
    expect(flow.out('read').map(({ recordsMax }) => recordsMax)).toEqual([1])
  })

  it('does not keep the concurrency of a burst while a trickle leaves it no moment without a message', () => {
    const flow = new Scenario('sqs', { batchSize: 1, scaling: { policy: 'aws', flightsMax: 1_000, receivesMax: 5 } })
    flow.open()
    for (let id = 1; id <= 6; id++) {
      flow.page(messages([id]))
      if (flow.out('permit').length > 0) flow.permit()
    }
    expect(
      inspectFlow(flow.state, flow.config, { monoMs: flow.nowMs + 60_000, receiptMonoMs: flow.nowMs }).concurrency,
    ).toBe(305)
    flow.invoked(ok).settled().permit().after(20_000)
    for (const read of flow.out('read')) {
      flow.answer(read, {
        kind: 'readDone',
        id: read.id,
        result: { kind: 'records', records: [], end: false, tip: true },
      })
    }
    expect(flow.out('invoke')).toHaveLength(5)
    expect(
      inspectFlow(flow.state, flow.config, { monoMs: flow.nowMs + 60_000, receiptMonoMs: flow.nowMs }).concurrency,
    ).toBe(5)
  })

  it('keeps the concurrency of what runs when a receive finds the queue empty', () => {
    const flow = new Scenario('sqs', { batchSize: 1, scaling: { policy: 'eager', flightsMax: 50, receivesMax: 5 } })
    flow.open()
    for (let id = 1; id <= 8; id++) {
      flow.page(messages([id]))
      if (flow.out('permit').length > 0) flow.permit()
    }
    expect([
      flow.out('invoke').length,
      inspectFlow(flow.state, flow.config, { monoMs: 0, receiptMonoMs: 0 }).concurrency,
    ]).toEqual([8, 10])
    flow.page([])
    expect(inspectFlow(flow.state, flow.config, { monoMs: 0, receiptMonoMs: 0 }).concurrency).toBe(8)
  })

  it('never puts a message that was too big for an event into an invocation', () => {
    const flow = new Scenario('sqs', { batchBytesMax: 100 }).open().page(messages([1], '', { bytes: 101 }))
    expect(flow.out('permit')).toEqual([])
    expect(flow.said('attemptFailed')).toMatchObject([{ outcome: { kind: 'oversize' }, next: { kind: 'visibility' } }])
  })

  it('lays what waits out again when the batch size changes', () => {
    const flow = new Scenario('sqs', { batchSize: 4 })
      .open()
      .page(messages([1, 2, 3, 4]))
      .configure({ batchSize: 2 })
    flow.run(() => ok)
    expect(flow.invocations()).toEqual([
      ['1', '2'],
      ['3', '4'],
    ])
  })

  it('lets the window go when it is shortened (floci#3155)', () => {
    const flow = new Scenario('sqs', { windowMs: 300_000 })
      .open()
      .page(messages([1]))
      .configure({ windowMs: 0 })
    expect(flow.permit().invocations()).toEqual([['1']])
  })

  it('sends what it has gathered when the process holds too much', () => {
    const flow = new Scenario('sqs', { windowMs: 300_000 })
      .open()
      .page(messages([1]))
      .allow(100)
      .after(1)
    expect(flow.permit().invocations()).toEqual([['1']])
  })

  it('keeps its window however much others hold, as long as it has room itself', () => {
    const flow = new Scenario('sqs', { windowMs: 300_000 })
      .open()
      .page(messages([1]))
      .allow(20_000)
      .after(1)
    expect(flow.said('permit')).toEqual([])
  })

  it('asks for as many messages as there is room for, and for one where there is none', () => {
    const flow = new Scenario('sqs', { batchSize: 10 }).open()
    flow.allow(650_000).page(messages([1, 2], '', { bytes: 100_000 }))
    expect(flow.said('read').map(({ recordsMax }) => recordsMax)).toEqual([10, 4])
    flow.permit().invoked(ok).settled().allow(0).page([]).after(1_000)
    expect(flow.said('read').at(-1)?.recordsMax).toBe(1)
  })
})

describe('the drain of a queue', () => {
  it('hands back what waits, settles the attempt that is out, and starts nothing', () => {
    const flow = new Scenario('sqs', { windowMs: 60_000, batchSize: 20, visibilityMs: 120_000 })
      .open()
      .page(messages([1]))
    flow
      .after(60_000)
      .permit()
      .page(messages([2]))
      .tell({ kind: 'draining', reason: 'stop' })
    expect(flow.out('release')).toMatchObject([{ records: [{ id: '2' }] }])
    expect(flow.said('cancel')).toHaveLength(1)
    flow.invoked(ok)
    expect(flow.out('settle')).toMatchObject([{ records: [{ id: '1' }] }])
    expect(flow.said('drained')).toEqual([])
  })

  it('hands back messages that a receive still brings, and a throttled batch, but never a failed one', () => {
    const late = new Scenario('sqs')
      .open()
      .tell({ kind: 'draining', reason: 'stop' })
      .page(messages([1]))
    expect(late.out('release')).toMatchObject([{ records: [{ id: '1' }] }])
    const held = new Scenario('sqs')
      .open()
      .page(messages([1]))
      .permit()
      .tell({ kind: 'draining', reason: 'stop' })
    expect(held.invoked(throttled).out('release')).toMatchObject([{ records: [{ id: '1' }] }])
    const failed = new Scenario('sqs')
      .open()
      .page(messages([1]))
      .permit()
      .tell({ kind: 'draining', reason: 'stop' })
    expect(failed.invoked(thrown).out('release')).toEqual([])
  })

  it('waits for the tries of an acknowledgement that was refused', () => {
    const flow = new Scenario('sqs')
      .open()
      .page(messages([1]))
      .permit()
      .tell({ kind: 'draining', reason: 'stop' })
    const [read] = flow.out('read')
    if (read !== undefined) flow.answer(read, { kind: 'cancelled', id: read.id })
    flow.invoked(ok).settled([0]).after(100)
    flow.settled([0])
    expect(flow.said('drained')).toEqual([])
    expect(deadline(flow.state).monoMs).toBe(300)
    expect(flow.after(200).settled().said('drained')).toHaveLength(1)
  })

  it('gives back a permit that comes too late', () => {
    const flow = new Scenario('sqs')
      .open()
      .page(messages([1]))
      .tell({ kind: 'draining', reason: 'stop' })
      .permit()
    expect(flow.said('giveBack')).toHaveLength(1)
    expect(flow.said('invoke')).toEqual([])
  })
})

describe('a receive that goes wrong', () => {
  // proves: fifo.attempt-id
  it('is repeated by name when its reply was lost, not after a throttle (behaviour §13.6)', () => {
    const flow = new Scenario('sqs-fifo').open()
    const lost = flow.out('read')[0]?.id
    flow.reads({ kind: 'failed', message: 'reset' }).after(10_000)
    expect(flow.out('read')[0]?.repeats).toBe(lost)
    flow.reads({ kind: 'throttled', message: '' }).after(10_000)
    expect(flow.out('read')[0]?.repeats).toBeNull()
  })

  it('is tried again after as long as the queue asks for, a minute at most', () => {
    const flow = new Scenario('sqs').open().reads({ kind: 'throttled', message: '', retryAfterMs: 20_000 })
    expect(flow.after(19_999).out('read')).toEqual([])
    expect(flow.after(1).out('read')).toHaveLength(1)
    flow.reads({ kind: 'throttled', message: '', retryAfterMs: 86_400_000 })
    expect(flow.after(59_999).out('read')).toEqual([])
    expect(flow.after(1).out('read')).toHaveLength(1)
  })

  it('is not repeated by name after five minutes', () => {
    const flow = new Scenario('sqs-fifo').open().after(1)
    flow.nowMs += 300_000
    flow.reads({ kind: 'failed', message: 'reset' })
    flow.nowMs += 300_000
    expect(flow.after(1).out('read')[0]?.repeats).toBeNull()
  })

  it('answers empty at once on a source without long polling and makes no tight loop', () => {
    const flow = new Scenario('sqs').open().page([])
    expect(flow.out('read')).toEqual([])
    expect(flow.after(10).out('read')).toHaveLength(1)
  })
})
