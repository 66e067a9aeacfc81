import { describe, expect, it } from 'vitest'
import { deadline } from '../../../src/core/flow/step.ts'
import { messages, ok, Scenario, stream, thrown } from './scenario.ts'

function advance(flow: Scenario, ms: number): Scenario {
  flow.aheadMs += ms
  return flow.after(0)
}

describe('a clock that is moved ahead', () => {
  it('ends a batching window', () => {
    const flow = new Scenario('sqs', { windowMs: 60_000, visibilityMs: 120_000 }).open().page(messages([1]))
    expect(flow.out('permit')).toEqual([])
    expect(advance(flow, 60_000).out('permit')).toHaveLength(1)
  })

  it('ends the pause before a retry', () => {
    const flow = new Scenario('kinesis')
      .open()
      .page(stream([1]))
      .permit()
      .invoked(thrown)
    expect(flow.out('permit')).toEqual([])
    expect(advance(flow, 30_000).out('permit')).toHaveLength(1)
  })

  it('ends no receipt: the queue does not know of it', () => {
    const flow = new Scenario('sqs', { visibilityMs: 30_000 }).open().page(messages([1]))
    advance(flow, 3_600_000)
    expect(flow.permit().invoked(ok).out('settle')).toHaveLength(1)
    expect(flow.said('dropped')).toEqual([])
  })

  it('leaves the end of what is held in an outage to the clock of receipts', () => {
    const flow = new Scenario('sqs', { visibilityMs: 30_000 })
      .open()
      .page(messages([1]))
      .permit()
    advance(flow, 3_600_000).invoked({ kind: 'notRun', reason: 'unreachable', message: 'no connection' })
    // Nobody answers the look: only the receipt's own end is left to wait for.
    flow.after(250)
    expect(deadline(flow.state)).toEqual({ monoMs: null, receiptMonoMs: 25_000 })
    expect(flow.after(24_750).said('dropped')).toMatchObject([{ reason: 'visibility' }])
  })

  it('prolongs no receipt before its time', () => {
    const flow = new Scenario('sqs', { visibilityMs: 30_000, extendsReceipts: true })
      .open()
      .page(messages([1]))
      .permit()
    expect(advance(flow, 20_000).out('extend')).toEqual([])
    expect(flow.after(15_000).out('extend')).toHaveLength(1)
  })

  it('makes records look older for the mapping, and not for what the source keeps', () => {
    const old = new Scenario('kinesis', { recordAgeMsMax: 60_000, retentionMs: 86_400_000 }).open().page(stream([1]))
    advance(old, 90_000_000)
    expect(old.permit().discards()).toMatchObject([{ condition: 'RecordAgeExceeded' }])
    expect(old.said('dropped')).toEqual([])
  })
})
