import { describe, expect, it } from 'vitest'
import type { FlowConfig } from '../../../src/core/flow/config.ts'
import type { FlowEvent } from '../../../src/core/flow/messages.ts'
import { inspectFlow } from '../../../src/core/flow/inspection.ts'
import type { NotRunReason, Outcome } from '../../../src/model/invocation.ts'
import { messages, ok, Scenario, thrown, throttled } from './scenario.ts'

const notRun = (reason: NotRunReason): Outcome => ({ kind: 'notRun', reason, message: reason })
const unreachable = notRun('unreachable')

type Answer = Extract<FlowEvent, { kind: 'looked' }>['answer']

function looked(flow: Scenario, answer: Answer): Scenario {
  const [look] = flow.out('look')
  if (look === undefined) throw new Error('no look is out')
  return flow.answer(look, { kind: 'looked', id: look.id, answer })
}

/** One message was refused by a function that is not there. */
function refused(reason: NotRunReason = 'unreachable', config: Partial<FlowConfig> = {}): Scenario {
  return new Scenario('sqs', { batchSize: 1, ...config })
    .open()
    .page(messages([1]))
    .permit()
    .invoked(notRun(reason))
}

function cancelReads(flow: Scenario): Scenario {
  for (const read of flow.out('read')) flow.answer(read, { kind: 'cancelled', id: read.id })
  return flow
}

describe('a queue whose function cannot be invoked', () => {
  it.each(['unreachable', 'missing', 'noLambda', 'denied'] as const)('receives nothing more: %s', (reason) => {
    const flow = refused(reason)
    expect(flow.said('functionTrouble')).toMatchObject([{ trouble: reason }])
    expect(flow.said('attemptFailed').at(-1)?.next).toEqual({ kind: 'answer' })
    expect(flow.said('cancel').map(({ id }) => id)).toEqual(flow.out('read').map(({ id }) => id))
    expect(cancelReads(flow).after(20_000).out('read')).toEqual([])
    expect(inspectFlow(flow.state, flow.config, { monoMs: flow.nowMs, receiptMonoMs: flow.nowMs }).outage).toBe(reason)
  })

  it.each(['throttled', 'unavailable'] as const)('goes on receiving where that is a matter of time: %s', (reason) => {
    const flow = refused(reason)
    expect(flow.said('functionTrouble')).toEqual([])
    expect(flow.out('read')).not.toEqual([])
  })

  it('is looked at after 250 ms, doubling to 2 s, as long as nobody is there', () => {
    const flow = cancelReads(refused())
    const at: number[] = []
    for (let count = 0; count < 6; count++) {
      while (flow.out('look').length === 0) flow.after(50)
      at.push(flow.nowMs)
      looked(flow, 'unreachable')
    }
    expect(at.slice(1).map((moment, index) => moment - (at[index] ?? 0))).toEqual([500, 1_000, 2_000, 2_000, 2_000])
    expect(at[0]).toBe(250)
    expect(flow.out('permit')).toEqual([])
  })

  it('is tried at once with what is held when a look says that it answers, and goes on when it does', () => {
    const flow = new Scenario('sqs', { batchSize: 1 }).open().page(messages([1, 2, 3]))
    flow.permit().permit().permit().invoked(unreachable).invoked(unreachable).invoked(unreachable)
    cancelReads(flow).after(250)
    expect(looked(flow, 'answers').out('permit')).toHaveLength(1)
    expect(flow.out('read')).toEqual([])
    flow.permit().invoked(thrown)
    expect(flow.said('functionHealthy')).toHaveLength(1)
    expect(flow.out('permit')).toHaveLength(2)
    expect(flow.out('read')).not.toEqual([])
    expect(flow.run(() => ok, 0).invocations()).toHaveLength(6)
  })

  it.each<[NotRunReason, Answer]>([
    ['unreachable', 'unknown'],
    ['missing', 'unknown'],
    // Who may look may still not be allowed to invoke.
    ['denied', 'answers'],
  ])('is tried at a growing pace where no look tells: %s, %s', (reason, answer) => {
    const flow = cancelReads(refused(reason, { visibilityMs: 600_000 }))
    const at = [flow.nowMs]
    for (let count = 0; count < 8; count++) {
      while (flow.out('permit').length === 0) {
        if (flow.out('look').length > 0) looked(flow, answer)
        flow.after(50)
      }
      at.push(flow.nowMs)
      flow.permit().invoked(notRun(reason))
    }
    const pauses = at.slice(1).map((moment, index) => Math.round((moment - (at[index] ?? 0)) / 1_000))
    expect(pauses).toEqual([1, 2, 4, 8, 16, 30, 30, 30])
  })

  it('is believed to answer only once: what refuses after that is tried at the same pace', () => {
    const flow = cancelReads(refused()).after(250)
    looked(flow, 'answers').permit().invoked(unreachable).after(250)
    expect(looked(flow, 'answers').out('permit')).toEqual([])
    expect(flow.after(1_749).out('permit')).toEqual([])
    expect(flow.after(1).out('permit')).toHaveLength(1)
  })

  it('an endpoint that can be reached again is tried, whatever it says of the function', () => {
    const flow = cancelReads(refused('unreachable')).after(250)
    expect(looked(flow, 'missing').out('permit')).toHaveLength(1)
  })

  it('receives one message to try it when nothing is held any more, and only then', () => {
    const flow = cancelReads(refused('unreachable', { visibilityMs: 10_000 })).after(250)
    looked(flow, 'unreachable').after(8_000)
    expect(flow.said('dropped')).toMatchObject([{ records: [{ id: '1' }], reason: 'visibility' }])
    while (flow.out('look').length === 0) flow.after(100)
    expect(looked(flow, 'answers').out('read')).toMatchObject([{ recordsMax: 1 }])
    flow
      .page(messages([2]))
      .permit()
      .invoked(ok)
    expect(flow.said('functionHealthy')).toHaveLength(1)
    expect(flow.out('read')[0]?.recordsMax).toBeGreaterThan(1)
  })

  it('tries nothing else meanwhile: a permit that comes is given back, a batch that is refused as well changes nothing', () => {
    const flow = new Scenario('sqs', { batchSize: 1 })
      .open()
      .page(messages([1, 2, 3]))
      .permit()
      .permit()
    flow.invoked(unreachable).permit().invoked(unreachable)
    expect(flow.said('giveBack')).toHaveLength(1)
    expect(flow.said('functionTrouble')).toHaveLength(1)
    expect(flow.out('invoke')).toEqual([])
  })

  it('keeps its concurrency for the time after it', () => {
    const flow = refused()
    expect(inspectFlow(flow.state, flow.config, { monoMs: flow.nowMs, receiptMonoMs: flow.nowMs }).concurrency).toBe(5)
  })

  it('a throttle in place of a success ends it too', () => {
    const flow = cancelReads(refused()).after(250)
    looked(flow, 'answers').permit().invoked(throttled)
    expect(flow.said('functionHealthy')).toHaveLength(1)
  })

  it('begins so when nobody was reached before it began', () => {
    const flow = new Scenario('sqs', { unreachable: true }).open()
    expect(flow.out('read')).toEqual([])
    expect(looked(flow, 'answers').out('read')).toMatchObject([{ recordsMax: 1 }])
  })

  it('a drain hands back what is held, and waits for no look', () => {
    const flow = cancelReads(refused()).after(250).tell({ kind: 'draining', reason: 'disable' })
    expect(flow.out('release')).toMatchObject([{ records: [{ id: '1' }] }])
    const [look] = flow.out('look')
    expect(flow.said('cancel').at(-1)?.id).toBe(look?.id)
  })

  it('a shard does not know of it: its records wait without harm', () => {
    const flow = new Scenario('kinesis').open()
    flow.run(() => unreachable, 0)
    expect(flow.said('functionTrouble')).toEqual([])
  })
})
