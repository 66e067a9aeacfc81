import { expect, it } from 'vitest'
import { createSigner } from '../../../src/auth/signature.ts'
import type { AccessKey } from '../../../src/model/access-key.ts'
import { start } from '../../support/api-over-http.ts'

const key: AccessKey = { name: 'ci', accessKeyId: 'AKIDCI', secretAccessKey: 'its secret', sessionToken: undefined }
const signer = createSigner({ service: 'lambda', region: 'us-east-1' })
/** The clock of the API in these tests. */
const nowMs = Date.UTC(2026, 10, 21)
const path = '/2015-03-31/event-source-mappings'

/** Room for 1,000 bytes of bodies, and a request that has 2,000. */
async function send(accessKeyId: string, atMs: number) {
  const auth = { kind: 'sigv4', keys: [key], token: undefined } as const
  const { endpoint } = await start({
    deps: {
      server: { host: '127.0.0.1', port: 0, allowedHosts: [], auth },
      admission: { requestsMax: 10, heldBytesMax: 1_000 },
    },
  })
  const body = JSON.stringify('x'.repeat(2_000))
  const { host } = new URL(endpoint)
  const headers = signer.sign({ method: 'POST', path, headers: { host }, body }, { ...key, accessKeyId }, atMs)
  const answer = await fetch(endpoint + path, { method: 'POST', headers, body })
  return `${answer.status} ${answer.headers.get('x-amzn-errortype')}`
}

it('a body that a key pair may have signed is held, as far as there is room', async () => {
  expect(await send(key.accessKeyId, nowMs)).toBe('429 TooManyRequestsException')
})

it('of the body of a stranger nothing is held, and the answer is that of a wrong signature', async () => {
  expect(await send('NOBODY', nowMs)).toBe('403 UnrecognizedClientException')
})

it('a signature that is wrong whoever made it is refused without its body', async () => {
  expect(await send(key.accessKeyId, nowMs - 3_600_000)).toBe('403 InvalidSignatureException')
})
