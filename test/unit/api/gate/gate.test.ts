import { Agent, request as httpRequest } from 'node:http'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createSigner } from '../../../../src/auth/signature.ts'
import { createPassPolicy } from '../../../../src/api/pass-policy.ts'
import type { AuthSettings, PassThroughPolicy } from '../../../../src/model/settings.ts'
import { createApiWorld, type ApiWorld } from '../../../support/api.ts'
import { queueMapping } from './queue-mapping.ts'
import { recordingUpstream, type RecordingUpstream } from './recording-upstream.ts'

/*
 * Every combination of request, Host, Origin, proof, auth and upstream, over a socket. What is expected is told by the rules of
 * the README, not by the code: the first one that speaks against a request decides.
 */

const mappings = '/2015-03-31/event-source-mappings'
const create = JSON.stringify(queueMapping)

interface Ask {
  readonly name: string
  readonly method: string
  readonly path: string
  readonly body?: string
  /** What happens to it when nobody stops it. */
  readonly to: 'health' | 'ours' | 'upstream' | 'options'
  readonly isReading: boolean
  readonly status: number
}

const asks: readonly Ask[] = [
  { name: 'a probe', method: 'GET', path: '/healthz', to: 'health', isReading: true, status: 200 },
  { name: 'readiness', method: 'GET', path: '/readyz', to: 'health', isReading: true, status: 200 },
  { name: 'health in full', method: 'GET', path: '/_millrace/health', to: 'ours', isReading: true, status: 200 },
  { name: 'metrics', method: 'GET', path: '/metrics', to: 'ours', isReading: true, status: 200 },
  { name: 'ListEventSourceMappings', method: 'GET', path: mappings, to: 'ours', isReading: true, status: 200 },
  { name: 'a create', method: 'POST', path: mappings, body: create, to: 'ours', isReading: false, status: 202 },
  { name: 'a preflight', method: 'OPTIONS', path: mappings, to: 'options', isReading: false, status: 204 },
  {
    name: 'GetFunction',
    method: 'GET',
    path: '/2015-03-31/functions/theirs',
    to: 'upstream',
    isReading: true,
    status: 200,
  },
  {
    name: 'Invoke',
    method: 'POST',
    path: '/2015-03-31/functions/theirs/invocations',
    body: '{}',
    to: 'upstream',
    isReading: false,
    status: 200,
  },
  {
    name: 'CreateFunction',
    method: 'POST',
    path: '/2015-03-31/functions',
    body: '{}',
    to: 'upstream',
    isReading: false,
    status: 200,
  },
]

const token = 'a-token-of-the-test'
const key = { name: 'ci', accessKeyId: 'AKIDCI', secretAccessKey: 'its-secret', sessionToken: undefined }
const signer = createSigner({ service: 'lambda', region: 'us-east-1' })
/** The clock of the API's world. */
const nowMs = Date.UTC(2026, 10, 21)

const auths: Readonly<Record<string, AuthSettings>> = {
  none: { kind: 'none' },
  token: { kind: 'token', token },
  sigv4: { kind: 'sigv4', keys: [key], token: undefined },
  'sigv4 and token': { kind: 'sigv4', keys: [key], token },
}

interface Sent extends Ask {
  readonly host: string
}
type Prove = (sent: Sent) => Record<string, string>
const sign =
  (secretAccessKey: string, accessKeyId = key.accessKeyId): Prove =>
  ({ body = '', host, method, path }) =>
    signer.sign({ method, path, headers: { host }, body }, { accessKeyId, secretAccessKey }, nowMs)

/** `by`: the kind of proof, where it is a right one. */
const proofs: Readonly<Record<string, { readonly prove: Prove; readonly by?: 'token' | 'sigv4' }>> = {
  nothing: { prove: () => ({}) },
  'the token': { prove: () => ({ authorization: `Bearer ${token}` }), by: 'token' },
  'a wrong token': { prove: () => ({ authorization: `Bearer ${token}x` }) },
  'a signature': { prove: sign(key.secretAccessKey), by: 'sigv4' },
  'a signature by a wrong secret': { prove: sign('a guess') },
  'a signature by an unknown key': { prove: sign(key.secretAccessKey, 'AKIDNOBODY') },
}

const hosts: Readonly<Record<string, { readonly header: (port: number) => string; readonly isOurs: boolean }>> = {
  'its address': { header: (port) => `127.0.0.1:${port}`, isOurs: true },
  localhost: { header: (port) => `localhost:${port}`, isOurs: true },
  'an allowed name': { header: () => 'millrace.example.com', isOurs: true },
  'a name of a stranger': { header: (port) => `evil.example:${port}`, isOurs: false },
}

interface Page {
  readonly headers: (host: string) => Record<string, string>
  readonly isForeign: (ask: Ask) => boolean
}
const pages: Readonly<Record<string, Page>> = {
  'no page': { headers: () => ({}), isForeign: () => false },
  'its own page': {
    headers: (host) => ({ origin: `http://${host}`, 'sec-fetch-site': 'same-origin' }),
    isForeign: () => false,
  },
  "a stranger's page": {
    headers: () => ({ origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' }),
    isForeign: () => true,
  },
  'a page from nowhere': { headers: () => ({ origin: 'null' }), isForeign: () => true },
  "a stranger's picture": { headers: () => ({ 'sec-fetch-site': 'cross-site' }), isForeign: () => true },
  'a script tag of another port': {
    headers: () => ({ 'sec-fetch-site': 'same-site', 'sec-fetch-mode': 'no-cors', 'sec-fetch-dest': 'script' }),
    isForeign: () => true,
  },
  'a frame of another port': {
    headers: () => ({ 'sec-fetch-site': 'same-site', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'iframe' }),
    isForeign: () => true,
  },
  'a link of another port': {
    headers: () => ({ 'sec-fetch-site': 'same-site', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' }),
    isForeign: (ask) => ask.method !== 'GET',
  },
}

const ups: Readonly<Record<string, { readonly policy: PassThroughPolicy | undefined; readonly isAws: boolean }>> = {
  'an emulator': { policy: undefined, isAws: false },
  AWS: { policy: undefined, isAws: true },
  'AWS, read': { policy: 'read', isAws: true },
  'AWS, all': { policy: 'all', isAws: true },
}

interface Case {
  readonly ask: Ask
  readonly auth: string
  readonly host: string
  readonly page: string
  readonly proof: string
  readonly up: string
}

/** The status, and the code of the refusal where there is one. */
function expected(row: Case): string {
  const { ask, host, page } = row
  if (ask.to === 'health') return '200'
  if (!hosts[host]?.isOurs) return '403 MILLRACE_HOST_NOT_ALLOWED'
  if (pages[page]?.isForeign(ask)) return '403 MILLRACE_FOREIGN_ORIGIN'
  if (ask.to === 'options') return '204'
  return expectedOfProof(row) ?? (ask.to === 'ours' ? String(ask.status) : expectedUpstream(row))
}

/** Null: the caller is known, or need not be. */
function expectedOfProof({ auth, proof }: Case): string | null {
  const wanted = auths[auth]?.kind ?? 'none'
  const isBearer = proof.endsWith('token')
  const takesBearer = wanted === 'token' || auth === 'sigv4 and token'
  const by = proofs[proof]?.by
  if (wanted === 'none' || by === wanted || (by === 'token' && takesBearer)) return null
  const status = wanted === 'token' || (takesBearer && isBearer) ? 401 : 403
  return `${status} ${proof === 'nothing' ? 'MILLRACE_AUTH_REQUIRED' : 'MILLRACE_AUTH_REFUSED'}`
}

function expectedUpstream({ ask, auth, up }: Case): string {
  if (up === 'AWS') return '403 MILLRACE_PASS_THROUGH_OFF'
  if (up.startsWith('AWS') && auth === 'none') return '403 MILLRACE_PASS_THROUGH_NEEDS_AUTH'
  return up === 'AWS, read' && !ask.isReading ? '403 MILLRACE_PASS_THROUGH_READ_ONLY' : '200'
}

/** Hosts and pages are judged before anybody asks who it is: all of them once, then those that differ. */
function rowsOf(auth: string, up: string): readonly Case[] {
  const isFirst = auth === 'none'
  const chosenHosts = isFirst ? Object.keys(hosts) : ['its address', 'a name of a stranger']
  const chosenPages = isFirst ? Object.keys(pages) : ['no page', "a stranger's page"]
  const chosenProofs = Object.keys(proofs).filter((name) => !isFirst || !/wrong|unknown/.test(name))
  return asks.flatMap((ask) =>
    chosenHosts.flatMap((host) =>
      chosenPages.flatMap((page) => chosenProofs.map((proof) => ({ ask, auth, host, page, proof, up }))),
    ),
  )
}

function nameOf({ ask, host, page, proof }: Case): string {
  return [ask.name, host, page, proof].join(', ')
}

const agent = new Agent({ keepAlive: true, maxSockets: 4 })
afterAll(() => agent.destroy())

async function send(port: number, { ask, host, page, proof }: Case): Promise<string> {
  const header = hosts[host]?.header(port) ?? ''
  const { promise, resolve, reject } = Promise.withResolvers<string>()
  const headers = {
    host: header,
    ...pages[page]?.headers(header),
    ...proofs[proof]?.prove({ ...ask, host: header }),
  }
  const outgoing = httpRequest(
    { port, host: '127.0.0.1', method: ask.method, path: ask.path, headers, agent },
    (answer) => {
      let text = ''
      answer.setEncoding('utf8').on('data', (chunk: string) => (text += chunk))
      answer.on('end', () => {
        const [, code] = /"code":"(\w+)"/.exec(text) ?? []
        const cors = Object.keys(answer.headers).filter((name) => name.startsWith('access-control-'))
        const isShared = answer.headers['cross-origin-resource-policy'] !== 'same-origin'
        const flaws = isShared ? [...cors, 'may be embedded'] : cors
        resolve([answer.statusCode, code, ...flaws].filter((part) => part !== undefined).join(' '))
      })
    },
  )
  outgoing.on('error', reject)
  outgoing.end(ask.body)
  return promise
}

describe.each(Object.keys(auths))('with auth %s', (auth) => {
  describe.each(Object.keys(ups))('before %s', (up) => {
    let world: ApiWorld
    let upstream: RecordingUpstream
    let port = 0
    beforeAll(async () => {
      upstream = recordingUpstream()
      world = createApiWorld({
        upstream,
        deps: {
          server: {
            host: '127.0.0.1',
            port: 0,
            allowedHosts: ['millrace.example.com'],
            auth: auths[auth] ?? { kind: 'none' },
          },
          passPolicy: createPassPolicy({
            policy: undefined,
            isAws: false,
            ...ups[up],
            isAuthenticated: auth !== 'none',
          }),
        },
      })
      port = Number(new URL(await world.api.listen()).port)
    })
    afterAll(() => world.api.close(AbortSignal.abort()))

    it('each request is let in or refused as the README says, and what is refused does nothing', async () => {
      const rows = rowsOf(auth, up)
      const wrong: string[] = []
      for (const row of rows) {
        const want = expected(row)
        const before = upstream.requests.length
        const got = await send(port, row)
        const created = world.mappings.list()
        const acted = upstream.requests.length - before + created.length
        const isRefused = want.includes(' ') || want === '204'
        if (got !== want || (isRefused && acted > 0)) wrong.push(`${nameOf(row)}: ${got}, not ${want}; acted ${acted}`)
        for (const { uuid } of created) await world.mappings.delete(uuid)
      }
      expect(wrong).toEqual([])
      expect(rows.length).toBe(asks.length * (auth === 'none' ? 4 * 8 * 3 : 2 * 2 * 6))
    })
  })
})

describe('the token', () => {
  it('opens this Millrace and is not handed on to the endpoint behind', async () => {
    const upstream = recordingUpstream()
    const { api } = createApiWorld({
      upstream,
      deps: { server: { host: '127.0.0.1', port: 0, allowedHosts: [], auth: { kind: 'token', token } } },
    })
    const headers = { authorization: `Bearer ${token}`, 'x-amz-client-context': 'e30=' }
    const { statusCode } = await api.inject({ method: 'GET', url: '/2015-03-31/functions/theirs', headers })
    expect(statusCode).toBe(200)
    expect(upstream.requests.map((request) => JSON.stringify(request.headers).includes(token))).toEqual([false])
    expect(upstream.requests[0]?.headers).toMatchObject({ 'x-amz-client-context': 'e30=' })
  })
})
