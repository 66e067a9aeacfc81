import type { IncomingHttpHeaders } from 'node:http'
import { expect, it } from 'vitest'
import { createSigner } from '../../../src/auth/signature.ts'
import type { AuthSettings } from '../../../src/model/settings.ts'
import { listen, start, upstreamOf } from '../../support/api-over-http.ts'

const token = 'opens-this-millrace'
const key = { name: 'ci', accessKeyId: 'AKIDCI', secretAccessKey: 'its secret', sessionToken: 'its/session==' }
const signer = createSigner({ service: 'lambda', region: 'us-east-1' })

/** What an emulator behind sees of a request that got in. */
async function passedOn(auth: AuthSettings, path: string, prove: (host: string) => Record<string, string>) {
  const seen: IncomingHttpHeaders[] = []
  const upstream = await listen(({ headers }, response) => {
    seen.push(headers)
    response.setHeader('content-type', 'application/json').end('{"Functions":[]}')
  })
  const server = { host: '127.0.0.1', port: 0, allowedHosts: [], auth }
  const { endpoint } = await start({ upstream: upstreamOf(upstream), deps: { server } })
  const { status } = await fetch(endpoint + path, { headers: prove(new URL(endpoint).host) })
  expect([status, seen.length]).toEqual([200, 1])
  return { authorization: seen[0]?.authorization, session: seen[0]?.['x-amz-security-token'] }
}

const bearer = () => ({ authorization: `Bearer ${token}` })

it.each(['/2015-03-31/functions', '/2015-03-31/functions/theirs'])(
  'the token of this Millrace does not reach the endpoint behind: %s',
  async (path) => {
    const none = { authorization: undefined, session: undefined }
    expect(await passedOn({ kind: 'token', token }, path, bearer)).toEqual(none)
    expect(await passedOn({ kind: 'sigv4', keys: [key], token }, path, bearer)).toEqual(none)
  },
)

it('a signature does, for account and region, without its session token', async () => {
  const path = '/2015-03-31/functions/theirs'
  const sign = (host: string) =>
    signer.sign({ method: 'GET', path, headers: { host }, body: '' }, key, Date.UTC(2026, 10, 21))
  const seen = await passedOn({ kind: 'sigv4', keys: [key], token: undefined }, path, sign)
  expect(seen.authorization).toContain('Credential=AKIDCI/20261121/us-east-1/lambda/')
  expect(seen.session).toBeUndefined()
})

it('what a client sends where nobody has to say who they are goes on as it came', async () => {
  const seen = await passedOn({ kind: 'none' }, '/2015-03-31/functions/theirs', bearer)
  expect(seen.authorization).toBe(`Bearer ${token}`)
})
