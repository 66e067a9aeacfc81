import { describe, expect, it } from 'vitest'
import type { WindowCheckpoint } from '../../../src/model/checkpoint.ts'
import { counted, ok, reportedWith, Scenario, stream, throttled, thrown } from './scenario.ts'

const tumbling = { tumblingMs: 10_000, windowIdleCloseMs: 120_000 }

/** A flow whose source's clock stands at `sourceMs` when it opens. */
function shardAt(sourceMs: number, changes = {}): Scenario {
  const flow = new Scenario('dynamodb', { ...tumbling, ...changes })
  flow.sourceOffsetMs = sourceMs
  return flow
}

const at = (id: number, arrivedMs: number): ReturnType<typeof stream> => stream([id], { arrivedMs })

describe('tumbling windows', () => {
  // proves: stream.tumbling.windows
  it('begin at multiples of their length and hand the state on (behaviour §4.7)', () => {
    const flow = shardAt(14_000, { batchSize: 1 })
      .open()
      .page([...at(1, 12_000), ...at(2, 13_000)])
    flow.permit().invoked(counted('{"n":1}')).permit()
    expect(flow.windows()).toMatchObject([
      { startMs: 10_000, endMs: 20_000, state: '{}', isFinal: false, isTerminatedEarly: false },
      { startMs: 10_000, endMs: 20_000, state: '{"n":1}', isFinal: false },
    ])
  })

  // proves: stream.tumbling.close
  it('end with a final invocation without records when a record of a later window shows up', () => {
    const flow = shardAt(21_000)
      .open()
      .page([...at(1, 12_000), ...at(2, 20_000)])
    flow.permit().invoked(counted('{"n":1}')).permit().invoked(ok).permit()
    expect(flow.invocations()).toEqual([['1'], [], ['2']])
    expect(flow.windows()).toMatchObject([
      { startMs: 10_000, isFinal: false },
      { startMs: 10_000, endMs: 20_000, state: '{"n":1}', isFinal: true, isTerminatedEarly: false },
      { startMs: 20_000, state: '{}', isFinal: false },
    ])
  })

  // proves: stream.tumbling.windows
  it('never mix two windows in one batch', () => {
    const flow = shardAt(31_000)
      .open()
      .page([...at(1, 19_999), ...at(2, 20_000), ...at(3, 30_000)], { end: true })
    flow.run(() => counted('{}'))
    expect(flow.invocations()).toEqual([['1'], [], ['2'], [], ['3'], []])
  })

  it('take a late record into the window that is open', () => {
    const flow = shardAt(21_000)
      .open()
      .page([...at(1, 20_000), ...at(2, 19_000)])
      .permit()
    expect(flow.invocations()).toEqual([['1', '2']])
    expect(flow.windows()).toMatchObject([{ startMs: 20_000 }])
  })

  // proves: stream.tumbling.close
  it('close at the tip 120 s after their end, not before', () => {
    const flow = shardAt(14_000).open().page(at(1, 12_000)).permit().invoked(counted('{"n":1}'))
    flow.checkpointed()
    for (let reads = 0; reads < 100_000 && flow.invocations().length === 1; reads++) {
      if (flow.out('read').length > 0) flow.page([])
      else if (flow.out('checkpoint').length > 0) flow.checkpointed()
      else if (flow.out('permit').length > 0) flow.permit()
      else flow.after(200)
    }
    expect(flow.windows().at(-1)).toMatchObject({ startMs: 10_000, state: '{"n":1}', isFinal: true })
    expect(flow.nowMs + flow.sourceOffsetMs).toBeGreaterThanOrEqual(140_000)
    expect(flow.nowMs + flow.sourceOffsetMs).toBeLessThan(140_500)
  })

  it('do not close on a look at the tip that is older than their end: the shard may hold more', () => {
    const flow = shardAt(14_000).open().page(at(1, 12_000)).permit()
    flow.after(10_000).reads({ kind: 'failed', message: 'down' })
    flow.after(300_000).invoked(counted('{"n":1}'))
    expect(flow.invocations()).toEqual([['1']])
  })

  it('do not close on an earlier look at the tip when the shard is behind again', () => {
    const flow = shardAt(14_000).open().page(at(1, 12_000)).permit().after(300_000).page([]).after(1_000)
    flow.page([], { tip: false }).invoked(counted('{"n":1}'))
    expect(flow.out('permit')).toEqual([])
  })

  it('close when their shard is gone from its source', () => {
    const flow = shardAt(14_000).open().page(at(1, 12_000)).permit().tell({ kind: 'shardGone', incarnation: 'life-1' })
    flow.run(() => counted('{"n":1}'))
    expect(flow.windows()).toMatchObject([{ isFinal: false }, { state: '{"n":1}', isFinal: true }])
    expect(flow.said('drained')).toHaveLength(1)
  })

  it('close when the stream lives anew', () => {
    const flow = shardAt(14_000).open().page(at(1, 12_000)).permit().invoked(counted('{"n":1}')).after(20)
    flow.reads({ kind: 'recreated', incarnation: 'life-2', message: '' }).permit()
    expect(flow.windows().at(-1)).toMatchObject({ startMs: 10_000, state: '{"n":1}', isFinal: true })
  })

  describe('under a batching window that is longer', () => {
    const gathering = { windowMs: 300_000 }

    it('send off at their edge what they gathered', () => {
      const flow = shardAt(14_000, gathering).open().page(at(1, 12_000), { tip: false }).page([]).after(200)
      for (let reads = 0; reads < 1_000 && flow.out('permit').length === 0; reads++) {
        if (flow.out('read').length > 0) flow.reads({ kind: 'failed', message: 'down' })
        else flow.after((flow.dueMs() ?? 0) - flow.nowMs)
      }
      expect(flow.nowMs).toBe(6_000)
    })

    it('send it off for a record of a later one, whatever the clock says', () => {
      const flow = shardAt(14_000, gathering)
        .open()
        .page([...at(1, 12_000), ...at(2, 20_000)])
      expect(flow.permit().invocations()).toEqual([['1']])
    })
  })

  // proves: stream.tumbling.early
  it('end early when the state outgrows 1 MB, and go on with an empty one', () => {
    const flow = shardAt(14_000, { batchSize: 1 })
      .open()
      .page([...at(1, 12_000), ...at(2, 13_000)])
    flow.permit().invoked(counted('{"big":1}', 1_048_577)).permit().invoked(ok).permit()
    expect(flow.invocations()).toEqual([['1'], [], ['2']])
    expect(flow.windows()).toMatchObject([
      { state: '{}' },
      { startMs: 10_000, state: '{"big":1}', isFinal: true, isTerminatedEarly: true },
      { startMs: 10_000, state: '{}', isFinal: false, isTerminatedEarly: false },
    ])
  })

  it('go on with a state of exactly 1 MB', () => {
    const flow = shardAt(14_000, { batchSize: 1 })
      .open()
      .page([...at(1, 12_000), ...at(2, 13_000)])
    flow.permit().invoked(counted('{"big":1}', 1_048_576)).permit()
    expect(flow.windows().at(-1)).toMatchObject({ state: '{"big":1}', isFinal: false })
  })

  it('end early once, also when that final invocation is given up in the middle of a bisected batch', () => {
    const flow = shardAt(14_000, { retryAttemptsMax: 0, bisect: true }).open()
    flow
      .page([...at(1, 12_000), ...at(2, 12_000), ...at(3, 12_000)])
      .permit()
      .invoked(thrown)
    flow.permit().invoked(counted('{"big":1}', 1_048_577)).permit().invoked(thrown)
    expect(flow.out('permit')).toEqual([])
    flow.discarded().permit()
    expect(flow.invocations()).toEqual([['1', '2', '3'], ['1'], [], ['2', '3']])
    expect(flow.windows().at(-1)).toMatchObject({ startMs: 10_000, state: '{}', isFinal: false })
  })

  it('carry the rest of a batch through an early end, also when the stream is made again meanwhile', () => {
    const flow = shardAt(14_000, { bisect: true }).open()
    flow
      .page([...at(1, 12_000), ...at(2, 12_000), ...at(3, 12_000)])
      .permit()
      .invoked(thrown)
    flow.permit().invoked(counted('{"big":1}', 1_048_577)).permit().after(1_000)
    flow.reads({ kind: 'recreated', incarnation: 'life-2', message: '' }).invoked(ok).permit()
    expect(flow.invocations()).toEqual([['1', '2', '3'], ['1'], [], ['2', '3']])
    expect(flow.windows().at(-1)).toMatchObject({ startMs: 10_000, state: '{}', isFinal: false })
  })

  it('end early when the state outgrows 1 MB in an attempt during which the stream was made again', () => {
    const flow = shardAt(14_000).open()
    flow.page([...at(1, 12_000), ...at(2, 12_000)]).permit()
    flow.after(1_000).reads({ kind: 'recreated', incarnation: 'life-2', message: '' })
    flow
      .invoked(reportedWith({ json: '{"big":1}', bytes: 1_048_577 }, 1))
      .after(1_000)
      .permit()
      .invoked(ok)
      .permit()
    expect(flow.invocations()).toEqual([['1', '2'], [], ['2']])
    expect(flow.windows().slice(1)).toMatchObject([
      { state: '{"big":1}', isFinal: true, isTerminatedEarly: true },
      { state: '{}', isFinal: false },
    ])
  })

  // proves: stream.tumbling.final-fails
  it('stop the shard while their final invocation fails, then give up the state with it', () => {
    const flow = shardAt(21_000, { retryAttemptsMax: 1 })
      .open()
      .page([...at(1, 12_000), ...at(2, 20_000)])
    flow.permit().invoked(counted('{"n":1}'))
    flow.permit().invoked(thrown).after(600).permit().invoked(thrown)
    expect(flow.said('discard')[0]).toMatchObject({
      records: [],
      condition: 'RetryAttemptsExhausted',
      attempts: 2,
      window: { startMs: 10_000, endMs: 20_000, state: '{"n":1}', isFinal: true },
    })
    flow.discarded().permit()
    expect(flow.windows().at(-1)).toMatchObject({ startMs: 20_000, state: '{}' })
  })

  it('are closed by their final invocation although MaximumRecordAge has passed since their end', () => {
    const flow = shardAt(14_000, { recordAgeMsMax: 60_000 }).open().page(at(1, 12_000)).permit()
    flow.invoked(counted('{"n":1}')).after(400_000).page([]).permit()
    expect(flow.windows().at(-1)).toMatchObject({ startMs: 10_000, state: '{"n":1}', isFinal: true })
    expect(flow.discards()).toEqual([])
  })

  // proves: stream.tumbling.final-fails
  it.each([
    ['fails', thrown],
    ['is throttled', throttled],
  ])('give up a final invocation that %s until MaximumRecordAge has passed since it was due', (_how, outcome) => {
    const flow = shardAt(21_000, { recordAgeMsMax: 60_000 })
      .open()
      .page([...at(1, 12_000), ...at(2, 20_000)])
      .permit()
      .invoked(counted('{"n":1}'))
    const dueMs = flow.nowMs
    for (let turn = 0; turn < 1_000 && flow.discards().length === 0; turn++) {
      if (flow.out('permit').length > 0) flow.permit().invoked(outcome)
      else flow.after(Math.max(1, (flow.dueMs() ?? 0) - flow.nowMs))
    }
    expect(flow.said('discard')).toMatchObject([
      { records: [], condition: 'RecordAgeExceeded', reply: outcome === thrown ? { requestId: 'request' } : null },
    ])
    expect(flow.nowMs - dueMs).toBe(60_001)
  })

  it('never send an event over 6 MB when their state has grown under a batch that is cut up', () => {
    const flow = shardAt(14_000, { batchBytesMax: 2_000_000 }).open()
    flow.page(stream([1, 2, 3, 4], { arrivedMs: 12_000, bytes: 450_000 })).permit()
    const reply = { requestId: 'q', statusCode: 200, executedVersion: '1', functionError: null }
    flow
      .invoked({ kind: 'partial', reply, failed: [1, 2, 3], state: { json: '{"n":1}', bytes: 1_000_000 } })
      .after(1_000)
      .permit()
      .invoked(counted('{"n":3}', 7))
      .permit()
    expect(flow.invocations()).toEqual([['1', '2', '3', '4'], ['2', '3'], ['4']])
    expect(flow.windows().at(-1)).toMatchObject({ state: '{"n":3}' })
  })

  // proves: stream.tumbling.close
  it('close at the end of the shard, before it counts as finished', () => {
    const flow = shardAt(14_000)
      .open()
      .page(at(1, 12_000), { end: true })
      .run(() => counted('{"n":1}'))
    expect(flow.invocations()).toEqual([['1'], []])
    expect(flow.lastCheckpoint()).toMatchObject({ done: true, window: null })
    expect(flow.said('finished')).toHaveLength(1)
  })

  it('are owed after a drain that came between the last record of a shard and their end', () => {
    const flow = shardAt(14_000).open().page(at(1, 12_000), { end: true }).permit()
    flow.tell({ kind: 'draining', reason: 'stop' }).invoked(counted('{"n":1}')).checkpointed()
    expect(flow.lastCheckpoint()).toMatchObject({ watermark: '1', window: { state: '{"n":1}' }, done: false })
    expect(flow.said('finished')).toEqual([])
    const next = shardAt(15_000).open(flow.lastCheckpoint()).page([], { end: true }).permit()
    expect(next.windows()).toMatchObject([{ startMs: 10_000, state: '{"n":1}', isFinal: true }])
  })

  it('keep the state of what went before a reported failure', () => {
    const flow = shardAt(14_000)
      .open()
      .page([...at(1, 12_000), ...at(2, 12_000)])
      .permit()
    const reply = { requestId: 'q', statusCode: 200, executedVersion: '1', functionError: null }
    flow
      .invoked({ kind: 'partial', reply, failed: [1], state: { json: '{"n":1}', bytes: 7 } })
      .after(1_000)
      .permit()
    expect(flow.windows().at(-1)).toMatchObject({ state: '{"n":1}' })
    expect(flow.checkpointed().lastCheckpoint()).toMatchObject({ watermark: '1', window: { state: '{"n":1}' } })
  })

  describe('after a restart', () => {
    const window: WindowCheckpoint = { startMs: 10_000, endMs: 20_000, state: '{"n":7}', phase: 'open' }
    const checkpoint = { incarnation: 'life-1', watermark: '7', completed: [], window, done: false }

    // proves: stream.tumbling.restart
    it('go on with the state of the checkpoint', () => {
      const flow = shardAt(15_000).open(checkpoint).page(at(8, 15_000)).permit()
      expect(flow.windows()).toMatchObject([{ startMs: 10_000, state: '{"n":7}', isFinal: false }])
    })

    it('leave room for a state that takes more bytes than characters', () => {
      const state = `{"n":"${'é'.repeat(1_000)}"}`
      const flow = shardAt(15_000, { batchBytesMax: 1_024 + 2_100 }).open({
        ...checkpoint,
        window: { ...window, state },
      })
      flow.page(stream([8, 9], { arrivedMs: 15_000, bytes: 60 })).permit()
      expect(flow.invocations()).toEqual([['8']])
    })

    // proves: stream.tumbling.restart
    it('make up for a final invocation that was owed', () => {
      const flow = shardAt(15_000)
        .open({ ...checkpoint, window: { ...window, phase: 'closing' } })
        .permit()
      expect(flow.windows()).toMatchObject([{ startMs: 10_000, state: '{"n":7}', isFinal: true }])
    })

    it.each([0, 5_000])('are closed when their length has changed meanwhile, here to %i ms', (tumblingMs) => {
      const flow = shardAt(15_000, { tumblingMs }).open(checkpoint).permit()
      expect(flow.invocations()).toEqual([[]])
      expect(flow.windows()).toMatchObject([{ startMs: 10_000, endMs: 20_000, state: '{"n":7}', isFinal: true }])
    })
  })
})
