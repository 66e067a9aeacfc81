import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createTransport, type Transport } from '../../../src/access/transport.ts'
import type { FunctionSettings } from '../../../src/model/settings.ts'
import type { Clock, InvokeResult } from '../../../src/ports.ts'
import { createRieFunctions, type RieFunction } from '../../../src/targets/rie.ts'
import { exiting, gate, hanging, ok, raw, reset, throwing, timingOut } from '../../support/functions/behaviour.ts'
import { startFunctionServer, type FunctionServer, type FunctionServerOptions } from '../../support/functions/server.ts'
import { systemClock } from '../../../src/engine/system-clock.ts'
import { manualClock } from '../../support/manual-clock.ts'
import { until } from '../../support/until.ts'

let servers: FunctionServer[]
let transport: Transport
const idle = new AbortController().signal

beforeEach(() => {
  servers = []
  transport = createTransport({ tls: {}, tlsOf: {}, proxyEnv: undefined })
})

afterEach(async () => {
  transport.close()
  for (const server of servers) await server.close()
})

async function start(options: FunctionServerOptions = {}): Promise<FunctionServer> {
  const server = await startFunctionServer({ dialect: 'rie', ...options })
  servers.push(server)
  return server
}

function hosted(
  urls: readonly string[],
  settings: Partial<FunctionSettings> = {},
  clock: Clock = systemClock,
): RieFunction {
  const [only] = createRieFunctions([settingsOf(urls, settings)], transport, clock)
  if (only === undefined) throw new Error('no function')
  return only
}

function settingsOf(urls: readonly string[], settings: Partial<FunctionSettings> = {}): FunctionSettings {
  return {
    name: 'audit',
    urls,
    timeoutMs: undefined,
    reservedConcurrency: undefined,
    concurrencyPerUrl: 1,
    ...settings,
  }
}

function invoke(target: RieFunction, payload = '{"Records":[]}', signal = idle): Promise<InvokeResult> {
  return target.invoke({ payload }, signal)
}

describe('an invocation', () => {
  it('posts the event to the URL of the config and makes a request id of its own', async () => {
    const server = await start({ handler: () => ok({ done: true }) })
    const result = await hosted([server.invokeUrl], {}, manualClock().clock).invoke(
      { payload: '{"Records":[{"body":"ä"}]}', traceHeader: 'Root=1-2-3' },
      idle,
    )
    expect(result).toEqual({
      kind: 'answered',
      payload: '{"done":true}',
      reply: {
        requestId: 'uuid-1',
        statusCode: 200,
        executedVersion: '$LATEST',
        functionError: null,
      },
    })
    expect(server.invocations[0]).toMatchObject({ payload: '{"Records":[{"body":"ä"}]}' })
    expect(server.invocations[0]?.headers).toMatchObject({ 'x-amzn-trace-id': 'Root=1-2-3' })
    expect(server.requests).toEqual(['POST /2015-03-31/functions/function/invocations'])
  })

  it.each([
    ['an exception, hidden in a 200', 'rie', throwing('boom'), '"boom"'],
    ['a timeout, hidden in a 200', 'rie', timingOut(2), 'timed out after 2.00'],
    ['a dead runtime', 'rie', exiting(), 'Runtime.ExitError'],
    ['a dead runtime of an older build, which says nothing', 'rie-old', exiting(), 'Runtime.ExitError'],
  ] as const)('fails by %s', async (_what, dialect, behaviour, text) => {
    const server = await start({ dialect, handler: () => behaviour })
    expect(await invoke(hosted([server.invokeUrl]))).toMatchObject({
      kind: 'answered',
      payload: expect.stringContaining(text),
      reply: { functionError: 'Unhandled' },
    })
  })

  it('counts when the connection breaks after the event was taken, and is not repeated', async () => {
    const server = await start({ handler: () => reset() })
    const spare = await start()
    expect(await invoke(hosted([server.invokeUrl]))).toMatchObject({ kind: 'lost' })
    expect(server.requests).toHaveLength(1)
    expect(spare.requests).toHaveLength(0)
  })

  // proves: quota.payload
  it('fails when the function returns more than 6 MB', async () => {
    const server = await start({ handler: () => ok('x'.repeat(6 * 1_048_576 + 99)) })
    expect(await invoke(hosted([server.invokeUrl]))).toMatchObject({
      reply: { functionError: 'Unhandled' },
      payload: expect.stringContaining('Function.ResponseSizeTooLarge'),
    })
    server.behave(() => raw(500, 'x'.repeat(7_000_000)))
    expect(await invoke(hosted([server.invokeUrl]))).toMatchObject({ kind: 'lost' })
    server.behave(() => ok('x'.repeat(6 * 1_048_576 + 98)))
    expect(await invoke(hosted([server.invokeUrl]))).toMatchObject({ reply: { functionError: null } })
  })

  it('keeps its connection', async () => {
    const server = await start()
    const target = hosted([server.invokeUrl])
    for (let count = 0; count < 5; count += 1) await invoke(target)
    expect(server.connections).toBe(1)
  })
})

describe('concurrency', () => {
  it('RIE#97: concurrent invocations of one container are queued, in turn, not failed', async () => {
    const open = gate()
    const server = await start({
      handler: async ({ payload }) => {
        await open.opened
        return ok(payload)
      },
    })
    const target = hosted([server.invokeUrl])
    const results = ['1', '2', '3', '4'].map((payload) => invoke(target, payload))
    await server.untilInvoked(1)
    open.open()
    expect((await Promise.all(results)).map((result) => result.kind)).toEqual(Array(4).fill('answered'))
    expect(server.invocations.map(({ payload }) => payload)).toEqual(['1', '2', '3', '4'])
    expect(server.runningMax).toBe(1)
  })

  it('uses all URLs of a pool, and as many at once per URL as the config says', async () => {
    const open = gate()
    const handler = async () => {
      await open.opened
      return ok()
    }
    const [one, two] = [await start({ handler, concurrency: 2 }), await start({ handler, concurrency: 2 })]
    const target = hosted([one.invokeUrl, two.invokeUrl], { concurrencyPerUrl: 2 })
    expect(target.concurrency).toBe(4)
    const results = Array.from({ length: 6 }, () => invoke(target))
    await one.untilInvoked(2)
    await two.untilInvoked(2)
    open.open()
    expect((await Promise.all(results)).every((result) => result.kind === 'answered')).toBe(true)
    expect([one.runningMax, two.runningMax]).toEqual([2, 2])
  })

  it('spreads invocations that come one after the other', async () => {
    const [one, two] = [await start(), await start()]
    const target = hosted([one.invokeUrl, two.invokeUrl])
    for (let count = 0; count < 6; count += 1) await invoke(target)
    expect([one.invocations.length, two.invocations.length]).toEqual([3, 3])
  })

  it('two functions that share a container take turns', async () => {
    const server = await start()
    const [first, second] = createRieFunctions(
      [settingsOf([server.invokeUrl]), settingsOf([server.invokeUrl], { name: 'audit:prod' })],
      transport,
      systemClock,
    )
    const results = await Promise.all([first, second, first, second].map(async (target) => target && invoke(target)))
    expect(results.map((result) => result?.kind)).toEqual(Array(4).fill('answered'))
    expect(server.runningMax).toBe(1)
  })

  it('is throttled, as AWS says it, beyond the reserved concurrency', async () => {
    const open = gate()
    const server = await start({
      handler: async () => {
        await open.opened
        return ok()
      },
    })
    const target = hosted([server.invokeUrl], { reservedConcurrency: 2 })
    const [one, two] = [invoke(target), invoke(target)]
    expect(await invoke(target)).toMatchObject({
      kind: 'throttled',
      message: expect.stringContaining('Rate Exceeded.'),
    })
    open.open()
    await Promise.all([one, two])
    expect(server.invocations).toHaveLength(2)
    expect(await invoke(target)).toMatchObject({ kind: 'answered' })
    expect(await invoke(hosted([server.invokeUrl], { reservedConcurrency: 0 }))).toMatchObject({ kind: 'throttled' })
  })

  it('an invocation that is given up while it waits leaves the queue', async () => {
    const open = gate()
    const server = await start({
      handler: async () => {
        await open.opened
        return ok()
      },
    })
    const target = hosted([server.invokeUrl], { reservedConcurrency: 2 })
    const first = invoke(target)
    await server.untilInvoked(1)
    const controller = new AbortController()
    const waiting = invoke(target, 'never', controller.signal)
    controller.abort(new Error('draining'))
    await expect(waiting).rejects.toThrow('draining')
    const next = invoke(target, 'next')
    open.open()
    expect(await first).toMatchObject({ kind: 'answered' })
    expect(await next).toMatchObject({ kind: 'answered' })
    expect(server.invocations.map(({ payload }) => payload)).toEqual(['{"Records":[]}', 'next'])
  })
})

describe('the timeout of the config', () => {
  it('ends the attempt in AWS’s words, as a function error', async () => {
    const time = manualClock()
    const server = await start({ handler: hanging })
    const target = hosted([server.invokeUrl], { timeoutMs: 2_500 }, time.clock)
    const attempt = invoke(target)
    await server.untilInvoked(1)
    time.advance(2_499)
    expect(time.timers()).toHaveLength(1)
    time.advance(1)
    const id = 'uuid-1'
    expect(await attempt).toEqual({
      kind: 'answered',
      payload: `{"errorType":"Sandbox.Timedout","errorMessage":"RequestId: ${id} Error: Task timed out after 2.50 seconds"}`,
      reply: { requestId: id, statusCode: 200, executedVersion: '$LATEST', functionError: 'Unhandled' },
    })
    expect(time.timers()).toHaveLength(0)
  })

  it('does not run while the attempt waits for a URL', async () => {
    const time = manualClock()
    const open = gate()
    const server = await start({
      handler: async ({ index }) => {
        if (index === 0) await open.opened
        return ok(index)
      },
    })
    const both = createRieFunctions(
      [settingsOf([server.invokeUrl]), settingsOf([server.invokeUrl], { timeoutMs: 1_000 })],
      transport,
      time.clock,
    )
    const first = both[0] && invoke(both[0])
    await server.untilInvoked(1)
    const second = both[1] && invoke(both[1])
    time.advance(5_000)
    open.open()
    expect(await first).toMatchObject({ payload: '0' })
    expect(await second).toMatchObject({ payload: '1' })
  })

  it('is not the caller’s own abort, which keeps its reason', async () => {
    const server = await start({ handler: hanging })
    const controller = new AbortController()
    const attempt = invoke(hosted([server.invokeUrl], { timeoutMs: 60_000 }), '{}', controller.signal)
    await server.untilInvoked(1)
    controller.abort(new Error('draining'))
    await expect(attempt).rejects.toThrow('draining')
  })
})

describe('a URL that is away', () => {
  it('is unreachable when it is the only one, and is tried again each time', async () => {
    const server = await start()
    const target = hosted([server.invokeUrl], {}, manualClock().clock)
    await server.close()
    expect(await invoke(target)).toMatchObject({
      kind: 'unreachable',
      message: expect.stringContaining(server.invokeUrl),
    })
    const back = await start({ port: server.port })
    expect(await invoke(target)).toMatchObject({ kind: 'answered' })
    expect(back.invocations).toHaveLength(1)
  })

  it('is passed over within the same attempt, rests while others are used, and comes back after its rest', async () => {
    const time = manualClock()
    const [gone, healthy] = [await start(), await start()]
    await gone.close()
    const target = hosted([gone.invokeUrl, healthy.invokeUrl], {}, time.clock)
    for (let count = 0; count < 4; count += 1) expect(await invoke(target)).toMatchObject({ kind: 'answered' })
    expect(healthy.invocations).toHaveLength(4)

    const back = await start({ port: gone.port })
    await invoke(target)
    expect(back.invocations).toHaveLength(0)
    time.advance(250)
    for (let count = 0; count < 4; count += 1) await invoke(target)
    expect(back.invocations).toHaveLength(2)
  })

  it('is waited for no longer than its rest when the others are busy', async () => {
    const time = manualClock()
    const open = gate()
    const [gone, busy] = [
      await start(),
      await start({
        handler: async () => {
          await open.opened
          return ok()
        },
      }),
    ]
    await gone.close()
    const target = hosted([gone.invokeUrl, busy.invokeUrl], {}, time.clock)
    const first = invoke(target, 'first')
    await busy.untilInvoked(1)
    const second = invoke(target, 'second')
    // The second one was refused and waits for the busy URL; the end of the other's rest is what comes next.
    await until(() => time.timers()[0] === time.clock.monoMs() + 250, 'another try is planned')
    const third = invoke(target, 'third')
    const back = await start({ port: gone.port })
    time.advance(250)
    expect(await third).toMatchObject({ kind: 'answered' })
    expect(back.invocations.map(({ payload }) => payload)).toEqual(['third'])
    open.open()
    expect(await second).toMatchObject({ kind: 'answered' })
    await first
  })
})

it('a function is throttled, not away, while one of its URLs is busy and another one gone', async () => {
  const [taken, gone] = [await start({ concurrency: 0 }), await start()]
  await gone.close()
  const time = manualClock()
  for (const urls of [
    [taken.invokeUrl, gone.invokeUrl],
    [gone.invokeUrl, taken.invokeUrl],
  ]) {
    const target = hosted(urls, {}, time.clock)
    for (let nth = 0; nth < 2; nth += 1) expect(await invoke(target)).toMatchObject({ kind: 'throttled' })
  }
})

it('a container that somebody else uses is a throttle, and another URL is asked first', async () => {
  const [taken, free] = [await start({ concurrency: 0 }), await start()]
  const time = manualClock()
  expect(await invoke(hosted([taken.invokeUrl], {}, time.clock))).toMatchObject({ kind: 'throttled' })
  const target = hosted([taken.invokeUrl, free.invokeUrl], {}, time.clock)
  for (let count = 0; count < 3; count += 1) expect(await invoke(target)).toMatchObject({ kind: 'answered' })
  expect(free.invocations).toHaveLength(3)
})

it('a wrong path is a missing function', async () => {
  const server = await start()
  expect(await invoke(hosted([`${server.url}/wrong`]))).toMatchObject({ kind: 'missing' })
})

it('an emulator that cannot start its runtime has not run the function', async () => {
  const server = await start({ handler: () => raw(500, '') })
  expect(await invoke(hosted([server.invokeUrl]))).toMatchObject({ kind: 'unavailable' })
})
