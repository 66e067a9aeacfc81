import { expect, it } from 'vitest'
import { inspectFlow } from '../../../src/core/flow/inspection.ts'
import { ok, Scenario, stream, thrown } from './scenario.ts'

const arrivals = (flow: Scenario) =>
  inspectFlow(flow.state, flow.config, { monoMs: flow.nowMs, receiptMonoMs: flow.nowMs }).arrivals

it('what is shown of a shard: when its oldest unresolved record arrived, and the last one of the batch in hand', () => {
  const flow = new Scenario('kinesis', { batchSize: 2 }).open()
  expect(arrivals(flow)).toEqual({ oldestMs: null, batchMs: null })
  flow.page([1, 2, 3].flatMap((id) => stream([id], { arrivedMs: id * 100 })))
  flow.permit()
  expect(arrivals(flow)).toEqual({ oldestMs: 100, batchMs: 200 })
  // It waits for its next attempt: the same as while it was out.
  flow.invoked(thrown)
  expect(arrivals(flow)).toEqual({ oldestMs: 100, batchMs: 200 })
  flow.after(1_000).permit().invoked(ok)
  expect(arrivals(flow)).toEqual({ oldestMs: 300, batchMs: 300 })
  flow.permit().invoked(ok)
  expect(arrivals(flow)).toEqual({ oldestMs: null, batchMs: null })
})

it('of several slots the one that is furthest behind counts', () => {
  const flow = new Scenario('kinesis', { slots: 2 }).open()
  flow.page([...stream([1], { arrivedMs: 100, orderHash: 0 }), ...stream([2], { arrivedMs: 200, orderHash: 1 })])
  flow.permit().permit()
  expect(arrivals(flow)).toEqual({ oldestMs: 100, batchMs: 100 })
  flow.invoked(thrown).invoked(ok)
  expect(arrivals(flow)).toEqual({ oldestMs: 100, batchMs: 100 })
})
