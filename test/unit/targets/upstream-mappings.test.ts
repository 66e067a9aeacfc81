import { describe, expect, it } from 'vitest'
import type { AwsAccess, HttpRequest, HttpResult } from '../../../src/access/aws-access.ts'
import { createUpstreamMappings } from '../../../src/targets/upstream-mappings.ts'
import { manualClock } from '../../support/manual-clock.ts'

const { signal } = new AbortController()

/** An endpoint that answers in turn; what it is asked is kept. */
function endpointOf(...answers: readonly (HttpResult | ((signal: AbortSignal) => Promise<HttpResult>))[]) {
  const asked: HttpRequest[] = []
  const time = manualClock()
  const access: AwsAccess = {
    isAws: () => false,
    close: () => Promise.resolve(),
    service: (service) => ({
      endpoint: `http://${service}.test`,
      json: () => Promise.reject(new Error('Lambda speaks no such protocol.')),
      http: async (request, _pool, aborted) => {
        asked.push(request)
        const answer = answers[asked.length - 1] ?? answers.at(-1)
        if (answer === undefined) throw new Error('nothing to answer')
        return typeof answer === 'function' ? answer(aborted) : answer
      },
    }),
  }
  return { asked, time, mappings: createUpstreamMappings(access, time.clock) }
}

function answer(status: number, body: unknown, type?: string): HttpResult {
  const headers = type === undefined ? {} : { 'x-amzn-errortype': type }
  return { kind: 'ok', status, headers, body: typeof body === 'string' ? body : JSON.stringify(body) }
}

describe('the mappings of the upstream', () => {
  it('are listed over all pages, with state and time of the last change', async () => {
    const { mappings, asked } = endpointOf(
      answer(200, { EventSourceMappings: [{ UUID: 'a', State: 'Enabled', LastModified: 1.5 }], NextMarker: 'n/1' }),
      answer(200, {
        EventSourceMappings: [
          { UUID: 'b', State: 'Disabled', LastModified: '2026-11-21T00:00:00Z' },
          { UUID: 'c' },
          { Strange: true },
          7,
        ],
        NextMarker: null,
      }),
    )
    expect(await mappings.list(signal)).toMatchObject({
      kind: 'listed',
      mappings: [
        { uuid: 'a', state: 'Enabled', modifiedMs: 1_500 },
        { uuid: 'b', state: 'Disabled', modifiedMs: Date.UTC(2026, 10, 21) },
        { uuid: 'c', state: '', modifiedMs: null, members: { UUID: 'c' } },
      ],
    })
    expect(asked.map(({ method, path }) => `${method} ${path}`)).toEqual([
      'GET /2015-03-31/event-source-mappings?MaxItems=100',
      'GET /2015-03-31/event-source-mappings?MaxItems=100&Marker=n%2F1',
    ])
  })

  it('are not taken for none when a later page fails, or when pages never end', async () => {
    const page = answer(200, { EventSourceMappings: [], NextMarker: 'again' })
    expect((await endpointOf(page, answer(500, '')).mappings.list(signal)).kind).toBe('failed')
    expect((await endpointOf(page).mappings.list(signal)).kind).toBe('failed')
  })

  it.each([
    [answer(404, 'no such route'), 'unsupported'],
    [answer(405, ''), 'unsupported'],
    [answer(501, '{"message":"not implemented"}'), 'unsupported'],
    [answer(200, '<html>'), 'unsupported'],
    [answer(200, {}), 'unsupported'],
    [answer(403, { message: 'no' }, 'AccessDeniedException'), 'failed'],
    [answer(503, ''), 'failed'],
    [{ kind: 'unreachable', sent: false, message: 'ECONNREFUSED' } as const, 'failed'],
  ])('are unknown after %j: %s', async (reply, kind) => {
    expect((await endpointOf(reply).mappings.list(signal)).kind).toBe(kind)
  })

  it('are changed and deleted one at a time', async () => {
    const { mappings, asked } = endpointOf(answer(202, { UUID: 'a' }))
    expect(await mappings.update('a/b', { Enabled: false }, signal)).toEqual({ kind: 'done' })
    expect(await mappings.delete('a', signal)).toEqual({ kind: 'done' })
    expect(asked).toEqual([
      {
        method: 'PUT',
        path: '/2015-03-31/event-source-mappings/a%2Fb',
        headers: { 'content-type': 'application/json' },
        body: '{"Enabled":false}',
      },
      { method: 'DELETE', path: '/2015-03-31/event-source-mappings/a', headers: {}, body: '' },
    ])
  })

  it.each([
    [answer(404, { Message: 'none' }, 'ResourceNotFoundException:http://x'), 'missing'],
    [answer(404, 'no such route'), 'refused'],
    [answer(501, ''), 'refused'],
    [answer(403, '', 'AccessDeniedException'), 'refused'],
    [answer(400, { message: 'no' }, 'InvalidParameterValueException'), 'refused'],
    [answer(400, { Message: 'moving' }, 'ResourceInUseException'), 'busy'],
    [answer(429, '', 'TooManyRequestsException'), 'busy'],
    [answer(500, '', 'ServiceException'), 'failed'],
    [answer(204, ''), 'failed'],
    [answer(200, '<DeleteResult/>'), 'failed'],
    [{ kind: 'unreachable', sent: true, message: 'socket hang up' } as const, 'failed'],
  ])('answer a change by %j: %s', async (reply, kind) => {
    expect((await endpointOf(reply).mappings.update('a', {}, signal)).kind).toBe(kind)
  })

  it('are not waited for longer than 5 s', async () => {
    const { mappings, time } = endpointOf(
      (aborted) =>
        new Promise((_, reject) => {
          aborted.addEventListener('abort', () => reject(new Error('aborted')))
        }),
    )
    const result = mappings.list(signal)
    await time.pass(5_000)
    expect(await result).toEqual({ kind: 'failed', message: 'http://lambda.test gave no answer within 5 s.' })
  })
})
