import { once } from 'node:events'
import { createServer as createHttpServer } from 'node:http'
import { createServer, type Server } from 'node:net'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createAwsAccess } from '../../../src/access/create-aws-access.ts'
import type { AwsAccess } from '../../../src/access/aws-access.ts'
import type { AwsSettings } from '../../../src/model/settings.ts'
import type { Clock, Target } from '../../../src/ports.ts'
import { createLambdaApi } from '../../../src/targets/lambda-api.ts'
import { defaultSettings } from '../../support/settings.ts'
import { gate, hanging, ok, partial, raw, reset, throttle, throwing } from '../../support/functions/behaviour.ts'
import { startFunctionServer, type FunctionServer, type FunctionServerOptions } from '../../support/functions/server.ts'
import { systemClock } from '../../../src/engine/system-clock.ts'
import { manualClock } from '../../support/manual-clock.ts'
import { until } from '../../support/until.ts'

let functions: FunctionServer
let accesses: AwsAccess[]
let scripted: Scripted[]
const idle = new AbortController().signal

beforeEach(() => {
  accesses = []
  scripted = []
})

afterEach(async () => {
  for (const access of accesses) await access.close()
  for (const endpoint of scripted) await endpoint.close()
  await functions?.close()
})

interface ScriptedAnswer {
  readonly status: number
  /** A text as it is, an object as JSON. */
  readonly body: string | object
  readonly headers?: Readonly<Record<string, string>>
}

interface Scripted {
  readonly url: string
  readonly requests: readonly string[]
  close(): Promise<void>
}

/** An endpoint that answers what the test says, and that is no Lambda unless the test makes it one. */
async function startScripted(answer: (path: string) => ScriptedAnswer): Promise<Scripted> {
  const requests: string[] = []
  const server = createHttpServer((request, response) => {
    requests.push(`${request.method} ${request.url}`)
    const { body, headers, status } = answer(request.url ?? '/')
    const type = typeof body === 'string' ? {} : { 'content-type': 'application/json' }
    request.resume().on('end', () => {
      response.writeHead(status, { ...type, ...headers }).end(typeof body === 'string' ? body : JSON.stringify(body))
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const endpoint = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    async close() {
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    },
  }
  scripted.push(endpoint)
  return endpoint
}

const ordersDocument = {
  FunctionName: 'orders',
  FunctionArn: 'arn:aws:lambda:us-east-1:000000000000:function:orders',
  Timeout: 9,
}

const resourceNotFound: ScriptedAnswer = {
  status: 404,
  body: { Type: 'User', Message: 'Function not found' },
  headers: { 'x-amzn-errortype': 'ResourceNotFoundException' },
}

async function start(options: FunctionServerOptions = {}, clock: Clock = systemClock): Promise<Target> {
  functions = await startFunctionServer(options)
  return targetAt(functions.url, clock)
}

async function targetAt(endpoint: string, clock: Clock = systemClock): Promise<Target> {
  const settings: AwsSettings = { ...defaultSettings.aws, region: 'us-east-1', endpoints: { lambda: endpoint } }
  const access = await createAwsAccess(settings, { info: () => undefined, warn: () => undefined })
  accesses.push(access)
  return createLambdaApi(access, clock)
}

function invoke(target: Target, functionName = 'orders', signal = idle) {
  return target.invoke({ functionName, payload: '{"Records":[]}' }, signal)
}

describe('an invocation', () => {
  // proves: target.sync
  it('is one synchronous request whose body is the event, byte for byte', async () => {
    const target = await start({ handler: () => ok({ done: true }, '3') })
    const payload = '{"Records":[{"body":"näïve \\u2028 text"}]}'
    const result = await target.invoke({ functionName: 'orders', payload, traceHeader: 'Root=1-2-3;Sampled=1' }, idle)
    expect(result).toEqual({
      kind: 'answered',
      payload: '{"done":true}',
      reply: {
        requestId: functions.invocations[0]?.requestId,
        statusCode: 200,
        executedVersion: '3',
        functionError: null,
      },
    })
    expect(functions.invocations[0]).toMatchObject({ functionName: 'orders', qualifier: undefined, payload })
    expect(functions.invocations[0]?.headers).toMatchObject({
      'x-amz-invocation-type': 'RequestResponse',
      'x-amzn-trace-id': 'Root=1-2-3;Sampled=1',
      'content-type': 'application/json',
    })
    expect(functions.requests).toHaveLength(1)
  })

  const arn = 'arn:aws:lambda:eu-west-1:111122223333:function:orders'
  it.each([
    ['orders', 'orders', undefined],
    ['orders:live', 'orders', 'live'],
    ['orders:$LATEST', 'orders', '$LATEST'],
    [arn, arn, undefined],
    [`${arn}:7`, arn, '7'],
    ['111122223333:function:orders:live', '111122223333:function:orders', 'live'],
    ['function:orders', 'orders', undefined],
  ])('of %s names the function %s and the qualifier %s', async (given, functionName, qualifier) => {
    const target = await start()
    await invoke(target, given)
    expect(functions.invocations[0]).toMatchObject({ functionName, qualifier })
  })

  it('goes to the region and the account of the function’s ARN', async () => {
    const target = await start()
    await invoke(target, arn)
    const authorization = functions.invocations[0]?.headers.authorization
    expect(authorization).toContain('/eu-west-1/lambda/aws4_request')
  })

  it('carries no trace header where the records have none', async () => {
    const target = await start()
    await invoke(target)
    expect(functions.invocations[0]?.headers['x-amzn-trace-id']).toBeUndefined()
  })

  it('of what is no function’s name is missing, without a request', async () => {
    const target = await start()
    expect(await invoke(target, 'no such/name')).toMatchObject({ kind: 'missing' })
    expect(functions.requests).toHaveLength(0)
  })

  it('hands on what the function returned, untouched', async () => {
    const target = await start({ handler: () => partial('m-1', 'm-2') })
    expect(await invoke(target)).toMatchObject({
      kind: 'answered',
      payload: '{"batchItemFailures":[{"itemIdentifier":"m-1"},{"itemIdentifier":"m-2"}]}',
      reply: { functionError: null },
    })
  })

  it('reports a function error with its payload', async () => {
    const target = await start({ handler: () => throwing('boom', 'TypeError') })
    expect(await invoke(target)).toMatchObject({
      kind: 'answered',
      payload: '{"errorMessage":"boom","errorType":"TypeError"}',
      reply: { functionError: 'Unhandled', executedVersion: '$LATEST' },
    })
  })

  // proves: quota.payload
  it('fails, as on AWS, when the function returns more than 6 MB, wherever it would have ended', async () => {
    const target = await start({ handler: () => ok('x'.repeat(20_000_000)) })
    expect(await invoke(target)).toEqual({
      kind: 'answered',
      payload: JSON.stringify({
        errorType: 'Function.ResponseSizeTooLarge',
        errorMessage: 'Response payload size exceeded maximum allowed payload size (6291556 bytes).',
      }),
      reply: {
        requestId: functions.invocations[0]?.requestId,
        statusCode: 200,
        executedVersion: '$LATEST',
        functionError: 'Unhandled',
      },
    })
    functions.behave(() => raw(502, '<html>'.repeat(2_000_000)))
    expect(await invoke(target)).toMatchObject({ kind: 'lost', message: expect.stringContaining('cut off') })
    functions.behave(() => ok('x'.repeat(6 * 1_048_576 + 98)))
    expect(await invoke(target)).toMatchObject({ reply: { functionError: null } })
  })

  it.each([
    ['a throttle', throttle(1), 'throttled'],
    ['an empty 503', raw(503), 'unavailable'],
    ['a reset after acceptance', reset('accepted'), 'lost'],
    ['a reset within the answer', reset('midway'), 'lost'],
  ] as const)('is never repeated after %s', async (_what, behaviour, kind) => {
    const target = await start({ handler: () => behaviour })
    expect(await invoke(target)).toMatchObject({ kind })
    expect(functions.requests).toHaveLength(1)
  })

  it('uses its connections again', async () => {
    const target = await start()
    for (let count = 0; count < 5; count += 1) await invoke(target)
    expect(functions.connections).toBe(1)
  })
})

describe('an attempt without an answer', () => {
  it('is unreachable where nobody listens', async () => {
    const target = await start()
    await functions.close()
    expect(await invoke(target)).toMatchObject({
      kind: 'unreachable',
      message: expect.stringContaining('ECONNREFUSED'),
    })
  })

  it('is unreachable when the connection breaks before the whole event is out', async () => {
    const breaker: Server = createServer((socket) => socket.once('data', () => socket.resetAndDestroy()))
    breaker.listen(0, '127.0.0.1')
    await once(breaker, 'listening')
    const target = await targetAt(`http://127.0.0.1:${(breaker.address() as AddressInfo).port}`)
    const payload = JSON.stringify('x'.repeat(50_000_000))
    expect(await target.invoke({ functionName: 'orders', payload }, idle)).toMatchObject({ kind: 'unreachable' })
    breaker.close()
  })

  // proves: quota.timeout
  it('ends at the longest time a function may take, and counts', async () => {
    const time = manualClock()
    const target = await start({ handler: hanging }, time.clock)
    const attempt = invoke(target)
    await functions.untilInvoked(1)
    time.advance(900_000)
    expect(time.timers()).toHaveLength(1)
    time.advance(60_000)
    expect(await attempt).toMatchObject({ kind: 'lost', errorType: 'Sandbox.Timedout' })
    expect(time.timers()).toHaveLength(0)
  })

  // proves: target.attempt-end
  it('ends at the function’s own timeout and the time for a start, which is longer after a silence', async () => {
    const time = manualClock()
    const target = await start({ handler: hanging, functions: { orders: { timeoutS: 3 } } }, time.clock)
    await target.describe('orders', idle)
    for (const [nth, lastsMs] of [123_000, 33_000].entries()) {
      const attempt = invoke(target)
      await functions.untilInvoked(nth + 1)
      time.advance(lastsMs - 1)
      expect(time.timers()).toHaveLength(1)
      time.advance(1)
      const message = expect.stringContaining(`no answer within ${lastsMs / 1_000} s`)
      expect(await attempt).toMatchObject({ kind: 'lost', errorType: 'Sandbox.Timedout', message })
      expect(time.timers()).toHaveLength(0)
    }
  })

  it('goes on for the rest where the timeout was raised meanwhile, and asks no sooner', async () => {
    const time = manualClock()
    const opened = gate()
    const known = { orders: { timeoutS: 3 } }
    const handler = async () => {
      await opened.opened
      return ok('late')
    }
    const target = await start({ handler, functions: known }, time.clock)
    await target.describe('orders', idle)
    known.orders.timeoutS = 200
    const attempt = invoke(target)
    await functions.untilInvoked(1)
    const asked = () => functions.requests.filter((request) => request.startsWith('GET')).length
    time.advance(122_999)
    expect(asked()).toBe(1)
    time.advance(1)
    await until(() => time.timers()[0] === 320_000, "the deadline is the function's")
    expect(asked()).toBe(2)
    opened.open()
    expect(await attempt).toMatchObject({ kind: 'answered', payload: '"late"' })
    expect(time.timers()).toHaveLength(0)
  })

  it('does not run out for who waits at an endpoint that runs one at a time', async () => {
    const time = manualClock()
    const gates = [gate(), gate()]
    const handler = async ({ payload }: { payload: string }) => {
      await gates[Number(payload)]?.opened
      return ok(payload)
    }
    const target = await start({ handler, functions: { orders: { timeoutS: 3 } } }, time.clock)
    await target.describe('orders', idle)
    const attempts = ['0', '1'].map((payload) => target.invoke({ functionName: 'orders', payload }, idle))
    await functions.untilInvoked(2)
    time.advance(100_000)
    gates[0]?.open()
    await attempts[0]
    // It may have begun only now: 123 s more.
    time.advance(122_999)
    gates[1]?.open()
    expect(await attempts[1]).toMatchObject({ kind: 'answered', payload: expect.stringContaining('1') })
  })

  it('counts as a timeout when the caller bounds the time itself', async () => {
    const target = await start({ handler: hanging })
    const controller = new AbortController()
    const attempt = invoke(target, 'orders', controller.signal)
    await functions.untilInvoked(1)
    controller.abort(new DOMException('too long', 'TimeoutError'))
    expect(await attempt).toMatchObject({ kind: 'lost', errorType: 'Sandbox.Timedout' })
  })

  it('is given up with the caller’s own reason when the caller aborts', async () => {
    const time = manualClock()
    const target = await start({ handler: hanging }, time.clock)
    const controller = new AbortController()
    const attempt = invoke(target, 'orders', controller.signal)
    await functions.untilInvoked(1)
    const reason = new Error('draining')
    controller.abort(reason)
    await expect(attempt).rejects.toBe(reason)
    expect(time.timers()).toHaveLength(0)
  })

  it('sends nothing under a signal that is aborted already', async () => {
    const target = await start()
    await expect(invoke(target, 'orders', AbortSignal.abort(new Error('late')))).rejects.toThrow('late')
    expect(functions.requests).toHaveLength(0)
  })
})

it('a slow function does not hold up another', async () => {
  const slow = gate()
  const target = await start({
    handler: async (invocation) => {
      if (invocation.functionName === 'slow') await slow.opened
      return ok(invocation.functionName)
    },
  })
  const waiting = invoke(target, 'slow')
  await functions.untilInvoked(1)
  expect(await invoke(target, 'quick')).toMatchObject({ payload: '"quick"' })
  slow.open()
  expect(await waiting).toMatchObject({ payload: '"slow"' })
})

describe('an empty 200 without a header of Lambda', () => {
  const empty = { status: 200, body: '' }
  const isInvoke = (path: string) => path.endsWith('/invocations')

  it('is believed of an endpoint that refuses other questions in JSON, which is asked once', async () => {
    const hapi = { status: 404, body: { statusCode: 404, error: 'Not Found', message: 'Not Found' } }
    const endpoint = await startScripted((path) => (isInvoke(path) ? empty : hapi))
    const target = await targetAt(endpoint.url)
    expect(await invoke(target)).toMatchObject({ kind: 'answered', payload: '', reply: { functionError: null } })
    expect(await invoke(target)).toMatchObject({ kind: 'answered' })
    expect(endpoint.requests).toHaveLength(3)
  })

  // proves: target.believed
  it.each([
    ['that says yes to everything', empty],
    ['that says {} to everything else', { status: 200, body: {} }],
    ['that has no such page', { status: 404, body: 'Cannot GET' }],
  ])('is no invocation by a server %s', async (_what, other) => {
    const endpoint = await startScripted((path) => (isInvoke(path) ? empty : other))
    const target = await targetAt(endpoint.url)
    expect(await invoke(target)).toMatchObject({ kind: 'noLambda', message: expect.stringContaining(endpoint.url) })
  })
})

describe('a description', () => {
  it('tells ARN and timeout of a function that exists', async () => {
    const target = await start({ functions: { orders: { timeoutS: 30 } } })
    expect(await target.describe('orders', idle)).toEqual({
      kind: 'found',
      arn: 'arn:aws:lambda:us-east-1:000000000000:function:orders',
      timeoutMs: 30_000,
      concurrency: null,
    })
    expect(await target.describe('orders:live', idle)).toMatchObject({
      arn: 'arn:aws:lambda:us-east-1:000000000000:function:orders:live',
    })
    expect(functions.invocations).toHaveLength(0)
  })

  it('tells that a function is missing', async () => {
    const target = await start({ functions: {} })
    expect(await target.describe('orders', idle)).toMatchObject({ kind: 'missing' })
    expect(await target.describe('no such/name', idle)).toMatchObject({ kind: 'missing' })
  })

  // proves: upstream.alias
  it.each(['live', '7'])('finds the qualifier %s that only GetFunction knows, as on LocalStack', async (qualifier) => {
    const endpoint = await startScripted((path) =>
      path.includes('/configuration') ? resourceNotFound : { status: 200, body: { Configuration: ordersDocument } },
    )
    const target = await targetAt(endpoint.url)
    expect(await target.describe(`orders:${qualifier}`, idle)).toMatchObject({
      kind: 'found',
      arn: `${ordersDocument.FunctionArn}:${qualifier}`,
      timeoutMs: 9_000,
    })
    expect(endpoint.requests).toEqual([
      `GET /2015-03-31/functions/orders/configuration?Qualifier=${qualifier}`,
      `GET /2015-03-31/functions/orders?Qualifier=${qualifier}`,
    ])
  })

  it('of a qualifier that neither way knows is missing, and a bare name needs no second question', async () => {
    const endpoint = await startScripted(() => resourceNotFound)
    const target = await targetAt(endpoint.url)
    expect(await target.describe('orders:live', idle)).toMatchObject({ kind: 'missing' })
    expect(await target.describe('orders', idle)).toMatchObject({ kind: 'missing' })
    expect(endpoint.requests).toHaveLength(3)
  })

  it('stays with “missing” where the second question is not allowed', async () => {
    const denied = { status: 403, body: { message: 'no' }, headers: { 'x-amzn-errortype': 'AccessDeniedException' } }
    const endpoint = await startScripted((path) => (path.includes('/configuration') ? resourceNotFound : denied))
    const target = await targetAt(endpoint.url)
    expect(await target.describe('orders:live', idle)).toMatchObject({ kind: 'missing' })
  })

  // proves: target.believed
  it.each([
    ['XML', { status: 404, body: '<Error><Code>NoSuchBucket</Code></Error>' }, 'XML (<Error>)'],
    ['a page under 200', { status: 200, body: '<html></html>' }, 'an HTML page'],
    ['a redirect', { status: 307, body: '', headers: { location: 'https://elsewhere/' } }, 'https://elsewhere/'],
    ['a text under 200', { status: 200, body: 'ok' }, 'what describes no function'],
    ['nothing under 200', { status: 200, body: '' }, 'what describes no function'],
  ])('by %s says that no Lambda is there', async (_what, answer, words) => {
    const endpoint = await startScripted(() => answer)
    const target = await targetAt(endpoint.url)
    expect(await target.describe('orders', idle)).toEqual({
      kind: 'noLambda',
      message: expect.stringMatching(new RegExp(`^${endpoint.url}: .*${words.replaceAll(/[()]/g, '.')}`)),
    })
  })

  it('by a document of no function stays open, by one that tells no more than the timeout is found', async () => {
    const stub = await startScripted(() => ({ status: 200, body: {} }))
    expect(await (await targetAt(stub.url)).describe('orders', idle)).toMatchObject({ kind: 'unknown' })
    const terse = await startScripted(() => ({ status: 200, body: { Timeout: 3 } }))
    expect(await (await targetAt(terse.url)).describe('orders', idle)).toMatchObject({
      kind: 'found',
      timeoutMs: 3_000,
    })
  })

  it('by a page under 404 stays open: who can only invoke may answer so', async () => {
    const endpoint = await startScripted(() => ({ status: 404, body: '<html>Cannot GET</html>' }))
    const target = await targetAt(endpoint.url)
    expect(await target.describe('orders', idle)).toMatchObject({ kind: 'unknown' })
  })

  it('stays open where the endpoint has no such operation or is away', async () => {
    const target = await start({ dialect: 'rie' })
    expect(await target.describe('orders', idle)).toMatchObject({ kind: 'unknown' })
    expect(functions.requests).toEqual([
      'GET /2015-03-31/functions/orders/configuration',
      'GET /2015-03-31/functions/orders',
    ])
    await functions.close()
    expect(await target.describe('orders', idle)).toMatchObject({ kind: 'unknown' })
  })
})
