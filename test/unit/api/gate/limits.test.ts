import { once } from 'node:events'
import { request as httpRequest, type IncomingMessage } from 'node:http'
import { connect } from 'node:net'
import { describe, expect, it } from 'vitest'
import type { InvokeResult } from '../../../../src/ports.ts'
import { answered, hostedFunction } from '../../../support/api.ts'
import { start } from '../../../support/api-over-http.ts'

const invokePath = '/2015-03-31/functions/slow/invocations'

/** Functions that answer when the test says so. */
function slowFunction() {
  const waiting: { readonly signal: AbortSignal; readonly end: (result: InvokeResult) => void }[] = []
  const begun: (() => void)[] = []
  return {
    waiting,
    invoke: (_request: unknown, signal: AbortSignal) => {
      const { promise, resolve, reject } = Promise.withResolvers<InvokeResult>()
      signal.addEventListener('abort', () => reject(new Error('aborted')), { once: true })
      waiting.push({ signal, end: resolve })
      for (const tell of begun.splice(0)) tell()
      return promise
    },
    untilWaiting: async (count: number) => {
      while (waiting.length < count) {
        const { promise, resolve } = Promise.withResolvers<void>()
        begun.push(resolve)
        await promise
      }
    },
  }
}

async function slowWorld(admission: { requestsMax: number; heldBytesMax: number }) {
  const slow = slowFunction()
  const { endpoint, world } = await start({ functions: [hostedFunction('slow')], deps: { admission } })
  world.invoke = slow.invoke
  return { endpoint, world, slow }
}

async function codeOf(answer: Response): Promise<string> {
  const { code } = (await answer.json()) as { code?: string }
  return `${answer.status} ${answer.headers.get('x-amzn-errortype')} ${code ?? ''}`.trim()
}

describe('the API', () => {
  it('answers as many requests at once as it may, and says that it is busy to the next', async () => {
    const { endpoint, slow } = await slowWorld({ requestsMax: 2, heldBytesMax: 1_000_000 })
    const invocations = [1, 2].map(() => fetch(endpoint + invokePath, { method: 'POST', body: '{}' }))
    await slow.untilWaiting(2)
    const busy = await fetch(`${endpoint}/_millrace/mappings`)
    expect(busy.headers.get('retry-after')).toBe('1')
    expect(await codeOf(busy)).toBe('429 TooManyRequestsException MILLRACE_BUSY')
    // A supervisor must not take it for dead.
    expect((await fetch(`${endpoint}/healthz`)).status).toBe(200)
    for (const { end } of slow.waiting) end(answered('1'))
    await Promise.all(invocations)
    expect((await fetch(`${endpoint}/_millrace/mappings`)).status).toBe(200)
  })

  it('holds as many bytes of bodies as it may, and takes no more until they are answered', async () => {
    const { endpoint, slow } = await slowWorld({ requestsMax: 100, heldBytesMax: 1_000 })
    const send = (bytes: number) =>
      fetch(endpoint + invokePath, { method: 'POST', body: JSON.stringify('x'.repeat(bytes - 2)) })
    const first = send(600)
    await slow.untilWaiting(1)
    expect(await codeOf(await send(600))).toBe('429 TooManyRequestsException MILLRACE_BUSY')
    const small = send(400)
    await slow.untilWaiting(2)
    for (const { end } of slow.waiting) end(answered('1'))
    expect([(await first).status, (await small).status]).toEqual([200, 200])
    const again = send(1_000)
    await slow.untilWaiting(3)
    slow.waiting[2]?.end(answered('1'))
    expect((await again).status).toBe(200)
  })

  it('forgets the invocation, its payload and its place of a client that has left', async () => {
    const { endpoint, slow, world } = await slowWorld({ requestsMax: 3, heldBytesMax: 1_000 })
    const leaving = new AbortController()
    const left = [1, 2, 3].map(() =>
      fetch(endpoint + invokePath, { method: 'POST', body: JSON.stringify('x'.repeat(300)), signal: leaving.signal }),
    )
    await slow.untilWaiting(3)
    const over = slow.waiting.map(({ signal }) => once(signal, 'abort'))
    leaving.abort()
    await Promise.allSettled(left)
    await Promise.all(over)
    const next = [1, 2, 3].map(() =>
      fetch(endpoint + invokePath, { method: 'POST', body: JSON.stringify('x'.repeat(300)) }),
    )
    await slow.untilWaiting(6)
    for (const { end } of slow.waiting) end(answered('1'))
    expect((await Promise.all(next)).map(({ status }) => status)).toEqual([200, 200, 200])
    expect(world.lines.filter(({ level }) => level === 'error')).toEqual([])
  })

  it('runs 500 synchronous invocations at once, and throttles more as Lambda does', async () => {
    const { endpoint, slow } = await slowWorld({ requestsMax: 2_000, heldBytesMax: 1_000_000 })
    const { port } = new URL(endpoint)
    const invoke = async () => {
      const outgoing = httpRequest({ port, host: '127.0.0.1', method: 'POST', path: invokePath, agent: false })
      outgoing.end('{}')
      const [answer] = (await once(outgoing, 'response')) as [IncomingMessage]
      answer.resume()
      return answer.statusCode
    }
    const running = Array.from({ length: 500 }, invoke)
    await slow.untilWaiting(500)
    expect(await codeOf(await fetch(endpoint + invokePath, { method: 'POST', body: '{}' }))).toBe(
      '429 TooManyRequestsException',
    )
    for (const { end } of slow.waiting) end(answered('1'))
    expect(new Set(await Promise.all(running))).toEqual(new Set([200]))
  })

  it('answers a list of a million nulls with a short text', async () => {
    const { endpoint } = await start({})
    const body = JSON.stringify({ FilterCriteria: { Filters: Array.from({ length: 200_000 }, () => null) } })
    const answer = await fetch(`${endpoint}/2015-03-31/event-source-mappings`, { method: 'POST', body })
    const text = await answer.text()
    expect([answer.status, answer.headers.get('x-amzn-errortype')]).toEqual([400, 'ValidationException'])
    expect(text.length).toBeLessThan(20_000)
    expect(text).toContain(
      "Value null at 'filterCriteria.filters.1.member' failed to satisfy constraint: Member must not be null",
    )
  })

  it('is no proxy: a request line that names a whole URL is refused', async () => {
    const { endpoint } = await start({})
    const socket = connect(Number(new URL(endpoint).port), '127.0.0.1')
    socket.end('GET http://127.0.0.1/_millrace/mappings HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n')
    let answer = ''
    socket.setEncoding('utf8').on('data', (chunk: string) => (answer += chunk))
    await once(socket, 'close')
    expect(answer).toMatch(/^HTTP\/1\.1 400 /)
    expect(answer).toContain('MILLRACE_REQUEST_TARGET')
  })
})
