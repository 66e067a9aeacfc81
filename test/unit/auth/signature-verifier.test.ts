import { createHash } from 'node:crypto'
import { Sha256 } from '@aws-crypto/sha256-js'
import { HttpRequest } from '@smithy/protocol-http'
import { SignatureV4 } from '@smithy/signature-v4'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createSignatureVerifier, type SignedRequest } from '../../../src/auth/signature-verifier.ts'

const scope = { service: 'lambda', region: 'eu-west-1' }
const key = { name: 'ci', accessKeyId: 'AKIDCI', secretAccessKey: 'its secret', sessionToken: undefined }
const lent = { name: 'lent', accessKeyId: 'ASIALENT', secretAccessKey: 'another', sessionToken: 'its/token==' }
const verifier = createSignatureVerifier([key, lent], scope)
const nowMs = Date.UTC(2026, 10, 28, 1, 2, 3)

interface Draft {
  readonly method?: string
  readonly path?: string
  readonly query?: Record<string, string | string[]>
  readonly headers?: Record<string, string>
  readonly body?: string
  readonly by?: {
    readonly accessKeyId: string
    readonly secretAccessKey: string
    readonly sessionToken?: string | undefined
  }
  readonly region?: string
  readonly service?: string
  readonly atMs?: number
}

/** Signed by the SDK's own signer. */
async function signed(draft: Draft = {}): Promise<SignedRequest> {
  const { method = 'POST', path = '/2015-03-31/event-source-mappings', query = {}, body = '{}', by = key } = draft
  const credentials = {
    accessKeyId: by.accessKeyId,
    secretAccessKey: by.secretAccessKey,
    ...(by.sessionToken !== undefined && { sessionToken: by.sessionToken }),
  }
  const signer = new SignatureV4({
    service: draft.service ?? scope.service,
    region: draft.region ?? scope.region,
    credentials,
    sha256: Sha256,
  })
  const request = new HttpRequest({
    method,
    hostname: 'millrace',
    path,
    query,
    headers: { host: 'millrace:4570', ...draft.headers },
    body,
  })
  const { headers } = await signer.sign(request, { signingDate: new Date(draft.atMs ?? nowMs) })
  const search = Object.entries(query)
    .flatMap(([name, value]) => [value].flat().map((one) => `${encodeURIComponent(name)}=${encodeURIComponent(one)}`))
    .join('&')
  const bodyHash = createHash('sha256').update(body).digest('hex')
  return { method, path: search === '' ? path : `${path}?${search}`, headers, bodyHash }
}

function typeOf(request: SignedRequest, wallMs = nowMs): string {
  const verdict = verifier.verify(request, wallMs)
  return verdict.kind === 'valid' ? verdict.key.name : verdict.type
}

function without(request: SignedRequest, name: string): SignedRequest {
  return { ...request, headers: { ...request.headers, [name]: undefined } }
}

// proves: access.signatures
describe('a signature', () => {
  it('of the SDK is taken, whatever the request', async () => {
    const text = fc.stringMatching(/^[A-Za-z0-9 _.~:/!'()*%ü&=+-]{1,12}$/)
    const draft = fc.record({
      method: fc.constantFrom('GET', 'POST', 'PUT', 'DELETE'),
      path: fc.array(text.map(encodeURIComponent), { maxLength: 4 }).map((parts) => `/${parts.join('/')}`),
      query: fc.dictionary(
        fc.stringMatching(/^[A-Za-z][A-Za-z0-9-]{0,8}$/),
        fc.oneof(text, fc.array(text, { minLength: 1, maxLength: 3 })),
        { maxKeys: 3 },
      ),
      headers: fc.record({
        'content-type': fc.constant('application/json'),
        'x-amz-note': fc.stringMatching(/^[a-z]{1,9}( {1,3}[a-z]{1,5})?$/),
      }),
      body: fc.string({ maxLength: 40 }),
      by: fc.constantFrom(key, lent),
      atMs: fc.integer({ min: nowMs - 299_000, max: nowMs + 299_000 }),
    })
    await fc.assert(
      fc.asyncProperty(draft, async (drawn) => {
        expect(verifier.verify(await signed(drawn), nowMs)).toEqual({ kind: 'valid', key: drawn.by })
      }),
      { numRuns: 300 },
    )
  })

  it('is refused when anything that it covers was changed', async () => {
    const request = await signed({ query: { MaxItems: '3' }, headers: { 'x-amz-note': 'a' } })
    const changed: readonly SignedRequest[] = [
      { ...request, method: 'PUT' },
      { ...request, path: request.path.replace('3', '4') },
      { ...request, path: `${request.path}&Marker=x` },
      { ...request, bodyHash: createHash('sha256').update('{ }').digest('hex') },
      { ...request, headers: { ...request.headers, host: 'evil:4570' } },
      { ...request, headers: { ...request.headers, 'x-amz-note': 'b' } },
      { ...request, path: '/%zz?%zz' },
    ]
    expect(changed.map((one) => typeOf(one))).toEqual(changed.map(() => 'UnrecognizedClientException'))
  })

  it('is answered alike for an unknown key, a wrong secret and a wrong session token', async () => {
    const answers = await Promise.all(
      [
        { by: { ...key, accessKeyId: 'AKIDNOBODY' } },
        { by: { ...key, secretAccessKey: 'a guess' } },
        { by: { ...key, sessionToken: 'one that it has not' } },
        { by: { ...lent, sessionToken: 'a guess' } },
        { by: { ...lent, sessionToken: undefined } },
        // The placeholder for keys that nobody has is no key.
        { by: { accessKeyId: 'x', secretAccessKey: '' } },
      ].map(async (draft) => JSON.stringify(verifier.verify(await signed(draft), nowMs))),
    )
    expect(new Set(answers).size).toBe(1)
    expect(answers[0]).toContain('UnrecognizedClientException')
  })

  it('holds for five minutes to either side', async () => {
    const at = (atMs: number) => signed({ atMs })
    expect(typeOf(await at(nowMs - 300_000))).toBe('ci')
    expect(typeOf(await at(nowMs + 300_000))).toBe('ci')
    expect(verifier.verify(await at(nowMs - 301_000), nowMs)).toMatchObject({
      type: 'InvalidSignatureException',
      message: 'Signature expired: 20261128T005702Z is now earlier than 20261128T010203Z - 5 min.',
    })
    expect(verifier.verify(await at(nowMs + 301_000), nowMs)).toMatchObject({
      type: 'InvalidSignatureException',
      message: 'Signature not yet current: 20261128T010704Z is still later than 20261128T010203Z + 5 min.',
    })
  })

  it('must be of our region and of Lambda', async () => {
    expect(verifier.verify(await signed({ region: 'us-east-1' }), nowMs)).toMatchObject({
      type: 'InvalidSignatureException',
      message: "Credential should be scoped to a valid region: 'eu-west-1', not 'us-east-1'.",
    })
    expect(typeOf(await signed({ service: 'sqs' }))).toBe('InvalidSignatureException')
  })

  it('must cover the host and every x-amz header', async () => {
    const request = await signed()
    expect(typeOf({ ...request, headers: { ...request.headers, 'x-amz-invocation-type': 'Event' } })).toBe(
      'InvalidSignatureException',
    )
    const names = (text: string) => ({
      ...request,
      headers: {
        ...request.headers,
        authorization: String(request.headers['authorization']).replace(/SignedHeaders=[^,]+/, `SignedHeaders=${text}`),
      },
    })
    expect(typeOf(names('x-amz-date'))).toBe('InvalidSignatureException')
    expect(typeOf(names('host'))).toBe('InvalidSignatureException')
  })

  it('must be there, whole, and in the header', async () => {
    const request = await signed()
    const authorized = (authorization: string) => ({ ...request, headers: { ...request.headers, authorization } })
    expect(typeOf(without(request, 'authorization'))).toBe('MissingAuthenticationTokenException')
    expect(typeOf(without(request, 'x-amz-date'))).toBe('InvalidSignatureException')
    for (const text of [
      '',
      'Bearer x',
      'AWS4-HMAC-SHA256',
      'AWS4-HMAC-SHA256 Credential=a/b, SignedHeaders=host, Signature=0',
      'AWS4-HMAC-SHA256 Credential=a/20261128/eu-west-1/lambda/aws4_request, Signature=0',
    ]) {
      expect(typeOf(authorized(text))).toBe('IncompleteSignatureException')
    }
    const presigned = {
      ...without(request, 'authorization'),
      path: '/2015-03-31/functions?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Signature=0',
    }
    expect(verifier.verify(presigned, nowMs)).toMatchObject({
      message: 'Presigned requests are not accepted: sign with the Authorization header.',
    })
  })
})

it.each(['constructor', '__proto__', 'tostring', 'hasOwnProperty'])(
  'a header that is claimed to be signed and was not sent is none: %s',
  async (name) => {
    const request = await signed()
    const authorization = String(request.headers['authorization']).replace('SignedHeaders=', `SignedHeaders=${name};`)
    expect(typeOf({ ...request, headers: { ...request.headers, authorization } })).toBe('UnrecognizedClientException')
  },
)
