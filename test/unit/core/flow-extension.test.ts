import { describe, expect, it } from 'vitest'
import type { FlowConfig } from '../../../src/core/flow/config.ts'
import { messages, ok, Scenario, thrown, throttled } from './scenario.ts'

const hourMs = 3_600_000

/** Two messages with the function, received at 0 with a visibility of 30 s. */
function running(changes: Partial<FlowConfig> = {}): Scenario {
  const flow = new Scenario('sqs', { extendsReceipts: true, visibilityMs: 30_000, ...changes })
  return flow
    .open()
    .page(messages([1, 2]))
    .permit()
}

/** What was asked so far: when it was due is what the test drives the clock to. */
function asked(flow: Scenario): { ids: string[]; visibilityMs: number }[] {
  return flow
    .said('extend')
    .map(({ records, visibilityMs }) => ({ ids: records.map((record) => record.id), visibilityMs }))
}

/** Lets the time pass up to the next thing that is due. */
function toDeadline(flow: Scenario): Scenario {
  const dueMs = flow.state.deadline.receiptMonoMs
  if (dueMs === null) throw new Error('nothing is due')
  return flow.after(dueMs - flow.nowMs)
}

describe('a receipt that is prolonged', () => {
  it('is asked for at half of what is left, by what a receive asks for, as often as it takes', () => {
    const flow = running()
    flow.after(14_999)
    expect(asked(flow)).toEqual([])
    flow.after(1)
    expect(asked(flow)).toEqual([{ ids: ['1', '2'], visibilityMs: 30_000 }])
    flow.extended()
    flow.after(14_999)
    expect(asked(flow)).toHaveLength(1)
    expect(flow.after(1).out('extend')).toHaveLength(1)
  })

  it('is asked for with the rest of its batch when the first of them is due', () => {
    const flow = new Scenario('sqs', { extendsReceipts: true, visibilityMs: 30_000, windowMs: 10_000 })
    flow
      .open()
      .page(messages([1]))
      .after(8_000)
      .page(messages([2]))
      .after(2_000)
      .permit()
    flow.after(4_999)
    expect(asked(flow)).toEqual([])
    expect(asked(flow.after(1))).toEqual([{ ids: ['1', '2'], visibilityMs: 30_000 }])
  })

  it('takes no request where nobody wants it', () => {
    const flow = running({ extendsReceipts: false })
    flow.after(29_999)
    expect(asked(flow)).toEqual([])
  })

  it('is asked for at once when somebody wants it in the middle of a run', () => {
    const flow = running({ extendsReceipts: false }).after(29_000)
    expect(asked(flow.configure({ extendsReceipts: true }))).toEqual([{ ids: ['1', '2'], visibilityMs: 30_000 }])
  })

  it('names the moment of the next extension as its deadline', () => {
    const flow = new Scenario('sqs', {
      extendsReceipts: true,
      scaling: { policy: 'eager', flightsMax: 1, receivesMax: 1 },
    })
    flow
      .open()
      .page(messages([1]))
      .permit()
    flow.reads({ kind: 'throttled', message: 'slow down', retryAfterMs: 60_000 })
    toDeadline(flow)
    expect([flow.nowMs, asked(flow).length]).toEqual([15_000, 1])
  })

  it('lasts from the question on, not from the answer', () => {
    const flow = running().after(15_000).after(4_000).extended().after(26_000).invoked(throttled)
    // Ours up to 40 s: 45 s less the margin.
    expect(flow.said('attemptFailed').at(-1)?.next).toEqual({ kind: 'visibility', inMs: 0 })
    const other = running().after(15_000).extended().after(23_000).invoked(throttled)
    expect(other.said('attemptFailed').at(-1)?.next.kind).toBe('retry')
  })

  it('keeps its end when it is refused, and is asked for again at half of what is left', () => {
    const flow = running().after(15_000).extended([0, 1])
    expect(flow.after(7_499).out('extend')).toEqual([])
    expect(flow.after(1).out('extend')).toHaveLength(1)
    flow.extended([1])
    // The first one has until 52.5 s, the second one still until 30 s.
    flow.after(3_750)
    expect(asked(flow).at(-1)).toEqual({ ids: ['1', '2'], visibilityMs: 30_000 })
  })

  it('is never asked for again after a refusal that would be repeated', () => {
    const flow = running().after(15_000).extended([0, 1], [0, 1])
    flow.after(hourMs)
    expect(asked(flow)).toHaveLength(1)
  })

  it('is not asked for once it has ended', () => {
    const flow = running().after(30_000)
    expect(asked(flow)).toEqual([])
    expect(flow.invoked(ok).out('settle')).toHaveLength(1)
  })

  it('lasts no longer than a queue hides a message after its receive', () => {
    const flow = running({ receiptMsMax: 50_400 }).after(15_000).extended().after(15_000)
    expect(asked(flow).at(-1)?.visibilityMs).toBe(20_000)
    flow.extended().after(hourMs)
    expect(asked(flow)).toHaveLength(2)
  })

  it('counts those hours from the question for the message', () => {
    const flow = new Scenario('sqs', { extendsReceipts: true, visibilityMs: 30_000, receiptMsMax: 50_000 })
    flow
      .open()
      .after(10_000)
      .page(messages([1]))
      .permit()
    flow.after(15_000)
    // 50 s after 0 s, when the receive was sent: 25 s more.
    expect(asked(flow)).toEqual([{ ids: ['1'], visibilityMs: 25_000 }])
  })

  it('starts a message that has waited for long, instead of handing it back', () => {
    const waited = (extendsReceipts: boolean): Scenario => {
      const flow = new Scenario('sqs', { extendsReceipts, visibilityMs: 30_000, timeoutMs: 20_000 })
      return flow
        .open()
        .page(messages([1]))
        .after(20_000)
        .permit()
    }
    expect(waited(false).said('release')).toHaveLength(1)
    expect(waited(true).invocations()).toEqual([['1']])
    expect(asked(waited(true))).toEqual([{ ids: ['1'], visibilityMs: 30_000 }])
  })

  it('goes on while a flow drains, which ends when the last answer is there', () => {
    const flow = running().tell({ kind: 'draining', reason: 'disable' }).after(15_000)
    expect(asked(flow)).toHaveLength(1)
    flow.invoked(ok).settled()
    for (const read of flow.out('read')) flow.answer(read, { kind: 'cancelled', id: read.id })
    expect(flow.said('drained')).toEqual([])
    expect(flow.extended().said('drained')).toHaveLength(1)
  })

  it('is handed back after the answer to its extension, which would hide it again', () => {
    const flow = running().after(15_000).tell({ kind: 'draining', reason: 'stop' }).invoked(throttled)
    expect(flow.said('release')).toEqual([])
    flow.extended()
    expect(flow.said('release').map(({ records }) => records.map(({ id }) => id))).toEqual([['1', '2']])
  })

  it('is not handed back where its end has come meanwhile', () => {
    const flow = running().after(15_000).tell({ kind: 'draining', reason: 'stop' }).invoked(throttled)
    expect(flow.after(20_000).extended([0, 1]).said('release')).toEqual([])
  })

  it('tells when a failed message is shown again, also where the answer comes after the failure', () => {
    const flow = running().after(15_000).extended().invoked(thrown)
    expect(flow.said('attemptFailed').at(-1)?.next).toEqual({ kind: 'visibility', inMs: 30_000 })
    const late = running().after(15_000).invoked(thrown).extended()
    expect(late.state.part.kind === 'queue' && [...late.state.part.hidden.values()]).toMatchObject([
      { untilMs: 45_000 },
      { untilMs: 45_000 },
    ])
  })

  it('is dropped without a word when somebody else owns the flow', () => {
    const flow = running().after(15_000).tell({ kind: 'leaseLost' })
    expect(flow.extended().commands.filter(({ kind }) => kind === 'release')).toEqual([])
  })

  it('waits where the visibility was made shorter, until something is gained', () => {
    const flow = running({ visibilityMs: 60_000 }).configure({ visibilityMs: 10_000 })
    flow.after(30_000)
    expect(asked(flow)).toEqual([])
    flow.after(24_999)
    expect(asked(flow)).toEqual([])
    expect(asked(flow.after(1))).toEqual([{ ids: ['1', '2'], visibilityMs: 10_000 }])
  })
})
