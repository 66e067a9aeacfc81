import { describe, expect, it } from 'vitest'
import { interpretLambdaAnswer, type LambdaAnswer } from '../../../src/targets/lambda-answer.ts'

const json = { 'content-type': 'application/json' }

function interpret(status: number, body = '', headers: LambdaAnswer['headers'] = {}) {
  return interpretLambdaAnswer({ status, headers, body }, () => 'made-here')
}

function lambdaError(status: number, type: string, message = 'why') {
  return interpret(status, JSON.stringify({ Type: 'User', message }), { ...json, 'x-amzn-errortype': type })
}

describe('an answer with status 200', () => {
  it('is the function’s, with request id, version and payload', () => {
    const headers = { 'x-amzn-requestid': 'r-1', 'x-amz-executed-version': '7' }
    expect(interpret(200, '{"a":1}', headers)).toEqual({
      kind: 'answered',
      payload: '{"a":1}',
      reply: { requestId: 'r-1', statusCode: 200, executedVersion: '7', functionError: null },
    })
  })

  it('is a failure of the function when the header says so', () => {
    const result = interpret(200, '{"errorType":"Error"}', { 'x-amz-function-error': 'Handled' })
    expect(result).toMatchObject({ kind: 'answered', reply: { functionError: 'Handled', requestId: 'made-here' } })
  })

  it('from a full Lambda may return an object that looks like an error', () => {
    const result = interpret(200, '{"errorType":"Error"}', { 'x-amzn-requestid': 'r' })
    expect(result).toMatchObject({ kind: 'answered', reply: { functionError: null, executedVersion: '$LATEST' } })
  })

  it('from a bare runtime emulator hides failures, which are found all the same', () => {
    expect(interpret(200, '{"errorType":"Error","errorMessage":"boom","stackTrace":[]}')).toMatchObject({
      kind: 'answered',
      reply: { functionError: 'Unhandled', requestId: 'made-here' },
    })
    expect(interpret(200, 'Task timed out after 3.00 seconds')).toMatchObject({ reply: { functionError: 'Unhandled' } })
    expect(interpret(200, '{"ok":true}')).toMatchObject({ kind: 'answered', reply: { functionError: null } })
  })
})

/** What the neighbours answer for `null`, `{"a":1}` or nothing, seen in their sources or on the wire (docs/peers.md). */
// proves: target.believed
describe('a 200 of a Lambda without its headers is an invocation', () => {
  it.each([
    [
      'MiniStack',
      '{"a":1}',
      { ...json, 'x-amz-executed-version': '$LATEST', 'x-amz-request-id': 'r', 'x-amz-id-2': 'x' },
    ],
    ['LocalStack', 'null', { ...json, 'x-amzn-requestid': 'r', 'x-amz-executed-version': '$LATEST' }],
    ['an alias on AWS, whose function returned HTML', '<html>', { ...json, 'x-amz-executed-version': '7' }],
    ['moto', '{"a":1}', json],
    ['moto without Docker', 'Simple Lambda happy path OK', json],
    ['sam local', 'null', json],
    ['sam local, a function that returns nothing', '', json],
    [
      'serverless-offline',
      '{"a":1}',
      { 'content-type': 'application/json; charset=utf-8', 'cache-control': 'no-cache' },
    ],
    ['serverless-offline, a string', '"He said "yes""', { 'content-type': 'text/html; charset=utf-8' }],
    ['serverless-offline, a function that returns nothing', '', { 'content-type': 'text/html; charset=utf-8' }],
    ['serverless-offline, null', '', { 'cache-control': 'no-cache' }],
    ['a Runtime Interface Emulator', '{"a":1}', { 'content-type': 'text/plain; charset=utf-8' }],
  ])('%s', (_who, body, headers) => {
    expect(interpret(200, body, headers)).toMatchObject({
      kind: 'answered',
      payload: body,
      reply: { functionError: null },
    })
  })
})

// proves: target.believed
describe('what no Lambda answers is no invocation', () => {
  const xml = { 'content-type': 'application/xml', 'x-amz-request-id': '46609FD9598B4EAF', 'x-amz-id-2': 'fauxqs' }
  const page = { 'content-type': 'text/html' }
  it.each([
    ['DeleteObjects of S3', 200, '<?xml version="1.0"?>\n<DeleteResult xmlns="http://s3/">\n</DeleteResult>', xml],
    ['an empty answer of S3', 200, '', xml],
    ['XML of a service that names its requests as Lambda does', 200, '<a/>', { 'x-amzn-requestid': 'r' }],
    ['a page', 200, '<!DOCTYPE html><html><body>Welcome</body></html>', page],
    ['a text', 200, 'OK', { 'content-type': 'text/plain' }],
    ['a page that says 202', 202, '<html></html>', page],
    ['a redirect', 302, '', { location: 'https://login.example/' }],
    ['a redirect with a body', 301, 'moved', {}],
    ['a bucket that is missing', 404, '<Error><Code>NoSuchBucket</Code></Error>', xml],
    ['a path that is missing', 404, 'Not found', { 'content-type': 'text/plain' }],
    ['a page for a path that is missing', 404, '<html>Cannot POST</html>', page],
    ['S3 that refuses', 403, '<Error><Code>AccessDenied</Code></Error>', xml],
  ])('%s', (_what, status, body, headers) => {
    expect(interpret(status, body, headers)).toEqual({
      kind: 'noLambda',
      message: expect.stringMatching(/^The Lambda endpoint answered \d+ with .+, so no Lambda runs there\.$/s),
    })
  })

  it('but a page of a proxy on the way speaks for no Lambda', () => {
    expect(interpret(403, '<html>Forbidden</html>', page)).toMatchObject({ kind: 'denied' })
    expect(interpret(429, '<html>Slow down</html>', page)).toMatchObject({ kind: 'throttled' })
    expect(interpret(404, '{"Message":"Function not found: x","Type":"User"}', json)).toMatchObject({ kind: 'missing' })
  })
})

it('any other success status acknowledges nothing and counts', () => {
  expect(interpret(202)).toMatchObject({ kind: 'lost' })
  expect(interpret(204)).toMatchObject({ kind: 'lost' })
})

it('a refused request means that the function did not run', () => {
  expect(lambdaError(400, 'InvalidParameterValueException')).toMatchObject({ kind: 'unavailable' })
  expect(lambdaError(409, 'ResourceConflictException')).toMatchObject({ kind: 'unavailable' })
})

// proves: target.before-during
describe('a throttle', () => {
  it('waits as long as the endpoint asks for', () => {
    const result = interpret(429, '{"message":"Rate Exceeded."}', {
      'x-amzn-errortype': 'TooManyRequestsException',
      'retry-after': '2',
    })
    expect(result).toEqual({
      kind: 'throttled',
      message: 'TooManyRequestsException: Rate Exceeded.',
      retryAfterMs: 2_000,
    })
  })

  it.each(['', 'Fri, 01 Jan 2027 00:00:00 GMT', '-1'])('leaves the pace to the caller for Retry-After %j', (header) => {
    expect(interpret(429, '', { 'retry-after': header })).toMatchObject({
      kind: 'throttled',
      retryAfterMs: undefined,
    })
  })
})

it('a missing function and a refused identity are told apart', () => {
  expect(lambdaError(404, 'ResourceNotFoundException')).toEqual({
    kind: 'missing',
    message: 'ResourceNotFoundException: why',
  })
  expect(lambdaError(403, 'AccessDeniedException')).toMatchObject({ kind: 'denied' })
  expect(interpret(401)).toMatchObject({ kind: 'denied' })
  expect(lambdaError(400, 'UnrecognizedClientException')).toMatchObject({ kind: 'denied' })
})

// proves: target.before-during
describe('a server error', () => {
  it.each([500, 502, 503, 504])('%i without a body came before the function', (status) => {
    expect(interpret(status)).toMatchObject({ kind: 'unavailable' })
  })

  it('with one of Lambda’s exceptions came before the function', () => {
    expect(lambdaError(500, 'ServiceException')).toMatchObject({ kind: 'unavailable' })
    expect(lambdaError(502, 'EC2ThrottledException')).toMatchObject({ kind: 'unavailable' })
    expect(interpret(500, '{"__type":"com.amazonaws.lambda#ServiceException:http://x","message":"m"}')).toEqual({
      kind: 'unavailable',
      message: 'ServiceException: m',
      retryAfterMs: undefined,
    })
  })

  it('with what a runtime says is the function’s failure', () => {
    const body = '{"errorType":"Runtime.ExitError","errorMessage":"exit status 1"}'
    expect(interpret(502, body)).toMatchObject({
      kind: 'answered',
      payload: body,
      reply: { functionError: 'Unhandled', statusCode: 200 },
    })
    expect(interpret(500, 'text', { 'x-amz-function-error': 'Unhandled' })).toMatchObject({ kind: 'answered' })
    const coded = '{"errorType":"Error","errorMessage":"no such file","code":"ENOENT"}'
    expect(interpret(500, coded)).toMatchObject({ kind: 'answered', reply: { functionError: 'Unhandled' } })
  })

  it('with a gateway’s page did not reach the function, except after the gateway’s own timeout', () => {
    const page = '<html>Bad Gateway</html>'
    expect(interpret(502, page)).toMatchObject({ kind: 'unavailable' })
    expect(interpret(503, page, { 'retry-after': '1' })).toMatchObject({ kind: 'unavailable', retryAfterMs: 1_000 })
    expect(interpret(504, page)).toMatchObject({ kind: 'lost', errorType: 'Invoke.Status504' })
    expect(interpret(500, page)).toMatchObject({ kind: 'lost', errorType: 'Invoke.Status500' })
  })

  it('quotes no more of a page than a log line bears', () => {
    const result = interpret(503, 'x'.repeat(100_000))
    expect(result.kind === 'unavailable' && result.message.length).toBeLessThan(400)
  })
})

it('an event that the function can never get counts as an attempt', () => {
  for (const type of ['RequestTooLargeException', 'RequestEntityTooLargeException', 'RecursiveInvocationException']) {
    expect(lambdaError(413, type)).toMatchObject({ kind: 'lost', errorType: type })
  }
})
