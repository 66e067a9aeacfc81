import { describe, expect, it } from 'vitest'
import { ok, Scenario, stream, thrown } from './scenario.ts'

const hourMs = 3_600_000
const dayMs = 24 * hourMs

/** A shard that keeps its records for a day, and whose clock began at 0. */
const shard = (changes: ConstructorParameters<typeof Scenario>[1] = {}): Scenario =>
  new Scenario('kinesis', { retentionMs: dayMs, ...changes }).open()

const trimmed = { kind: 'positionLost', reason: 'trimmed' }

describe('a source that reads on at its horizon without a word', () => {
  // proves: stream.trimmed
  it('is found out when it overtook what was read last: records in between may be lost', () => {
    const flow = shard().page(stream([1, 2]), { tip: false })
    flow.after(dayMs + hourMs)
    flow.page(stream([9], { arrivedMs: 2 * hourMs }), { tip: false })
    expect(flow.said('positionLost')).toMatchObject([{ ...trimmed, watermark: null }])
  })

  it('is found out after a restart too, by what the checkpoint says of the last record', () => {
    const before = shard().page(stream([1], { arrivedMs: hourMs }))
    before.permit().invoked(ok)
    expect(before.lastCheckpoint()).toMatchObject({ watermark: '1', arrivedMs: hourMs })
    const after = new Scenario('kinesis', { retentionMs: dayMs })
    after.nowMs = 3 * dayMs
    after.open(before.lastCheckpoint()).page(stream([9], { arrivedMs: 3 * dayMs - hourMs }), { tip: false })
    expect(after.said('positionLost')).toMatchObject([{ ...trimmed, watermark: '1' }])
  })

  it('is not suspected while the shard was quiet: the tip was seen since', () => {
    const flow = shard()
      .page(stream([1]))
      .run(() => ok)
    flow.after(2 * dayMs).page([])
    flow.after(hourMs).page(stream([2], { arrivedMs: 2 * dayMs + hourMs }))
    expect(flow.said('positionLost')).toEqual([])
  })

  it('is not suspected while what it serves is older still: it keeps more than it says', () => {
    const flow = shard().page(stream([1]), { tip: false })
    flow.after(dayMs + hourMs).page(stream([2], { arrivedMs: hourMs / 2 }), { tip: false })
    expect(flow.said('positionLost')).toEqual([])
  })

  it('is told of once, also where it did say so', () => {
    const flow = shard().page(stream([1]), { tip: false })
    flow.after(2 * dayMs).reads({ kind: 'trimmed', message: 'gone' })
    flow.after(10).page(stream([9], { arrivedMs: 2 * dayMs - hourMs }), { tip: false })
    expect(flow.said('positionLost')).toHaveLength(1)
  })
})

describe('records older than the retention', () => {
  it('are counted as lost when they grew so old while they were blocked', () => {
    const flow = shard().page(stream([1, 2]))
    flow
      .permit()
      .invoked(thrown)
      .after(dayMs + 1)
    expect(flow.said('dropped')).toMatchObject([
      { kind: 'dropped', records: [{ id: '1' }, { id: '2' }], reason: 'retention' },
    ])
  })
})
