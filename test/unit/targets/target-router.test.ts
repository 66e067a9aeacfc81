import { expect, it } from 'vitest'
import { systemClock } from '../../../src/engine/system-clock.ts'
import type { FunctionSettings } from '../../../src/model/settings.ts'
import type { InvokeRequest, Target } from '../../../src/ports.ts'
import type { RieFunction } from '../../../src/targets/rie.ts'
import { createTarget } from '../../../src/targets/target-router.ts'

const idle = new AbortController().signal

function hosted(name: string, timeoutMs?: number): RieFunction {
  const settings: FunctionSettings = {
    name,
    urls: ['http://127.0.0.1:1/'],
    timeoutMs,
    reservedConcurrency: undefined,
    concurrencyPerUrl: 3,
  }
  return {
    settings,
    concurrency: 3,
    invoke: async () => ({ kind: 'throttled', message: `hosted ${name}` }),
    look: async () => 'answers',
  }
}

const upstream: Target = {
  invoke: async ({ functionName }) => ({ kind: 'throttled', message: `upstream ${functionName}` }),
  describe: async (functionName) => ({ kind: 'missing', message: `upstream ${functionName}` }),
  allowsLoops: async (functionName) => functionName === 'looping',
  look: async () => 'missing',
}

const loops = { clock: systemClock, upstreamCounts: false }

const arn = 'arn:aws:lambda:eu-west-1:111122223333:function'

it.each([
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
  const target = createTarget([hosted('audit'), hosted('audit:prod'), hosted('late:v1')], upstream, loops)
  expect(await target.invoke({ functionName, payload: '{}' }, idle)).toMatchObject({ message: by })
  expect(target.hosted(functionName)?.name).toBe(by.startsWith('hosted ') ? by.slice(7) : undefined)
})

it('describes its own functions by the config, others by asking upstream', async () => {
  const target = createTarget([hosted('audit', 30_000), hosted('plain')], upstream, loops)
  expect(await target.describe('audit', idle)).toEqual({ kind: 'found', arn: null, timeoutMs: 30_000, concurrency: 3 })
  expect(await target.describe('plain', idle)).toMatchObject({ kind: 'found', timeoutMs: null })
  expect(await target.describe('orders', idle)).toEqual({ kind: 'missing', message: 'upstream orders' })
})

it('lists the functions of the config in its order', () => {
  const target = createTarget([hosted('b'), hosted('a')], upstream, loops)
  expect(target.functions.map(({ name }) => name)).toEqual(['b', 'a'])
})

// proves: recursion.counted-here
it('counts a loop in the trace header that it sends, unless the upstream is AWS, which counts itself', async () => {
  const sent: (string | undefined)[] = []
  const note = async ({ traceHeader }: Pick<InvokeRequest, 'traceHeader'>) => {
    sent.push(traceHeader)
    return { kind: 'throttled', message: '' } as const
  }
  const traceHeader = 'Root=1-2-3;Sampled=1'
  for (const upstreamCounts of [false, true]) {
    const target = createTarget(
      [{ ...hosted('audit'), invoke: note }],
      { ...upstream, invoke: note },
      { ...loops, upstreamCounts },
    )
    await target.invoke({ functionName: 'audit', payload: '{}', traceHeader }, idle)
    await target.invoke({ functionName: 'orders', payload: '{}', traceHeader }, idle)
  }
  const counted = expect.stringMatching(/^Root=1-2-3;Sampled=1;Lineage=1:m[0-9a-f]{7}:0$/)
  expect(sent).toEqual([counted, counted, counted, traceHeader])
})

// proves: recursion.allow
it('asks the config for its own functions whether they may loop, and upstream for others', async () => {
  const own = hosted('audit')
  const target = createTarget(
    [own, { ...own, settings: { ...own.settings, name: 'free', allowsLoops: true } }],
    upstream,
    loops,
  )
  const asked = ['audit', 'free', 'free:live', 'looping', 'orders'].map((name) => target.allowsLoops(name, idle))
  expect(await Promise.all(asked)).toEqual([false, true, true, true, false])
})
