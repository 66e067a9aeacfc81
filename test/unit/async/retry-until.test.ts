import { expect, it } from 'vitest'
import { again, retryUntil } from '../../../src/async/retry-until.ts'
import { manualClock } from '../../support/manual-clock.ts'

const backoff = { baseMs: 100, capMs: 300 }

it('tries until there is an answer, after pauses that double up to the longest', async () => {
  const time = manualClock()
  const { signal } = new AbortController()
  const tried: (readonly [tries: number, atMs: number])[] = []
  const answer = retryUntil(
    (tries) => {
      tried.push([tries, time.clock.monoMs()])
      return Promise.resolve(tries === 5 ? 'done' : again)
    },
    { clock: time.clock, signal, backoff },
  )
  await time.pass(1_000)
  expect(await answer).toBe('done')
  expect(tried).toEqual([
    [1, 0],
    [2, 100],
    [3, 300],
    [4, 600],
    [5, 900],
  ])
})

it('waits the share of a pause that it is told', async () => {
  const time = manualClock()
  const { signal } = new AbortController()
  void retryUntil(() => Promise.resolve<typeof again>(again), {
    clock: time.clock,
    signal,
    backoff,
    share: () => 0.75,
  }).catch(() => {})
  await time.settle()
  expect(time.timers()).toEqual([75])
})

it('ends with the signal that comes in a pause, and with an attempt that fails', async () => {
  const time = manualClock()
  const given = new AbortController()
  const retries = { clock: time.clock, signal: given.signal, backoff }
  await expect(retryUntil(() => Promise.reject(new Error('a bug')), retries)).rejects.toThrow('a bug')
  const waiting = retryUntil(() => Promise.resolve<typeof again>(again), retries)
  await time.settle()
  given.abort(new Error('given up'))
  await expect(waiting).rejects.toThrow('given up')
  expect(time.timers()).toEqual([])
})
