import { describe, expect, it } from 'vitest'
import { ok, Scenario, stream } from './scenario.ts'

/** A moment of no whole minute, by which the mapping was made. */
const createdMs = 1_700_000_045_000
const minuteMs = 60_000
const latest = { startFrom: { at: 'latest' }, skipBeforeMs: createdMs } as const

describe('a shard read from the end that it had when the mapping was made', () => {
  const at = (id: number, arrivedMs: number) => stream([id], { arrivedMs })

  // proves: stream.start.latest@DynamoDB
  it('begins at the horizon where that end is not known, and skips what is older', () => {
    const flow = new Scenario('dynamodb', latest).open()
    expect(flow.out('read')[0]?.from).toEqual({ at: 'latest' })
    flow.page([...at(1, createdMs - 1), ...at(2, createdMs), ...at(3, createdMs + 1)], { end: true }).run(() => ok)
    expect(flow.invocations().flat()).toEqual(['2', '3'])
    expect(flow.lastCheckpoint()).toMatchObject({ watermark: '3', done: true })
  })

  it('skips nothing that is stamped to the minute, as DynamoDB Local does, and may be younger', () => {
    const minute = createdMs - (createdMs % minuteMs)
    const flow = new Scenario('dynamodb', latest).open()
    flow.page([...at(1, minute - minuteMs), ...at(2, minute), ...at(3, minute + 1_000)], { end: true }).run(() => ok)
    expect(flow.invocations().flat()).toEqual(['2'])
  })

  it('skips nothing behind the end that was held, whatever it is stamped with', () => {
    const flow = new Scenario('dynamodb', latest).open()
    flow
      .page([], { fromKeptEnd: true })
      .after(1_000)
      .page(at(1, createdMs - 5_000), { fromKeptEnd: true })
    flow
      .after(1_000)
      .page(at(2, createdMs - 4_000), { end: true })
      .run(() => ok)
    expect(flow.invocations().flat()).toEqual(['1', '2'])
  })

  it('skips again once its position was lost and it is read from the horizon', () => {
    const flow = new Scenario('dynamodb', latest).open()
    flow.page(at(5, createdMs), { fromKeptEnd: true }).after(1_000).reads({ kind: 'trimmed', message: '' })
    flow
      .after(1_000)
      .page([...at(1, createdMs - 6_000), ...at(6, createdMs)], { end: true })
      .run(() => ok)
    expect(flow.invocations().flat()).toEqual(['5', '6'])
  })

  it('skips again once that end is lost before the first record', () => {
    const flow = new Scenario('dynamodb', latest).open()
    flow
      .page([], { fromKeptEnd: true })
      .after(1_000)
      .page([...at(1, createdMs - 6_000), ...at(2, createdMs)], { end: true })
      .run(() => ok)
    expect(flow.invocations().flat()).toEqual(['2'])
  })
})
