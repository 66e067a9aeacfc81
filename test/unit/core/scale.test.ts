import { describe, expect, it } from 'vitest'
import type { ScalingConfig } from '../../../src/core/flow/config.ts'
import {
  createScale,
  flightsAllowed,
  nextRampMs,
  scaleOnBusy,
  scaleOnIdle,
  scaleOnSuccess,
  scaleOnTrouble,
  scaleReceives,
} from '../../../src/core/flow/queue/scale.ts'

const provisioned = (policy: ScalingConfig['policy'], flightsMin: number, flightsMax = 1_000): ScalingConfig => ({
  ...scaling(policy, flightsMax),
  provisioned: { flightsMin },
})
const scaling = (policy: ScalingConfig['policy'], flightsMax = 1_250): ScalingConfig => ({
  policy,
  flightsMax,
  receivesMax: 8,
})

describe('concurrent batches of a queue', () => {
  // proves: sqs.scale.start, sqs.scale.aws
  it.each(['eager', 'aws', 'aws-2022'] as const)('start at five (%s) and never pass the ceiling', (policy) => {
    expect(flightsAllowed(createScale(), scaling(policy), 0)).toBe(5)
    expect(flightsAllowed(createScale(), scaling(policy, 2), 0)).toBe(2)
  })

  // proves: sqs.scale.aws
  it.each([
    { policy: 'aws', perMinute: 300 },
    { policy: 'aws-2022', perMinute: 60 },
  ] as const)('grow by $perMinute a minute while busy ($policy, behaviour §2.1)', ({ policy, perMinute }) => {
    const scale = createScale()
    scaleOnBusy(scale, scaling(policy), 1_000)
    expect(flightsAllowed(scale, scaling(policy), 61_000)).toBe(5 + perMinute)
    expect(flightsAllowed(scale, scaling(policy), 1_000 + 3_600_000)).toBe(1_250)
    expect(nextRampMs(scale, scaling(policy), 1_000)).toBe(1_000 + 60_000 / perMinute)
  })

  // proves: sqs.scale.start
  it('double with every busy moment when eager, up to the ceiling', () => {
    const scale = createScale()
    const seen = Array.from({ length: 5 }, () => {
      scaleOnBusy(scale, scaling('eager', 50), 0)
      return flightsAllowed(scale, scaling('eager', 50), 0)
    })
    expect(seen).toEqual([10, 20, 40, 50, 50])
    expect(nextRampMs(scale, scaling('eager', 50), 0)).toBeNull()
  })

  // proves: sqs.scale.down
  it('fall back to five when idle', () => {
    const scale = createScale()
    scaleOnBusy(scale, scaling('eager'), 0)
    scaleOnIdle(scale, 0)
    expect(flightsAllowed(scale, scaling('eager'), 0)).toBe(5)
  })

  it.each(['eager', 'aws', 'aws-2022'] as const)('fall back to what runs when the queue is empty (%s)', (policy) => {
    const scale = createScale()
    for (let times = 0; times < 5; times++) scaleOnBusy(scale, scaling(policy), 0)
    expect(flightsAllowed(scale, scaling(policy), 600_000)).toBeGreaterThan(100)
    scaleOnIdle(scale, 40)
    expect(flightsAllowed(scale, scaling(policy), 600_000)).toBe(40)
    expect(nextRampMs(scale, scaling(policy), 600_000)).toBeNull()
    scaleOnIdle(scale, 3)
    expect(flightsAllowed(scale, scaling(policy), 3_600_000)).toBe(5)
  })

  it('grow on from where they are when the queue is busy again', () => {
    const scale = createScale()
    scaleOnBusy(scale, scaling('aws'), 0)
    scaleOnIdle(scale, 40)
    scaleOnBusy(scale, scaling('aws'), 60_000)
    expect(flightsAllowed(scale, scaling('aws'), 60_000)).toBe(40)
    expect(nextRampMs(scale, scaling('aws'), 60_000)).toBe(60_200)
    expect(flightsAllowed(scale, scaling('aws'), 120_000)).toBe(340)
  })

  // proves: sqs.scale.down
  it('halve on trouble, once a second, never below two, and recover by one with each success (behaviour §11.3)', () => {
    const scale = createScale()
    for (let times = 0; times < 2; times++) scaleOnBusy(scale, scaling('eager'), 0)
    scaleOnTrouble(scale, scaling('eager'), 0)
    scaleOnTrouble(scale, scaling('eager'), 500)
    expect(flightsAllowed(scale, scaling('eager'), 500)).toBe(10)
    for (let atMs = 1_000; atMs < 9_000; atMs += 1_000) scaleOnTrouble(scale, scaling('eager'), atMs)
    expect(flightsAllowed(scale, scaling('eager'), 9_000)).toBe(2)
    scaleOnSuccess(scale, scaling('eager'))
    expect(flightsAllowed(scale, scaling('eager'), 9_000)).toBe(3)
  })

  it('keep one flight even where one is the ceiling', () => {
    const scale = createScale()
    scaleOnTrouble(scale, scaling('aws', 1), 0)
    expect(flightsAllowed(scale, scaling('aws', 1), 0)).toBe(1)
  })
})

// proves: param.pollers.scaling
describe('concurrent batches of a queue in provisioned mode', () => {
  it.each(['eager', 'aws', 'aws-2022'] as const)('are ready from the start and when idle (%s)', (policy) => {
    const scale = createScale()
    expect(flightsAllowed(scale, provisioned(policy, 40), 0)).toBe(40)
    scaleOnBusy(scale, provisioned(policy, 40), 0)
    scaleOnIdle(scale, 0)
    expect(flightsAllowed(scale, provisioned(policy, 40), 60_000)).toBe(40)
    // More than can ever run is not run, and what fails is still run less.
    expect(flightsAllowed(scale, provisioned(policy, 40, 30), 60_000)).toBe(30)
    scaleOnTrouble(scale, provisioned(policy, 40), 60_000)
    expect(flightsAllowed(scale, provisioned(policy, 40), 60_000)).toBe(20)
  })

  it('grow by 1,000 a minute while busy, and eagerly from where they are', () => {
    const scale = createScale()
    scaleOnBusy(scale, provisioned('aws', 40), 1_000)
    expect(nextRampMs(scale, provisioned('aws', 40), 1_000)).toBe(1_060)
    expect(flightsAllowed(scale, provisioned('aws', 40), 31_000)).toBe(540)
    expect(flightsAllowed(scale, provisioned('aws', 40), 3_600_000)).toBe(1_000)
    const eager = createScale()
    scaleOnBusy(eager, provisioned('eager', 40), 0)
    expect(flightsAllowed(eager, provisioned('eager', 40), 0)).toBe(80)
  })
})

it('receives double while they come back full and go back to one after an empty one', () => {
  const scale = createScale()
  const counts = [10, 10, 10, 10, 5, 0].map((count) => {
    scaleReceives(scale, scaling('eager'), { count, asked: 10 })
    return scale.receives
  })
  expect(counts).toEqual([2, 4, 8, 8, 8, 1])
})
