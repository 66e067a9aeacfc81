import { describe, expect, it } from 'vitest'
import { ok, reported, Scenario, stream, throttled, throwsOn } from './scenario.ts'

describe('BisectBatchOnFunctionError', () => {
  const bisecting = { bisect: true, retryAttemptsMax: 1 }

  // proves: stream.bisect
  it('splits at the first failure, first half first, depth first, and retries only what is single (behaviour §4.5)', () => {
    const flow = new Scenario('dynamodb', bisecting)
      .open()
      .page(stream([1, 2, 3, 4]), { end: true })
      .run(throwsOn('2'))
    expect(flow.invocations()).toEqual([['1', '2', '3', '4'], ['1', '2'], ['1'], ['2'], ['2'], ['3', '4']])
    expect(flow.discards()).toEqual([{ ids: ['2'], condition: 'RetryAttemptsExhausted', attempts: 2 }])
  })

  // proves: stream.bisect
  it('gives the smaller half of an odd batch the first place: 3 becomes 1 and 2', () => {
    const flow = new Scenario('dynamodb', bisecting)
      .open()
      .page(stream([1, 2, 3]), { end: true })
      .run(throwsOn('3'))
    expect(flow.invocations()).toEqual([['1', '2', '3'], ['1'], ['2', '3'], ['2'], ['3'], ['3']])
  })

  // proves: stream.bisect.partial
  it('with a partial response goes on at the reported record, and splits when nothing has moved (behaviour §4.5)', () => {
    const flow = new Scenario('dynamodb', bisecting)
      .open()
      .page(stream([1, 2, 3, 4]), { end: true })
      .run((ids) => (ids.includes('2') ? reported(ids.indexOf('2')) : ok))
    expect(flow.invocations()).toEqual([['1', '2', '3', '4'], ['2', '3', '4'], ['2'], ['2'], ['3', '4']])
    expect(flow.discards()).toEqual([{ ids: ['2'], condition: 'RetryAttemptsExhausted', attempts: 2 }])
  })

  // proves: stream.bisect.throttle
  it('does not split for a throttle', () => {
    let throttles = 0
    const flow = new Scenario('dynamodb', bisecting).open().page(stream([1, 2]), { end: true })
    flow.run(() => (throttles++ < 3 ? throttled : ok))
    expect(flow.invocations()).toEqual([
      ['1', '2'],
      ['1', '2'],
      ['1', '2'],
      ['1', '2'],
    ])
    expect(flow.discards()).toEqual([])
  })

  it('isolates several poison records in one batch', () => {
    const flow = new Scenario('kinesis', { ...bisecting, retryAttemptsMax: 0, batchSize: 16 })
      .open()
      .page(stream(Array.from({ length: 16 }, (_, index) => index)), { end: true })
      .run(throwsOn('3', '4', '15'))
    expect(flow.discards().map(({ ids }) => ids)).toEqual([['3'], ['4'], ['15']])
    expect(flow.lastCheckpoint()).toMatchObject({ watermark: '15', done: true })
  })
})
