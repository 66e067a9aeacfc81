import { Agent, request as httpRequest } from 'node:http'
import { describe, expect, it, onTestFinished } from 'vitest'
import { createPassPolicy } from '../../../../src/api/pass-policy.ts'
import { createSigner } from '../../../../src/auth/signature.ts'
import type { AuthSettings, PassThroughPolicy } from '../../../../src/model/settings.ts'
import { createApiWorld, hostedFunction } from '../../../support/api.ts'
import { createOddRequests, mappingsPath, type OddRequest } from '../odd-requests.ts'
import { queueMapping } from './queue-mapping.ts'
import { recordingUpstream } from './recording-upstream.ts'

/** As in the fuzz of the API: MILLRACE_FUZZ_SEED repeats a run. */
const freshSeed = process.env['CI'] === undefined ? Date.now() % 1_000_000_007 : 20_261_128
const seed = Number(process.env['MILLRACE_FUZZ_SEED'] ?? freshSeed)
const total = Number(process.env['MILLRACE_FUZZ_REQUESTS'] ?? 1_000)

/** Nothing that these worlds hold is long, and a refusal repeats little of what it refuses. */
const answerLengthMax = 32_768

const token = 'a-token-of-the-test'
const key = { name: 'ci', accessKeyId: 'AKIDCI', secretAccessKey: 'its-secret', sessionToken: undefined }
const signer = createSigner({ service: 'lambda', region: 'us-east-1' })
/** The clock of the API's world. */
const nowMs = Date.UTC(2026, 10, 21)

const auths: readonly AuthSettings[] = [
  { kind: 'none' },
  { kind: 'token', token },
  { kind: 'sigv4', keys: [key], token: undefined },
]
const policies: readonly (PassThroughPolicy | undefined)[] = [undefined, 'off', 'read', 'all']

type Headers = Readonly<Record<string, string>>
interface Draw {
  readonly headers: Headers
  /** Whether this alone lets the request in, for the kind of auth. */
  readonly isFine: (auth: AuthSettings['kind']) => boolean
}
const fine = () => true
const foreign = () => false

const hosts: readonly Draw[] = [
  ...['127.0.0.1', 'localhost', '[::1]:80', 'a.localhost.'].map((host) => ({ headers: { host }, isFine: fine })),
  ...['evil.example', '10.0.0.1', 'localhost@evil.example', 'a b'].map((host) => ({
    headers: { host },
    isFine: foreign,
  })),
]
const origins: readonly Draw[] = [
  ...[{}, {}, {}].map((headers) => ({ headers, isFine: fine })),
  ...['null', 'http://evil.example', 'http://127.0.0.1:1', 'file://', '\u00ff', ''].map((origin) => ({
    headers: { origin },
    isFine: foreign,
  })),
]
const sites: readonly Draw[] = [
  ...['none', 'same-origin'].map((site) => ({ headers: { 'sec-fetch-site': site }, isFine: fine })),
  ...[{}, {}].map((headers) => ({ headers, isFine: fine })),
  ...['cross-site', 'same-site'].map((site) => ({ headers: { 'sec-fetch-site': site }, isFine: foreign })),
]

const needsNone = (auth: AuthSettings['kind']) => auth === 'none'
function proofs({ body, method, path }: OddRequest, host: string): readonly Draw[] {
  const sign = (secretAccessKey: string, signedBody = body ?? '') =>
    signer.sign(
      { method, path: signable(path), headers: { host }, body: signedBody },
      { ...key, secretAccessKey },
      nowMs,
    )
  const right = sign(key.secretAccessKey)
  return [
    { headers: {}, isFine: needsNone },
    { headers: { authorization: `Bearer ${token}` }, isFine: (auth) => auth !== 'sigv4' },
    ...[`Bearer ${token}x`, 'Bearer ', 'Basic eA==', 'AWS4-HMAC-SHA256 ', 'AWS4-HMAC-SHA256 Credential=/////'].map(
      (authorization) => ({ headers: { authorization }, isFine: needsNone }),
    ),
    { headers: right, isFine: (auth) => auth !== 'token' },
    { headers: sign('a guess'), isFine: needsNone },
    { headers: sign(key.secretAccessKey, `${body ?? ''} `), isFine: needsNone },
    { headers: { ...right, 'x-amz-date': '20200101T000000Z' }, isFine: needsNone },
  ]
}

/** No signer has a signature for a path that does not decode. */
function signable(path: string): string {
  try {
    decodeURIComponent(path)
    return path
  } catch {
    return '/'
  }
}

interface Answer {
  readonly status: number
  readonly text: string
}

function send(port: number, agent: Agent, { body, headers, method, path }: OddRequest): Promise<Answer> {
  const { promise, reject, resolve } = Promise.withResolvers<Answer>()
  const length: Headers = body === null ? {} : { 'content-length': String(Buffer.byteLength(body)) }
  const outgoing = httpRequest(
    { agent, host: '127.0.0.1', port, method, path, headers: { ...headers, ...length } },
    (answer) => {
      let text = ''
      answer.setEncoding('utf8').on('data', (chunk: string) => (text += chunk))
      answer.once('end', () => resolve({ status: answer.statusCode ?? 0, text }))
      answer.once('error', reject)
    },
  )
  outgoing.once('error', reject)
  outgoing.end(body ?? undefined)
  return promise
}

/** What is wrong with an answer; undefined: nothing. */
function complaint({ status, text }: Answer, acted: number, isLetIn: boolean, method: string): string | undefined {
  const isDenied = status === 401 || status === 403
  if (status >= 500) return 'it failed'
  if (text.length > answerLengthMax) return `the answer has ${text.length} characters`
  if (isDenied && method !== 'HEAD' && !/"code":"MILLRACE_\w+"/.test(text)) return 'the refusal has no code'
  if (acted > 0 && (isDenied || !isLetIn)) return 'it was refused, or should have been, and acted'
  if (!isLetIn && status >= 200 && status < 300 && method !== 'OPTIONS') return 'it was let in'
  return undefined
}

async function run(auth: AuthSettings, isAws: boolean, policy: PassThroughPolicy | undefined, index: number) {
  const upstream = recordingUpstream()
  const world = createApiWorld({
    functions: [hostedFunction('audit')],
    upstream,
    deps: {
      server: { host: '127.0.0.1', port: 0, allowedHosts: [], auth },
      passPolicy: createPassPolicy({ policy, isAws, isAuthenticated: auth.kind !== 'none' }),
    },
  })
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  onTestFinished(() => {
    agent.destroy()
    return world.api.close(AbortSignal.abort())
  })
  const port = Number(new URL(await world.api.listen()).port)
  const odd = createOddRequests(seed + index)
  const statuses = new Set<number>()
  const wrong: string[] = []
  const headers = auth.kind === 'token' ? { authorization: `Bearer ${token}` } : {}
  const payload = JSON.stringify(queueMapping)
  const acts = () => world.mappings.changes + upstream.requests.length + world.invoked.length
  for (let count = 0; count < total / 24; count += 1) {
    if (world.mappings.list().length === 0) {
      const signed = signer.sign(
        { method: 'POST', path: mappingsPath, headers: { host: 'localhost' }, body: payload },
        key,
        nowMs,
      )
      const proof = auth.kind === 'sigv4' ? signed : headers
      await world.api.inject({ method: 'POST', url: mappingsPath, payload, headers: { host: 'localhost', ...proof } })
    }
    const request = odd.next(world.mappings.list()[0]?.uuid ?? '')
    const host = odd.pick(odd.below(3) === 0 ? hosts : hosts.slice(0, 4))
    const proof = odd.pick(proofs(request, host.headers['host'] ?? ''))
    const draws = [host, odd.pick(odd.below(3) === 0 ? origins : origins.slice(0, 3)), odd.pick(sites), proof]
    const all = { ...request.headers, ...Object.assign({}, ...draws.map((draw) => draw.headers)) } as Headers
    const before = acts()
    const answer = await send(port, agent, { ...request, headers: all })
    statuses.add(answer.status)
    const isLetIn = draws.every(({ isFine }) => isFine(auth.kind))
    const fault = complaint(answer, acts() - before, isLetIn, request.method)
    if (fault !== undefined) {
      wrong.push(`${count}: ${fault}: ${answer.status} to ${request.method} ${request.path} ${JSON.stringify(all)}`)
    }
  }
  return { statuses, wrong, errors: world.lines.filter(({ level }) => level === 'error') }
}

describe(`odd requests with odd proofs and from odd pages, seed ${seed}`, () => {
  it(
    'act only when they may, and are refused with a code and few words',
    { timeout: 60_000 + total * 20 },
    async () => {
      const statuses = new Set<number>()
      let index = 0
      for (const auth of auths) {
        for (const isAws of [false, true]) {
          for (const policy of policies) {
            const outcome = await run(auth, isAws, policy, index)
            expect([auth.kind, isAws, policy, ...outcome.wrong, ...outcome.errors]).toEqual([auth.kind, isAws, policy])
            for (const status of outcome.statuses) statuses.add(status)
            index += 1
          }
        }
      }
      expect([...statuses]).toEqual(expect.arrayContaining([200, 401, 403, 404]))
    },
  )
})
