import { describe, expect, it } from 'vitest'
import { messages, ok, Scenario, stream, thrown, throttled } from './scenario.ts'

const isNot =
  (...ids: string[]) =>
  (record: { readonly id: string }): boolean =>
    !ids.includes(record.id)

// proves: filter.update
describe('an update of the filters', () => {
  it('holds the waiting records of a shard against the new ones', () => {
    const flow = new Scenario('kinesis', { windowMs: 1_000 }).open().page(stream([1, 2, 3]))
    flow.configure({}, isNot('2'))
    expect(flow.said('filtered')).toMatchObject([{ records: [{ id: '2' }] }])
    flow.run(() => ok, 5_000)
    expect(flow.invocations()).toEqual([['1', '3']])
    expect(flow.lastCheckpoint()?.watermark).toBe('3')
  })

  it('holds what comes back from an attempt that was out against the new ones', () => {
    const flow = new Scenario('kinesis')
      .open()
      .page(stream([1, 2]))
      .permit()
    flow.configure({}, isNot('1')).invoked(thrown)
    flow.run(() => ok, 60_000)
    expect(flow.invocations()).toEqual([['1', '2'], ['2']])
  })

  it('acknowledges the waiting messages of a queue that match no more', () => {
    const flow = new Scenario('sqs', { windowMs: 1_000, batchSize: 100 }).open().page(messages([1, 2, 3]))
    flow.configure({}, isNot('1', '3'))
    const [settle] = flow.said('settle')
    expect(settle).toMatchObject({ why: 'filtered', records: [{ id: '1' }, { id: '3' }] })
    flow.settled().run(() => ok, 5_000)
    expect(flow.invocations()).toEqual([['2']])
  })
})

describe('an update that leaves the batches as they are', () => {
  it('does not begin the attempts of a waiting record anew', () => {
    const flow = new Scenario('kinesis', { retryAttemptsMax: 1 })
      .open()
      .page(stream([1]))
      .permit()
      .invoked(thrown)
    flow.configure({ recordAgeMsMax: 600_000 }).run(() => thrown, 60_000)
    expect(flow.discards()).toEqual([{ ids: ['1'], condition: 'RetryAttemptsExhausted', attempts: 2 }])
  })

  it('takes effect at the next attempt', () => {
    const flow = new Scenario('kinesis', { retryAttemptsMax: 5 })
      .open()
      .page(stream([1]))
      .permit()
      .invoked(thrown)
    flow.configure({ retryAttemptsMax: 0 }).run(() => thrown, 60_000)
    expect(flow.discards()).toMatchObject([{ attempts: 2 }])
  })

  it('leaves a throttled batch of a queue waiting for its turn', () => {
    const flow = new Scenario('sqs')
      .open()
      .page(messages([1]))
      .permit()
      .invoked(throttled)
    flow.configure({ retryAttemptsMax: 3 })
    expect(flow.out('permit')).toEqual([])
  })
})
