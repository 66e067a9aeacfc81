import { describe, expect, it } from 'vitest'
import type { ApiDeps } from '../../../src/api/api-deps.ts'
import type { InvokeResult } from '../../../src/ports.ts'
import { answered, createApiWorld, hostedFunction, type ApiWorld } from '../../support/api.ts'
import { until } from '../../support/until.ts'

const base = '/2015-03-31/functions'
const functions = [
  hostedFunction('audit', { timeoutMs: 30_000, reservedConcurrency: 4 }),
  hostedFunction('report:live', { timeoutMs: 1_500 }),
]
const world = () => createApiWorld({ functions })

function invoke({ api }: ApiWorld, url: string, payload = '{"a":1}', headers: Record<string, string> = {}) {
  return api.inject({ method: 'POST', url: `${base}/${url}/invocations`, payload, headers })
}

// proves: facade.invoke
describe('invoking a function of the config', () => {
  it('answers with what the function answered', async () => {
    const here = world()
    here.invoke = () => answered('{"ok":true}')
    const answer = await invoke(here, 'audit', '{"a":1}', { 'x-amzn-trace-id': 'Root=1' })
    expect([answer.statusCode, answer.body]).toEqual([200, '{"ok":true}'])
    expect(answer.headers['x-amz-executed-version']).toBe('$LATEST')
    expect(answer.headers['x-amzn-requestid']).toBe('request-1')
    expect(answer.headers).not.toHaveProperty('x-amz-function-error')
    expect(here.invoked).toEqual([{ functionName: 'audit', payload: '{"a":1}', traceHeader: 'Root=1' }])
  })

  // proves: facade.client-context
  it('hands on the client context of a synchronous invocation, and refuses what is none', async () => {
    const here = world()
    const context = Buffer.from('{"custom":{"who":"me"}}').toString('base64')
    await invoke(here, 'audit', '{}', { 'x-amz-client-context': context })
    expect(here.invoked).toEqual([{ functionName: 'audit', payload: '{}', clientContext: context }])
    for (const odd of ['{"custom":{}}', Buffer.from('[1]').toString('base64'), Buffer.from('{no').toString('base64')]) {
      const answer = await invoke(here, 'audit', '{}', { 'x-amz-client-context': odd })
      expect([answer.statusCode, answer.headers['x-amzn-errortype']]).toEqual([400, 'InvalidRequestContentException'])
    }
    expect(here.invoked).toHaveLength(1)
  })

  it('finds it by name, qualifier, partial and whole ARN', async () => {
    const here = world()
    const arn = 'arn:aws:lambda:us-east-1:000000000000:function:report:live'
    for (const name of ['report:live', 'report%3Alive', 'report', encodeURIComponent(arn), arn]) {
      const qualified = name === 'report' ? `${name}/invocations?Qualifier=live` : `${name}/invocations`
      const answer = await here.api.inject({ method: 'POST', url: `${base}/${qualified}`, payload: '' })
      expect([name, answer.statusCode]).toEqual([name, 200])
    }
    expect(here.invoked.map((request) => request.payload)).toEqual(Array<string>(5).fill('{}'))
    expect(new Set(here.invoked.map((request) => request.functionName))).toEqual(new Set(['report:live', arn]))
  })

  it('refuses two qualifiers that differ, as AWS does', async () => {
    const here = world()
    const url = `${base}/report:live/invocations?Qualifier=7`
    const answer = await here.api.inject({ method: 'POST', url, payload: '{}' })
    expect([answer.statusCode, answer.headers['x-amzn-errortype'], JSON.parse(answer.body)]).toEqual([
      400,
      'InvalidParameterValueException',
      {
        Type: 'User',
        message: 'The derived qualifier from the function name does not match the specified qualifier.',
      },
    ])
    const same = `${base}/report:live/invocations?Qualifier=live`
    expect((await here.api.inject({ method: 'POST', url: same, payload: '{}' })).statusCode).toBe(200)
    expect(here.invoked).toHaveLength(1)
  })

  it('marks an error of the function, also one whose answer was lost', async () => {
    const here = world()
    here.invoke = () => answered('{"errorMessage":"boom"}', 'Unhandled')
    const failed = await invoke(here, 'audit')
    expect([failed.statusCode, failed.headers['x-amz-function-error'], failed.body]).toEqual([
      200,
      'Unhandled',
      '{"errorMessage":"boom"}',
    ])
    here.invoke = () => ({ kind: 'lost', errorType: 'Sandbox.Timedout', message: 'Task timed out' })
    const lost = await invoke(here, 'audit')
    expect([lost.statusCode, lost.headers['x-amz-function-error']]).toEqual([200, 'Unhandled'])
    expect(JSON.parse(lost.body)).toEqual({ errorType: 'Sandbox.Timedout', errorMessage: 'Task timed out' })
  })

  it.each([
    ['throttled', 429, 'TooManyRequestsException'],
    ['missing', 404, 'ResourceNotFoundException'],
    ['denied', 403, 'AccessDeniedException'],
    ['unreachable', 502, 'ServiceException'],
    ['noLambda', 502, 'ServiceException'],
    ['unavailable', 502, 'ServiceException'],
  ] as const)('%s is %i %s', async (kind, status, type) => {
    const here = world()
    here.invoke = () => ({ kind, message: 'why' })
    const answer = await invoke(here, 'audit')
    expect([answer.statusCode, answer.headers['x-amzn-errortype']]).toEqual([status, type])
    expect(answer.body).toContain('why')
  })

  it('tells a throttle by the reserved concurrency from one by the rate', async () => {
    const here = world()
    const reasonOf = async (message: string) => {
      here.invoke = () => ({ kind: 'throttled', message })
      const answer = await invoke(here, 'audit')
      return [answer.statusCode, answer.headers['retry-after'], answer.json<{ Reason: string }>().Reason]
    }
    const reserved = 'Rate Exceeded. (ReservedFunctionConcurrentInvocationLimitExceeded)'
    expect(await reasonOf(reserved)).toEqual([429, '1', 'ReservedFunctionConcurrentInvocationLimitExceeded'])
    expect(await reasonOf('busy')).toEqual([429, '1', 'CallerRateLimitExceeded'])
  })

  it('asynchronously answers 202 before the function has', async () => {
    const here = world()
    const { promise, resolve } = Promise.withResolvers<InvokeResult>()
    here.invoke = () => promise
    const answer = await invoke(here, 'audit', '{}', { 'x-amz-invocation-type': 'Event' })
    expect([answer.statusCode, answer.body]).toEqual([202, ''])
    await until(() => here.invoked.length === 1, 'the function runs')
    resolve(answered('null'))
  })

  it('asynchronously tries a throttled function again, and gives up in the end', async () => {
    const here = world()
    here.invoke = () => (here.invoked.length < 3 ? { kind: 'throttled', message: 'later' } : answered('null'))
    await invoke(here, 'audit', '{}', { 'x-amz-invocation-type': 'Event' })
    await until(() => here.invoked.length === 3, 'the function runs')
    here.invoke = () => ({ kind: 'unreachable', message: 'gone' })
    await invoke(here, 'audit', '{}', { 'x-amz-invocation-type': 'Event' })
    await until(() => here.lines.some((line) => line.level === 'error'), 'it is given up')
    expect(here.invoked).toHaveLength(3 + 8)
  })

  it('a function error of an asynchronous invocation is said and not repeated', async () => {
    const here = world()
    here.invoke = () => answered('{}', 'Unhandled')
    await invoke(here, 'audit', '{}', { 'x-amz-invocation-type': 'Event' })
    await until(() => here.lines.length === 1, 'it is told')
    expect(here.invoked).toHaveLength(1)
  })

  it('a lost answer of an asynchronous invocation is not repeated either: it may have run', async () => {
    const here = world()
    here.invoke = () => ({ kind: 'lost', errorType: 'Sandbox.Timedout', message: 'Task timed out' })
    await invoke(here, 'audit', '{}', { 'x-amz-invocation-type': 'Event' })
    await until(() => here.lines.length === 1, 'it is told')
    // A second try would come within a few turns: pauses take no time here.
    for (let turns = 0; turns < 50; turns += 1) await new Promise((resolve) => setImmediate(resolve))
    expect([here.invoked.length, here.lines.map((line) => line.level)]).toEqual([1, ['warn']])
  })

  it('asynchronous invocations are bounded, and accepted again when some have run', async () => {
    const here = world()
    const { promise, resolve } = Promise.withResolvers<InvokeResult>()
    here.invoke = () => promise
    const later = { 'x-amz-invocation-type': 'Event' }
    for (let count = 0; count < 1_000; count += 1) await invoke(here, 'audit', '{}', later)
    const refused = await invoke(here, 'audit', '{}', later)
    expect([refused.statusCode, refused.headers['x-amzn-errortype']]).toEqual([429, 'TooManyRequestsException'])
    resolve(answered('null'))
    await promise
    await until(() => here.invoked.length === 1_000, 'the function runs')
    expect((await invoke(here, 'audit', '{}', later)).statusCode).toBe(202)
  })

  it('refuses an asynchronous payload above 1 MB', async () => {
    const here = world()
    const later = { 'x-amz-invocation-type': 'Event' }
    const largest = `"${'x'.repeat(1_048_574)}"`
    const refused = await invoke(here, 'audit', ` ${largest}`, later)
    expect([refused.statusCode, refused.headers['x-amzn-errortype']]).toEqual([413, 'RequestEntityTooLargeException'])
    expect(refused.json()).toEqual({
      Type: 'User',
      message: '1048577 byte payload is too large for the Event invocation type (limit 1048576 bytes)',
    })
    expect((await invoke(here, 'audit', largest, later)).statusCode).toBe(202)
    await until(() => here.invoked.length === 1, 'the function runs')
  })

  it('asynchronous payloads that wait are bounded together', async () => {
    const here = world()
    const { promise, resolve } = Promise.withResolvers<InvokeResult>()
    here.invoke = () => promise
    const later = { 'x-amz-invocation-type': 'Event' }
    const large = `"${'x'.repeat(1_000_000)}"`
    const statuses: number[] = []
    while (statuses.at(-1) !== 429 && statuses.length < 200) {
      statuses.push((await invoke(here, 'audit', large, later)).statusCode)
    }
    expect(statuses).toHaveLength(68)
    expect((await invoke(here, 'audit', '{}', later)).statusCode).toBe(202)
    resolve(answered('null'))
    await promise
    await until(() => here.invoked.length === 68, 'the function runs')
    expect((await invoke(here, 'audit', large, later)).statusCode).toBe(202)
  })

  it('what still runs when the server is cut is told so', async () => {
    const here = world()
    await here.api.listen()
    const { promise, resolve } = Promise.withResolvers<string>()
    here.invoke = (_, signal) =>
      new Promise((_resolve, reject) => {
        signal.addEventListener('abort', () => {
          resolve('told')
          reject(new Error('aborted'))
        })
      })
    await invoke(here, 'audit', '{}', { 'x-amz-invocation-type': 'Event' })
    await here.api.close(AbortSignal.abort())
    expect(await promise).toBe('told')
    expect(here.lines.map(({ level, message }) => [level, message])).toEqual([
      ['warn', 'An asynchronous invocation is given up: Millrace is stopping.'],
    ])
  })

  it('asynchronous ones that run end before the server has closed, those that wait for another try are given up', async () => {
    let waiting = false
    const timer: ApiDeps['clock']['timer'] = () => {
      waiting = true
      return () => (waiting = false)
    }
    const clock = { wallMs: () => 0, monoMs: () => 0, uuid: () => 'uuid', timer }
    const here = createApiWorld({ functions, deps: { clock } })
    const { promise, resolve } = Promise.withResolvers<InvokeResult>()
    here.invoke = ({ functionName }) => (functionName === 'audit' ? promise : { kind: 'throttled', message: 'later' })
    const later = { 'x-amz-invocation-type': 'Event' }
    await invoke(here, 'audit', '{}', later)
    await invoke(here, 'report:live', '{}', later)
    await until(() => waiting, 'it waits for another try')
    here.lines.length = 0
    let closed = false
    const closing = here.api.close().then(() => (closed = true))
    await until(() => here.lines.length === 1, 'it is told')
    expect(here.lines[0]).toMatchObject({
      level: 'warn',
      message: 'An asynchronous invocation is given up: Millrace is stopping.',
      fields: { functionName: 'report:live' },
    })
    expect([closed, waiting]).toEqual([false, false])
    resolve(answered('null'))
    await closing
    expect(here.lines).toHaveLength(1)
  })

  it('a dry run runs nothing', async () => {
    const here = world()
    const answer = await invoke(here, 'audit', '{}', { 'x-amz-invocation-type': 'DryRun' })
    expect([answer.statusCode, here.invoked]).toEqual([204, []])
  })

  it('refuses payloads that are no JSON or too large, and unknown types', async () => {
    const here = world()
    const refusals = [
      await invoke(here, 'audit', '{'),
      await invoke(here, 'audit', `"${'x'.repeat(6 * 1_048_576)}"`),
      await invoke(here, 'audit', '{}', { 'x-amz-invocation-type': 'Later' }),
    ]
    expect(refusals.map((answer) => [answer.statusCode, answer.headers['x-amzn-errortype']])).toEqual([
      [400, 'InvalidRequestContentException'],
      [413, 'RequestTooLargeException'],
      [400, 'ValidationException'],
    ])
    expect(here.invoked).toEqual([])
  })
})

// proves: facade.show
describe('looking at functions of the config', () => {
  it('shows the configuration', async () => {
    const answer = await world().api.inject({ method: 'GET', url: `${base}/audit/configuration` })
    expect(JSON.parse(answer.body)).toMatchObject({
      FunctionName: 'audit',
      FunctionArn: 'arn:aws:lambda:us-east-1:000000000000:function:audit',
      Timeout: 30,
      Version: '$LATEST',
      State: 'Active',
      LastUpdateStatus: 'Successful',
      PackageType: 'Image',
    })
  })

  it.each([
    ['audit', ':function:audit', '$LATEST'],
    ['audit?Qualifier=$LATEST', ':function:audit:$LATEST', '$LATEST'],
    ['audit?Qualifier=7', ':function:audit:7', '7'],
    ['audit:live', ':function:audit:live', '$LATEST'],
  ])('shows %s under the qualification that was asked for', async (asked, arn, version) => {
    const here = createApiWorld({ functions: [hostedFunction('audit')] })
    const url = `/2015-03-31/functions/${asked.replace('?', '/configuration?')}${asked.includes('?') ? '' : '/configuration'}`
    const shown = (await here.api.inject({ method: 'GET', url })).json<Record<string, string>>()
    expect([shown['FunctionName'], shown['FunctionArn'], shown['Version']]).toEqual([
      'audit',
      `arn:aws:lambda:us-east-1:000000000000${arn}`,
      version,
    ])
  })

  it('shows the function with its concurrency', async () => {
    const here = world()
    const audit = await here.api.inject({ method: 'GET', url: `${base}/audit` })
    expect(JSON.parse(audit.body)).toMatchObject({
      Configuration: { FunctionName: 'audit' },
      Concurrency: { ReservedConcurrentExecutions: 4 },
    })
    const report = await here.api.inject({ method: 'GET', url: `${base}/report?Qualifier=live` })
    expect(JSON.parse(report.body)).toMatchObject({
      Configuration: { FunctionName: 'report', Version: '$LATEST', Timeout: 2 },
    })
    expect(JSON.parse(report.body)).not.toHaveProperty('Concurrency')
  })

  // proves: pass.none
  it('an unknown function, with no Lambda endpoint behind, is not found, and the log says once what to do', async () => {
    const here = world()
    for (const url of [`${base}/other`, `${base}/other/configuration`, '/2015-03-31/layers']) {
      const answer = await here.api.inject({ method: 'GET', url })
      expect([answer.statusCode, answer.headers['x-amzn-errortype']]).toEqual([404, 'ResourceNotFoundException'])
    }
    expect(here.lines.map((line) => line.level)).toEqual(['warn'])
    expect(here.lines[0]?.message).toContain('AWS_ENDPOINT_URL_LAMBDA')
  })
})
