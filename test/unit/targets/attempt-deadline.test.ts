import { getEventListeners } from 'node:events'
import { expect, it } from 'vitest'
import { startDeadline } from '../../../src/targets/attempt-deadline.ts'
import { manualClock } from '../../support/manual-clock.ts'

it('the time that runs out aborts the attempt, not the caller', () => {
  const time = manualClock()
  const outer = new AbortController()
  const deadline = startDeadline(time.clock, 1_000, outer.signal)
  time.advance(999)
  expect([deadline.signal.aborted, deadline.expired()]).toEqual([false, false])
  time.advance(1)
  expect([deadline.signal.aborted, deadline.expired(), outer.signal.aborted]).toEqual([true, true, false])
})

it('the caller’s abort ends the attempt with its own reason and is no timeout, however late the timer', () => {
  const time = manualClock()
  const outer = new AbortController()
  const deadline = startDeadline(time.clock, 1_000, outer.signal)
  const reason = new Error('draining')
  outer.abort(reason)
  time.advance(5_000)
  expect(deadline.signal.reason).toBe(reason)
  expect(deadline.expired()).toBe(false)
})

it('a caller that gave up before the start aborts at once', () => {
  const deadline = startDeadline(manualClock().clock, 1_000, AbortSignal.abort(new Error('late')))
  expect(deadline.signal.aborted).toBe(true)
})

it('a thousand attempts leave nothing on the signal of the mapping, and no timer', () => {
  const time = manualClock()
  const outer = new AbortController()
  for (let count = 0; count < 1_000; count += 1) startDeadline(time.clock, 1_000, outer.signal).dispose()
  expect(getEventListeners(outer.signal, 'abort')).toHaveLength(0)
  expect(time.timers()).toHaveLength(0)
})

it('an end that is reconsidered leaves the attempt the rest, and stands where nobody can be asked', async () => {
  const time = manualClock()
  const outer = new AbortController().signal
  const answers = [Promise.resolve(2_500), Promise.resolve(2_500)]
  const asked: number[] = []
  const deadline = startDeadline(time.clock, 1_000, outer, () => {
    asked.push(time.clock.monoMs())
    return answers.shift() ?? Promise.reject(new Error('away'))
  })
  const settled = () => new Promise((resolve) => setImmediate(resolve))
  time.advance(1_000)
  await settled()
  time.advance(1_499)
  expect([asked, deadline.expired()]).toEqual([[1_000], false])
  time.advance(1)
  await settled()
  expect([asked, deadline.expired()]).toEqual([[1_000, 2_500], true])
  const other = startDeadline(time.clock, 1_000, outer, () => Promise.reject(new Error('away')))
  time.advance(1_000)
  await settled()
  expect([other.signal.aborted, other.expired()]).toEqual([true, true])
})

it('an attempt that has ended is not taken up again by a late answer about its time', async () => {
  const time = manualClock()
  const { promise, resolve } = Promise.withResolvers<number>()
  const deadline = startDeadline(time.clock, 1_000, new AbortController().signal, () => promise)
  time.advance(1_000)
  deadline.dispose()
  resolve(9_000)
  await promise
  await new Promise((settled) => setImmediate(settled))
  expect([time.timers().length, deadline.expired()]).toEqual([0, false])
})
