import { describe, expect, it } from 'vitest'
import { createPassPolicy, withoutSecrets, type PassSettings } from '../../../src/api/pass-policy.ts'
import { listen, start, upstreamOf } from '../../support/api-over-http.ts'
import { functionAnswer, recordingUpstream } from './gate/recording-upstream.ts'

const judge = (settings: PassSettings, method: string, path: string) =>
  createPassPolicy(settings).judge(method, path)?.code ?? 'passes'

const reader: PassSettings = { policy: 'read', isAws: true, isAuthenticated: true }

describe('what is passed on', () => {
  it.each([
    ['GET', '/2015-03-31/functions/f'],
    ['GET', '/2015-03-31/functions/arn%3Aaws%3Alambda%3Aus-east-1%3A000000000000%3Afunction%3Af'],
    ['GET', '/2015-03-31/functions/f:%24LATEST/configuration'],
    ['GET', '/2015-03-31/functions/'],
    ['HEAD', '/2015-03-31/functions'],
    ['GET', '/2018-10-31/layers/l/versions/1'],
    ['GET', '/2016-08-19/account-settings/'],
    ['GET', '/2017-03-31/tags/arn%3Aaws%3Alambda%3Aus-east-1%3A000000000000%3Afunction%3Af'],
    ['GET', '/2025-11-30/capacity-providers'],
  ])('reading: %s %s', (method, path) => {
    expect(judge(reader, method, path)).toBe('passes')
  })

  it.each([
    ['POST', '/2015-03-31/functions/f/invocations'],
    ['GET', '/2015-03-31/functions/f/invocations'],
    ['GET', '/2014-11-13/functions/f/invoke-async/'],
    ['POST', '/2021-11-15/functions/f/response-streaming-invocations'],
    ['PUT', '/2015-03-31/functions/f/code'],
    ['DELETE', '/2015-03-31/functions/f'],
    ['POST', '/2017-03-31/tags/arn'],
    ['DELETE', '/2017-03-31/tags/arn'],
    ['POST', '/2015-03-31/functions'],
    ['GET', '/2025-12-01/functions/f/durable-executions'],
    ['GET', '/2025-12-01/durable-executions/arn/history'],
    ['GET', '/2015-03-31/functions/../functions/f/invocations'],
    ['GET', '/2015-03-31/functions/%2e%2e/event-source-mappings'],
    ['GET', '/2015-03-31//functions/f'],
    ['GET', '/2099-01-01/something-new'],
  ])('is not, by a reader: %s %s', (method, path) => {
    expect(judge(reader, method, path)).toBe('MILLRACE_PASS_THROUGH_READ_ONLY')
  })

  it('is nothing to AWS and everything to an emulator, unless it is said', () => {
    const path = '/2015-03-31/functions/f'
    expect(judge({ policy: undefined, isAws: true, isAuthenticated: true }, 'GET', path)).toBe(
      'MILLRACE_PASS_THROUGH_OFF',
    )
    expect(judge({ policy: undefined, isAws: false, isAuthenticated: false }, 'POST', path)).toBe('passes')
    expect(judge({ policy: 'all', isAws: true, isAuthenticated: false }, 'GET', path)).toBe(
      'MILLRACE_PASS_THROUGH_NEEDS_AUTH',
    )
    expect(judge({ policy: 'all', isAws: true, isAuthenticated: true }, 'POST', path)).toBe('passes')
    expect(judge({ policy: 'off', isAws: false, isAuthenticated: true }, 'GET', path)).toBe('MILLRACE_PASS_THROUGH_OFF')
  })

  it('comes back without variables and code, at whatever depth', () => {
    expect(withoutSecrets(functionAnswer)).toEqual({
      Configuration: { FunctionName: 'theirs', Timeout: 3 },
      Functions: [{ FunctionName: 'theirs' }],
    })
    expect(withoutSecrets([null, 1, { Content: { Location: 'x' }, a: [{ Code: 1, b: 2 }] }])).toEqual([
      null,
      1,
      { a: [{ b: 2 }] },
    ])
  })
})

describe('an answer of the endpoint behind', () => {
  const policy = createPassPolicy({ policy: 'read', isAws: false, isAuthenticated: false })

  it('loses its secrets and its CORS headers on the way to a reader', async () => {
    const { endpoint } = await start({ upstream: recordingUpstream(), deps: { passPolicy: policy } })
    for (const path of ['/2015-03-31/functions/theirs', '/2015-03-31/functions']) {
      const answer = await fetch(endpoint + path)
      const text = await answer.text()
      expect(answer.status).toBe(200)
      expect(text).toContain('theirs')
      expect(text).not.toMatch(/hunter2|Environment|"Code"/)
      expect([...answer.headers.keys()].filter((name) => name.startsWith('access-control'))).toEqual([])
    }
  })

  it('that is not JSON does not reach a reader', async () => {
    const endpointBehind = await listen((_, response) => {
      response.writeHead(200, { 'content-type': 'text/html' }).end('<p>hunter2</p>')
    })
    const { endpoint } = await start({ upstream: upstreamOf(endpointBehind), deps: { passPolicy: policy } })
    const answer = await fetch(`${endpoint}/2015-03-31/functions/theirs`)
    expect([answer.status, answer.headers.get('content-type')]).toEqual([502, 'application/json; charset=utf-8'])
    expect(await answer.text()).not.toContain('hunter2')
  })
})
