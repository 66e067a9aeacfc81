import { describe, expect, it } from 'vitest'
import { createMonotonicTime } from '../../../src/engine/boot-time.ts'
import { messages, ok, Scenario } from '../../unit/core/scenario.ts'

describe('after a jump of the clock', () => {
  // proves: sqs.receipts-expire
  it('a batch that waited for its permit is not invoked with receipts that have run out, nor deleted', () => {
    const flow = new Scenario('sqs').open().page(messages([1]))
    flow.nowMs += 600_000
    flow.permit()
    expect(flow.invocations()).toEqual([])
    expect(flow.said('giveBack')).toHaveLength(1)
    expect(flow.said('settle')).toEqual([])
    flow.page(messages([1])).run(() => ok, 0)
    expect(flow.invocations()).toEqual([['1']])
  })

  it.each([-3_600_000, 3_600_000])('of the wall alone (%i ms) nothing is given up', (stepMs) => {
    const flow = new Scenario('sqs').open().page(messages([1]))
    flow.sourceOffsetMs += stepMs
    flow.permit()
    expect(flow.invocations()).toEqual([['1']])
  })

  it('the time in which the machine was asleep counts, and the grain of its counting does not', () => {
    const machine = { bootS: 5_000, awakeMs: 40 }
    const monoMs = createMonotonicTime({ bootS: () => machine.bootS, awakeMs: () => machine.awakeMs })
    expect(monoMs()).toBe(40)
    Object.assign(machine, { bootS: 5_002, awakeMs: 1_040 })
    expect(monoMs()).toBe(1_040)
    // Ten minutes with the lid shut.
    Object.assign(machine, { bootS: 5_603, awakeMs: 2_040 })
    expect(monoMs()).toBe(603_040)
    Object.assign(machine, { bootS: 5_604, awakeMs: 3_040 })
    expect(monoMs()).toBe(604_040)
  })
})
