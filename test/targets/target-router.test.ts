import { expect, test } from 'vitest'
import type { FunctionSettings } from '../../src/model/settings.ts'
import type { Target } from '../../src/ports.ts'
import type { RieFunction } from '../../src/targets/rie.ts'
import { createTarget } from '../../src/targets/target-router.ts'

const idle = new AbortController().signal

function hosted(name: string, timeoutMs?: number): RieFunction {
  const settings: FunctionSettings = {
    name,
    urls: ['http://127.0.0.1:1/'],
    timeoutMs,
    reservedConcurrency: undefined,
    concurrencyPerUrl: 3,
  }
  return { settings, concurrency: 3, invoke: async () => ({ kind: 'throttled', message: `hosted ${name}` }) }
}

const upstream: Target = {
  invoke: async ({ functionName }) => ({ kind: 'throttled', message: `upstream ${functionName}` }),
  describe: async (functionName) => ({ kind: 'missing', message: `upstream ${functionName}` }),
}

const arn = 'arn:aws:lambda:eu-west-1:111122223333:function'

test.each([
  ['audit', 'hosted audit'],
  ['audit:prod', 'hosted audit:prod'],
  ['audit:other', 'hosted audit'],
  ['audit:$LATEST', 'hosted audit'],
  [`${arn}:audit`, 'hosted audit'],
  [`${arn}:audit:prod`, 'hosted audit:prod'],
  ['111122223333:function:audit:prod', 'hosted audit:prod'],
  ['orders', 'upstream orders'],
  [`${arn}:orders:prod`, `upstream ${arn}:orders:prod`],
  // Only `late:v1` is in the config: the bare name and other qualifiers live upstream.
  ['late:v1', 'hosted late:v1'],
  ['late', 'upstream late'],
  ['late:v2', 'upstream late:v2'],
  ['no such/name', 'upstream no such/name'],
])('%s is run by: %s', async (functionName, by) => {
  const target = createTarget([hosted('audit'), hosted('audit:prod'), hosted('late:v1')], upstream)
  expect(await target.invoke({ functionName, payload: '{}' }, idle)).toMatchObject({ message: by })
  expect(target.hosted(functionName)?.name).toBe(by.startsWith('hosted ') ? by.slice(7) : undefined)
})

test('describes its own functions by the config, others by asking upstream', async () => {
  const target = createTarget([hosted('audit', 30_000), hosted('plain')], upstream)
  expect(await target.describe('audit', idle)).toEqual({ kind: 'found', arn: null, timeoutMs: 30_000, concurrency: 3 })
  expect(await target.describe('plain', idle)).toMatchObject({ kind: 'found', timeoutMs: null })
  expect(await target.describe('orders', idle)).toEqual({ kind: 'missing', message: 'upstream orders' })
})

test('lists the functions of the config in its order', () => {
  const target = createTarget([hosted('b'), hosted('a')], upstream)
  expect(target.functions.map(({ name }) => name)).toEqual(['b', 'a'])
})
