import { describe, expect, it } from 'vitest'
import type { FlowConfig } from '../../../src/core/flow/config.ts'
import { deadline } from '../../../src/core/flow/step.ts'
import { messages, ok, Scenario, throttled } from './scenario.ts'

const one = { policy: 'eager', flightsMax: 1, receivesMax: 5 } as const

/** One batch is with the function, another one waits for it. */
function busy(config: Partial<FlowConfig> = {}): Scenario {
  return new Scenario('sqs', { batchSize: 1, timeoutMs: 3_000, scaling: one, ...config })
    .open()
    .page(messages([1, 2]))
    .permit()
}

function ids(flow: Scenario, kind: 'release' | 'invoke'): string[] {
  return flow.said(kind).flatMap(({ records }) => records.map(({ id }) => id))
}

describe('the messages that a draining queue has received', () => {
  // proves: sqs.drain-attempts
  it.each(['disable', 'delete'] as const)('each get their attempt: %s', (reason) => {
    const flow = busy().tell({ kind: 'draining', reason })
    expect(flow.out('release')).toEqual([])
    flow.after(9_000).invoked(ok).settled().permit()
    expect(ids(flow, 'invoke')).toEqual(['1', '2'])
    flow.invoked(ok).settled()
    for (const read of flow.out('read')) flow.answer(read, { kind: 'cancelled', id: read.id })
    expect(flow.said('drained')).toHaveLength(1)
    expect(flow.said('read')).toHaveLength(1)
  })

  it('that nothing could start for 10 s are handed back', () => {
    const flow = busy().tell({ kind: 'draining', reason: 'disable' })
    expect(deadline(flow.state).receiptMonoMs).toBe(10_001)
    expect(flow.after(10_000).out('release')).toEqual([])
    expect(flow.after(1).out('release')).toMatchObject([{ records: [{ id: '2' }] }])
  })

  it('by a receive that was cancelled too late get it as well', () => {
    const flow = new Scenario('sqs')
      .open()
      .tell({ kind: 'draining', reason: 'delete' })
      .page(messages([1]))
    expect(flow.permit().invocations()).toEqual([['1']])
  })

  it('do not wait for their window', () => {
    const flow = new Scenario('sqs', { windowMs: 300_000, visibilityMs: 600_000 }).open().page(messages([1]))
    flow.tell({ kind: 'draining', reason: 'disable' })
    expect(flow.permit().invocations()).toEqual([['1']])
  })

  it('and that a throttle held up are tried again, and handed back in the end', () => {
    const flow = busy({ scaling: { ...one, flightsMax: 5 } }).permit()
    flow.tell({ kind: 'draining', reason: 'disable' }).invoked(throttled).invoked(ok).settled()
    for (const read of flow.out('read')) flow.answer(read, { kind: 'cancelled', id: read.id })
    expect(flow.said('drained')).toEqual([])
    flow.after(1_000).permit().invoked(throttled).after(10_000)
    expect(ids(flow, 'release')).toEqual(['1'])
  })

  it.each([
    { endsMs: 3_500, started: true, why: 'a run and its acknowledgement fit' },
    { endsMs: 3_499, started: false, why: 'they do not fit' },
    { endsMs: undefined, started: false, why: 'nobody says how long there is' },
  ])('are started by a stop that cuts off after $endsMs ms: $why', ({ endsMs, started }) => {
    const flow = busy({ scaling: { ...one, flightsMax: 5 } }).tell({ kind: 'draining', reason: 'stop', endsMs })
    flow.permit()
    expect(ids(flow, 'invoke')).toEqual(started ? ['1', '2'] : ['1'])
    expect(ids(flow, 'release')).toEqual(started ? [] : ['2'])
  })

  it('are measured by the longest run seen where nobody knows the timeout', () => {
    const draining = (endsMs: number): Scenario => {
      const flow = new Scenario('sqs', { timeoutMs: null })
        .open()
        .page(messages([1]))
        .permit()
      flow
        .after(2_000)
        .invoked(ok)
        .settled()
        .page(messages([2]))
      return flow.tell({ kind: 'draining', reason: 'stop', endsMs: flow.nowMs + endsMs })
    }
    expect(draining(2_500).permit().invocations()).toEqual([['1'], ['2']])
    expect(ids(draining(2_499), 'release')).toEqual(['2'])
  })

  it('go back when a run turns out longer than those before, and no other one fits into the rest', () => {
    const flow = new Scenario('sqs', { batchSize: 1, timeoutMs: null, scaling: { ...one, flightsMax: 3 } }).open()
    flow
      .page(messages([1]))
      .permit()
      .after(100)
      .invoked(ok)
      .settled()
    flow
      .page(messages([2]))
      .permit()
      .page(messages([3]))
    flow.tell({ kind: 'draining', reason: 'stop', endsMs: flow.nowMs + 3_000 })
    flow.after(2_000).invoked(ok).settled()
    expect(ids(flow, 'release')).toEqual(['3'])
  })

  it('are laid out anew by an update that comes while they wait', () => {
    const flow = busy({ batchSize: 2 }).page(messages([3, 4]))
    flow.tell({ kind: 'draining', reason: 'disable' })
    flow.configure({ batchSize: 1 }).invoked(ok).settled().permit()
    expect(flow.invocations()).toEqual([['1', '2'], ['3']])
  })

  it('go back when a stop comes while they are drained without haste', () => {
    const flow = busy().tell({ kind: 'draining', reason: 'disable' })
    flow.after(100).tell({ kind: 'draining', reason: 'stop', endsMs: 2_000 })
    expect(ids(flow, 'release')).toEqual(['2'])
  })
})
