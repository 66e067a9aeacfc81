import { describe, expect, it } from 'vitest'
import { deadline } from '../../../src/core/flow/step.ts'
import type { Outcome } from '../../../src/model/invocation.ts'
import { createPrng } from '../../sim/prng.ts'
import { ok, reported, Scenario, stream, thrown, throttled, throwsOn } from './scenario.ts'

describe('retries of a stream batch', () => {
  // proves: stream.retry.attempts
  it.each([0, 1, 2])(
    'invoke a failing batch MaximumRetryAttempts + 1 times, here %i + 1 (behaviour §4.4)',
    (retries) => {
      const flow = new Scenario('kinesis', { retryAttemptsMax: retries }).open().page(stream([1, 2]), { end: true })
      flow.run(throwsOn('1'))
      expect(flow.invocations()).toHaveLength(retries + 1)
      expect(flow.discards()).toEqual([{ ids: ['1', '2'], condition: 'RetryAttemptsExhausted', attempts: retries + 1 }])
      expect(flow.said('invoke').map((invoke) => invoke.attempt)).toEqual(
        Array.from({ length: retries + 1 }, (_, index) => index + 1),
      )
    },
  )

  // proves: stream.partial.budget
  it('give what remains after a reported failure a budget of its own (behaviour §4.6: 6 is seen five times)', () => {
    const flow = new Scenario('kinesis', { retryAttemptsMax: 3 }).open().page(stream([4, 5, 6]), { end: true })
    flow.run((ids) => (ids.includes('6') ? reported(ids.indexOf('6')) : ok))
    expect(flow.invocations()).toEqual([['4', '5', '6'], ['6'], ['6'], ['6'], ['6']])
    expect(flow.discards()).toEqual([{ ids: ['6'], condition: 'RetryAttemptsExhausted', attempts: 4 }])
  })

  // proves: stream.partial.lowest
  it('retry everything from the lowest reported record, later successes included (behaviour §4.6)', () => {
    const flow = new Scenario('kinesis', { retryAttemptsMax: 1 }).open().page(stream([1, 2, 3, 4]), { end: true })
    flow.run((ids) => (ids.includes('2') ? reported(ids.indexOf('2')) : ok))
    expect(flow.invocations()).toEqual([
      ['1', '2', '3', '4'],
      ['2', '3', '4'],
      ['2', '3', '4'],
    ])
    expect(flow.discards()).toEqual([{ ids: ['2', '3', '4'], condition: 'RetryAttemptsExhausted', attempts: 2 }])
  })

  // proves: stream.partial.lowest
  it('take the lowest of several reported records', () => {
    const flow = new Scenario('kinesis')
      .open()
      .page(stream([1, 2, 3, 4]))
      .permit()
      .invoked(reported(1, 3))
    flow.after(1_000).permit()
    expect(flow.invocations()).toEqual([
      ['1', '2', '3', '4'],
      ['2', '3', '4'],
    ])
  })

  // proves: stream.retry.throttle
  it('are not spent by throttles', () => {
    const outcomes: Outcome[] = [throttled, throttled, thrown, throttled, thrown]
    const flow = new Scenario('kinesis', { retryAttemptsMax: 1 }).open().page(stream([1]), { end: true })
    flow.run(() => outcomes.shift() ?? ok)
    expect(flow.said('invoke').map((invoke) => invoke.attempt)).toEqual([1, 1, 1, 2, 2])
    expect(flow.discards()).toEqual([{ ids: ['1'], condition: 'RetryAttemptsExhausted', attempts: 2 }])
  })

  // proves: stream.retry.backoff
  it('wait 1 s, 2 s, 4 s … up to 30 s, and of that 55 % at middling luck (behaviour §11.1)', () => {
    const flow = new Scenario('kinesis', { retryAttemptsMax: 7 }).open().page(stream([1]), { end: true })
    flow.run(() => thrown)
    const pauses = flow.said('attemptFailed').flatMap(({ next }) => (next.kind === 'retry' ? [next.inMs] : []))
    expect(pauses).toEqual([550, 1_100, 2_200, 4_400, 8_800, 16_500, 16_500])
  })

  // proves: stream.retry.backoff
  it('make eight attempts within the 60 s of a record age, in nearly every draw (behaviour §4.4: as on AWS)', () => {
    const prng = createPrng(17)
    const draws = 2_000
    const counts = new Map<number, number>()
    for (let draw = 0; draw < draws; draw += 1) {
      const flow = new Scenario('kinesis', { recordAgeMsMax: 60_000 })
      flow.jitter = () => prng.next()
      flow.open().page(stream([1]), { end: true })
      flow.run(() => thrown)
      const [discard] = flow.discards()
      expect(discard?.condition).toBe('RecordAgeExceeded')
      const attempts = discard?.attempts ?? 0
      counts.set(attempts, (counts.get(attempts) ?? 0) + 1)
    }
    expect([...counts.keys()].every((attempts) => attempts === 8 || attempts === 9)).toBe(true)
    expect(counts.get(8) ?? 0).toBeGreaterThan(draws * 0.95)
  })

  it('wait as long as the throttle asks', () => {
    const flow = new Scenario('kinesis')
      .open()
      .page(stream([1]))
      .permit()
    flow.invoked({ ...throttled, retryAfterMs: 5_000 } as Outcome)
    expect(flow.after(4_999).out('permit')).toEqual([])
    expect(flow.after(1).out('permit')).toHaveLength(1)
  })

  it('wait a minute at most, whatever a throttle asks for', () => {
    const flow = new Scenario('kinesis')
      .open()
      .page(stream([1]))
      .permit()
    flow.invoked({ ...throttled, retryAfterMs: 86_400_000 } as Outcome)
    expect(flow.after(59_999).out('permit')).toEqual([])
    expect(flow.after(1).out('permit')).toHaveLength(1)
  })

  // proves: stream.retry.blocks
  it('keep the shard waiting: nothing behind a failing batch runs', () => {
    const flow = new Scenario('kinesis', { batchSize: 1 })
      .open()
      .page(stream([1, 2]))
      .permit()
      .invoked(thrown)
    flow.after(10_000).permit()
    expect(flow.invocations()).toEqual([['1'], ['1']])
  })

  // proves: stream.discard-order
  it('keep the slot locked until the failure record is delivered', () => {
    const flow = new Scenario('kinesis', { batchSize: 1, retryAttemptsMax: 0 })
      .open()
      .page(stream([1, 2]))
      .permit()
    flow.invoked(thrown)
    expect(flow.out('permit')).toEqual([])
    expect(flow.discarded().permit().invocations()).toEqual([['1'], ['2']])
  })

  // proves: destination.delivery
  it('count records whose failure record could not be delivered as dropped', () => {
    const flow = new Scenario('kinesis', { retryAttemptsMax: 0 })
      .open()
      .page(stream([1, 2]))
      .permit()
      .invoked(thrown)
    expect(flow.discarded('undeliverable').said('dropped')).toMatchObject([
      { kind: 'dropped', records: [{ id: '1' }, { id: '2' }], reason: 'undeliverable' },
    ])
  })

  it('hand the last reply to the failure record, and none when the answer was lost', () => {
    const flow = new Scenario('kinesis', { retryAttemptsMax: 0 })
      .open()
      .page(stream([1]))
      .permit()
    flow.invoked({ kind: 'failed', reply: null, errorType: 'Sandbox.Timedout', message: '' })
    expect(flow.said('discard')[0]).toMatchObject({ attempts: 1, reply: null })
  })

  it('start at zero again for what an update has laid out anew, in the new batch size', () => {
    const flow = new Scenario('kinesis', { batchSize: 4, bisect: true })
      .open()
      .page(stream([1, 2, 3, 4]))
      .permit()
    flow.invoked(thrown).permit().configure({ batchSize: 1 }).invoked(ok)
    flow.run(() => ok)
    expect(flow.invocations()).toEqual([['1', '2', '3', '4'], ['1', '2'], ['3'], ['4']])
  })
})

describe('MaximumRecordAgeInSeconds', () => {
  // proves: stream.age.window
  it('are no matter for a record that grows too old in its batching window: it is given up before the window ends', () => {
    const flow = new Scenario('kinesis', { recordAgeMsMax: 60_000, windowMs: 300_000 }).open()
    flow.page(stream([1, 2], { arrivedMs: 0 }))
    flow.after(30_000).page(stream([3], { arrivedMs: 30_000 }))
    expect(flow.after(30_000).discards()).toEqual([])
    expect(deadline(flow.state).monoMs).toBe(60_001)
    expect(flow.after(1).discards()).toEqual([{ ids: ['1', '2'], condition: 'RecordAgeExceeded', attempts: 1 }])
    // The younger one goes on waiting for its own window, and is too old before it as well.
    flow.discarded().checkpointed()
    expect(flow.invocations()).toEqual([])
    flow.after(30_000)
    expect(flow.discards().slice(1)).toEqual([{ ids: ['3'], condition: 'RecordAgeExceeded', attempts: 1 }])
    flow.discarded()
    expect([flow.invocations(), flow.lastCheckpoint()?.watermark]).toEqual([[], '3'])
  })

  it('are no matter in a tumbling window either: what is too old opens none', () => {
    const flow = new Scenario('dynamodb', { recordAgeMsMax: 60_000, windowMs: 300_000, tumblingMs: 900_000 }).open()
    flow
      .page(stream([1], { arrivedMs: 0 }))
      .after(60_001)
      .discarded()
    expect(flow.discards()).toEqual([{ ids: ['1'], condition: 'RecordAgeExceeded', attempts: 1 }])
    expect([flow.invocations(), flow.lastCheckpoint()?.window]).toEqual([[], null])
  })

  // proves: stream.age
  it('cuts out the records that are too old and delivers the rest (behaviour §4.4)', () => {
    const flow = new Scenario('kinesis', { recordAgeMsMax: 60_000 }).open()
    flow.sourceOffsetMs = 60_001
    const old = stream([1], { arrivedMs: 0 })
    flow.page([...old, ...stream([2, 3], { arrivedMs: 60_000 })], { end: true }).run(() => ok)
    expect(flow.discards()).toEqual([{ ids: ['1'], condition: 'RecordAgeExceeded', attempts: 1 }])
    expect(flow.invocations()).toEqual([['2', '3']])
    expect(flow.said('discard')[0]?.reply).toBeNull()
  })

  // proves: stream.age
  it('ends retries that would go on for ever', () => {
    const flow = new Scenario('kinesis', { recordAgeMsMax: 60_000 }).open().page(stream([1]), { end: true })
    flow.run(() => thrown)
    expect(flow.discards()).toMatchObject([{ ids: ['1'], condition: 'RecordAgeExceeded' }])
    expect(flow.nowMs).toBe(60_001)
  })

  // proves: stream.retention
  it('names the last attempt that there was, so that the function can be asked for it', () => {
    const flow = new Scenario('kinesis', { recordAgeMsMax: 60_000 }).open().page(stream([1]))
    flow.permit().invoked(thrown).after(60_001)
    expect(flow.said('discard')).toMatchObject([
      { condition: 'RecordAgeExceeded', attempts: 1, reply: { requestId: 'request' } },
    ])
  })

  it('drops and counts what the source no longer keeps', () => {
    const flow = new Scenario('kinesis', { retentionMs: 60_000 }).open().page(stream([1, 2]), { end: true })
    flow.run(() => thrown)
    expect(flow.said('dropped')).toMatchObject([
      { kind: 'dropped', records: [{ id: '1' }, { id: '2' }], reason: 'retention' },
    ])
    expect(flow.lastCheckpoint()).toMatchObject({ watermark: '2', done: true })
  })
})

describe('a batch whose records are all too old', () => {
  it('makes room for the next one at once', () => {
    const flow = new Scenario('kinesis', { retentionMs: 60_000, batchSize: 1 }).open()
    flow.sourceOffsetMs = 60_001
    flow.page([...stream([1, 2]), ...stream([3], { arrivedMs: 60_000 })])
    expect(flow.said('dropped')).toHaveLength(2)
    expect(flow.permit().invocations()).toEqual([['3']])
  })
})

describe('a record that no event can carry', () => {
  // proves: stream.oversize
  it.each([0, 2])('is never invoked and spends its retries, here %i (behaviour §4.2)', (retries) => {
    const flow = new Scenario('kinesis', { retryAttemptsMax: retries, batchBytesMax: 100 }).open()
    flow.page([...stream([1]), ...stream([2], { bytes: 101 }), ...stream([3])], { end: true }).run(() => ok)
    expect(flow.invocations()).toEqual([['1'], ['3']])
    expect(flow.discards()).toEqual([{ ids: ['2'], condition: 'RetryAttemptsExhausted', attempts: retries + 1 }])
    expect(flow.said('attemptFailed').every(({ outcome }) => outcome.kind === 'oversize')).toBe(true)
  })
})
