import { expect, it } from 'vitest'
import type { AwsAccess, HttpResult } from '../../../src/access/aws-access.ts'
import { createRecursionConfig } from '../../../src/targets/recursion-config.ts'
import { manualClock } from '../../support/manual-clock.ts'

const idle = new AbortController().signal

function world(answer: (path: string, signal: AbortSignal) => HttpResult | Promise<HttpResult>) {
  const asked: string[] = []
  const access: AwsAccess = {
    isAws: () => false,
    close: async () => {},
    service: () => ({
      endpoint: 'http://emulator.test',
      json: () => Promise.reject(new Error('not asked here')),
      async http({ method, path }, _pool, signal) {
        asked.push(`${method} ${path}`)
        return answer(path, signal)
      },
    }),
  }
  const time = manualClock()
  return { asked, time, allowsLoops: createRecursionConfig(access, time.clock) }
}

const answering = (status: number, body: string) => () => ({ kind: 'ok', status, headers: {}, body }) as const

// proves: recursion.allow
it('a function may loop only where the endpoint says so', async () => {
  const verdict = (answer: () => HttpResult) => world(answer).allowsLoops('orders', idle)
  expect(await verdict(answering(200, '{"RecursiveLoop":"Allow"}'))).toBe(true)
  expect(await verdict(answering(200, '{"RecursiveLoop":"Terminate"}'))).toBe(false)
  expect(await verdict(answering(200, '<html>'))).toBe(false)
  expect(await verdict(answering(404, '{"RecursiveLoop":"Allow"}'))).toBe(false)
  expect(await verdict(() => ({ kind: 'unreachable', sent: false, message: 'no' }))).toBe(false)
})

it('is asked by the name without its version or alias, once a minute', async () => {
  const { asked, time, allowsLoops } = world(answering(200, '{"RecursiveLoop":"Allow"}'))
  const name = 'arn:aws:lambda:eu-west-1:111122223333:function:orders'
  for (const waitMs of [0, 59_999, 1]) {
    time.advance(waitMs)
    expect(await allowsLoops(`${name}:live`, idle)).toBe(true)
  }
  const request = `GET /2024-08-31/functions/${encodeURIComponent(name)}/recursion-config`
  expect(asked).toEqual([request, request])
})

it('an endpoint that does not answer holds a batch up for two seconds at most', async () => {
  const { time, allowsLoops } = world(
    (_path, signal) =>
      new Promise((_resolve, reject) => {
        signal.addEventListener('abort', () => reject(new Error('aborted')))
      }),
  )
  const verdict = allowsLoops('orders', idle)
  expect(time.timers()[0]).toBe(time.clock.monoMs() + 2_000)
  time.advance(2_000)
  expect(await verdict).toBe(false)
})
