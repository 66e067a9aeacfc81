import { expect, it } from 'vitest'
import { sleep } from '../../../src/async/sleep.ts'
import { systemClock } from '../../../src/engine/system-clock.ts'
import { manualClock } from '../../support/manual-clock.ts'

it('calls back at or after the moment, never before', async () => {
  const early: number[] = []
  for (let draw = 0; draw < 200; draw += 1) {
    // The event loop counts from where it last looked: work before the call makes a plain timeout come early.
    const busyUntilMs = performance.now() + (draw % 10) / 10
    while (performance.now() < busyUntilMs);
    const atMs = systemClock.monoMs() + 1 + draw / 200
    const calledMs = await new Promise<number>((resolve) => {
      systemClock.timer(atMs, () => resolve(systemClock.monoMs()))
    })
    if (calledMs < atMs) early.push(atMs - calledMs)
  }
  expect(early).toEqual([])
})

it('does not call back once called off', async () => {
  let called = false
  systemClock.timer(systemClock.monoMs(), () => (called = true))()
  await new Promise<void>((resolve) => {
    systemClock.timer(systemClock.monoMs() + 5, resolve)
  })
  expect(called).toBe(false)
})

it('sleeps until its time or until it is given up', async () => {
  const { clock, pass, timers } = manualClock()
  const controller = new AbortController()
  const slept = sleep(clock, 100, controller.signal)
  await pass(100)
  await expect(slept).resolves.toBeUndefined()
  const given = sleep(clock, 100, controller.signal)
  controller.abort(new Error('enough'))
  await expect(given).rejects.toThrow('enough')
  await expect(sleep(clock, 100, controller.signal)).rejects.toThrow('enough')
  expect(timers()).toEqual([])
})
