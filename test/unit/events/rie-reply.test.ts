import { describe, expect, it } from 'vitest'
import { interpretRieReply, type RieAnswer } from '../../../src/events/rie-reply.ts'

function answer(status: number, body: string, headers: RieAnswer['headers'] = {}): RieAnswer {
  return { status, body, headers, requestId: 'r-1' }
}

const reply = { requestId: 'r-1', statusCode: 200, executedVersion: '$LATEST', functionError: null }

// proves: target.rie
describe('a 200 of the emulator', () => {
  it.each([
    'null',
    '',
    '{"batchItemFailures":[]}',
    '"Task timed out after 2.00 seconds"',
    'Task timed out after lunch',
    '{"errorType":"Error","result":1}',
    '{"errorType":42}',
    '{"errorMessage":"only a message"}',
    '[{"errorType":"Error"}]',
    'plain text',
    '{"seats":"AlreadyReserved"}',
  ])('with the body %s is a success', (body) => {
    expect(interpretRieReply(answer(200, body))).toEqual({ kind: 'answered', reply, payload: body })
  })

  it.each([
    '{"errorMessage":"boom","errorType":"Error","stackTrace":[]}',
    '{"errorType":"Error","errorMessage":"boom","trace":["a"],"cause":{},"requestId":"x"}',
    '{"errorType":"AggregateException","errorMessage":"two","stackTrace":[],"cause":{},"causes":[{},{}]}',
    '{"errorType":"Runtime.ImportModuleError"}',
  ])('with the body %s is an exception', (body) => {
    expect(interpretRieReply(answer(200, body))).toEqual({
      kind: 'answered',
      reply: { ...reply, functionError: 'Unhandled' },
      payload: body,
    })
  })

  it.each(['Task timed out after 2.00 seconds', 'Task timed out after 15 seconds\n'])(
    'with the text %j is a timeout',
    (body) => {
      const result = interpretRieReply(answer(200, body))
      expect(result).toMatchObject({ kind: 'answered', reply: { functionError: 'Unhandled' } })
      expect(result.kind === 'answered' && JSON.parse(result.payload)).toEqual({
        errorType: 'Sandbox.Timedout',
        errorMessage: body.trim(),
      })
    },
  )

  it('that is marked as Lambda marks it is believed', () => {
    const headers = { 'x-amz-function-error': 'Handled', 'x-amz-executed-version': '7' }
    expect(interpretRieReply(answer(200, '{"x":1}', headers))).toEqual({
      kind: 'answered',
      reply: { ...reply, functionError: 'Handled', executedVersion: '7' },
      payload: '{"x":1}',
    })
  })
})

it('a runtime that died is a function error, with or without a body: the function had begun', () => {
  const body = '{"errorType":"Runtime.ExitError","errorMessage":"RequestId: 1 Error: Runtime exited"}'
  expect(interpretRieReply(answer(502, body))).toMatchObject({
    kind: 'answered',
    reply: { functionError: 'Unhandled' },
    payload: body,
  })
  const empty = interpretRieReply(answer(502, ''))
  expect(empty).toMatchObject({ kind: 'answered', reply: { functionError: 'Unhandled' } })
  expect(empty.kind === 'answered' && JSON.parse(empty.payload).errorType).toBe('Runtime.ExitError')
})

it.each([
  answer(400, ''),
  answer(400, '{"errorType":"AlreadyReserved"}'),
  answer(500, 'Failed to reserve: AlreadyReserved'),
  answer(502, '{"errorMessage":"Already Reserved"}'),
  answer(429, '{}'),
  answer(400, '{"errorType":"Runtime.Unavailable"}', { 'error-type': 'Runtime.Unavailable' }),
])('an emulator that is busy is a throttle: %j', (busy) => {
  expect(interpretRieReply(busy)).toMatchObject({ kind: 'throttled' })
})

describe('the build for several invocations at once', () => {
  it.each([
    [200, 'Function.Unknown'],
    [502, 'Runtime.ExitError'],
    [500, 'Runtime.TruncatedResponse'],
    [504, 'Sandbox.Timedout'],
  ])('marks a function error with status %d and Error-Type %s', (status, errorType) => {
    const body = `{"errorType":"${errorType}","errorMessage":"m"}`
    expect(interpretRieReply(answer(status, body, { 'error-type': errorType }))).toMatchObject({
      kind: 'answered',
      reply: { functionError: 'Unhandled' },
      payload: body,
    })
    const empty = interpretRieReply(answer(status, '', { 'error-type': errorType }))
    expect(empty.kind === 'answered' && JSON.parse(empty.payload)).toEqual({ errorType })
  })

  it.each(['Client.InitIncomplete', 'ErrMalformedRequest', 'InvalidRequest'])(
    'tells with %s that the function was not entered',
    (errorType) => {
      expect(interpretRieReply(answer(400, '{}', { 'error-type': errorType }))).toMatchObject({ kind: 'unavailable' })
    },
  )
})

it.each([
  ['<?xml version="1.0"?><DeleteResult/>', { 'content-type': 'application/xml' }, 'XML (<DeleteResult>)'],
  ['<!DOCTYPE html><html></html>', { 'content-type': 'text/html' }, 'an HTML page'],
  ['', { 'x-amz-request-id': 'B28A4C71F9F4445B', 'x-amz-id-2': 'x' }, 'what S3 answers'],
])('a 200 with %j is no function', (body, headers, words) => {
  expect(interpretRieReply(answer(200, body, headers))).toEqual({
    kind: 'noLambda',
    message: `The URL answered 200 with ${words}, so no function runs there.`,
  })
})

it.each([
  [answer(404, '404 page not found'), 'missing'],
  [answer(500, ''), 'unavailable'],
  [answer(503, 'starting'), 'unavailable'],
  [answer(400, 'bad client context'), 'unavailable'],
  [answer(301, ''), 'noLambda'],
  [answer(202, ''), 'lost'],
  [answer(204, 'null'), 'lost'],
  [answer(504, ''), 'lost'],
])('%j is %s', (other, kind) => {
  expect(interpretRieReply(other)).toMatchObject({ kind })
})
