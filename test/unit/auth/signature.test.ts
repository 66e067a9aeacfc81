import { Sha256 } from '@aws-crypto/sha256-js'
import { HttpRequest } from '@smithy/protocol-http'
import { SignatureV4 } from '@smithy/signature-v4'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createSigner } from '../../../src/auth/signature.ts'

const atom = fc.stringMatching(/^[A-Za-z0-9 _.~:/!'()*%ü-]{1,12}$/)
const segment = fc.oneof(atom.map(encodeURIComponent), fc.constantFrom('.', '..', ''))
const query = fc.dictionary(fc.stringMatching(/^[A-Za-z][A-Za-z0-9-]{0,8}$/), atom, { maxKeys: 4 })
const request = fc.record({
  method: fc.constantFrom('GET', 'POST', 'PUT', 'DELETE'),
  segments: fc.array(segment, { maxLength: 4 }),
  query,
  body: fc.string({ maxLength: 40 }),
  header: fc.stringMatching(/^[a-z0-9 ]{0,20}$/),
  traced: fc.boolean(),
  service: fc.constantFrom('sqs', 'kinesis', 'dynamodb', 'lambda', 'sns', 's3'),
  token: fc.option(fc.stringMatching(/^[A-Za-z0-9+/=]{10,20}$/), { nil: undefined }),
  // Longer and shorter than a block of the hash.
  secret: fc.stringMatching(/^[A-Za-z0-9+/]{1,90}$/),
  wallMs: fc.integer({ min: 1_700_000_000_000, max: 1_900_000_000_000 }),
})

describe('the signature', () => {
  it('equals that of the SDK for any request', async () => {
    await fc.assert(
      fc.asyncProperty(request, async (drawn) => {
        const identity = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: drawn.secret, sessionToken: drawn.token }
        const pathOnly = `/${drawn.segments.join('/')}`
        const headers = {
          host: 'example.test:4566',
          'content-type': 'text/plain',
          'x-note': drawn.header,
          ...(drawn.traced && { 'x-amzn-trace-id': 'Root=1-2-3;Lineage=a:1' }),
        }
        const search = Object.entries(drawn.query)
          .map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`)
          .join('&')
        const path = search === '' ? pathOnly : `${pathOnly}?${search}`

        const ours = createSigner({ service: drawn.service, region: 'eu-west-3' }).sign(
          { method: drawn.method, path, headers, body: drawn.body },
          identity,
          drawn.wallMs,
        )
        const s3 = drawn.service === 's3'
        const theirs = await new SignatureV4({
          service: drawn.service,
          region: 'eu-west-3',
          credentials: { ...identity, ...(drawn.token === undefined ? {} : { sessionToken: drawn.token }) },
          sha256: Sha256,
          uriEscapePath: !s3,
          applyChecksum: s3,
        }).sign(
          new HttpRequest({
            method: drawn.method,
            hostname: 'example.test',
            path: pathOnly,
            query: drawn.query,
            headers,
            body: drawn.body,
          }),
          { signingDate: new Date(drawn.wallMs) },
        )
        expect(ours['authorization']).toBe(theirs.headers['authorization'])
        expect(ours).toMatchObject(headers)
      }),
      { numRuns: 300 },
    )
  })

  it('changes with the day, the secret and the region, whatever was signed before', () => {
    const signer = createSigner({ service: 'sqs', region: 'us-east-1' })
    const other = createSigner({ service: 'sqs', region: 'us-east-2' })
    const unsigned = { method: 'POST', path: '/', headers: { host: 'h' }, body: '{}' }
    const one = { accessKeyId: 'a', secretAccessKey: 'one' }
    const day = 86_400_000
    const signatures = [
      signer.sign(unsigned, one, 20_000 * day),
      signer.sign(unsigned, one, 20_001 * day),
      signer.sign(unsigned, { ...one, secretAccessKey: 'two' }, 20_001 * day),
      other.sign(unsigned, one, 20_000 * day),
    ].map((headers) => headers['authorization']?.split('Signature=')[1])
    expect(new Set(signatures).size).toBe(4)
    expect(signer.sign(unsigned, one, 20_000 * day)['authorization']).toContain(signatures[0])
  })
})
