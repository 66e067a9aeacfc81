import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer as createPlainServer, type IncomingMessage } from 'node:http'
import { createServer } from 'node:https'
import type { Server } from 'node:https'
import { connect, type AddressInfo, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import type { CallResult } from '../../../src/access/aws-access.ts'
import { createAwsAccess } from '../../../src/access/create-aws-access.ts'
import type { AwsSettings } from '../../../src/model/settings.ts'
import { defaultSettings } from '../../support/settings.ts'
import { testCertificate, testCertificateKey } from './tls-fixture.ts'

let server: Server
let endpoint = ''
const folder = mkdtempSync(join(tmpdir(), 'tls-'))
const caFile = join(folder, 'ca.pem')

beforeAll(async () => {
  writeFileSync(caFile, testCertificate)
  server = createServer({ cert: testCertificate, key: testCertificateKey }, (_request, response) => response.end('{}'))
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve())
  })
  const address = server.address()
  endpoint = `https://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`
})

afterAll(() => {
  vi.unstubAllEnvs()
  server.close()
  server.closeAllConnections()
  rmSync(folder, { recursive: true })
})

async function call(settings: Partial<AwsSettings>): Promise<CallResult> {
  const plain = { ...defaultSettings.aws, region: 'us-east-1', endpoint }
  const access = await createAwsAccess({ ...plain, ...settings }, { info: () => {}, warn: () => {} })
  const { signal } = new AbortController()
  const result = await access.service('sqs', undefined, undefined).json('ListQueues', {}, 'control', signal)
  await access.close()
  return result
}

// proves: access.trust
describe('a certificate that nobody knows', () => {
  it('is refused, with the reason', async () => {
    const result = await call({})
    expect(result).toMatchObject({ kind: 'unreachable', sent: false })
    expect(result.kind === 'unreachable' && result.message).toMatch(/self-signed certificate/)
  })

  it('is trusted when the settings name the file that signs it', async () => {
    expect((await call({ caFile })).kind).toBe('ok')
  })

  it('is trusted when AWS_CA_BUNDLE names the file that signs it', async () => {
    vi.stubEnv('AWS_CA_BUNDLE', caFile)
    expect((await call({})).kind).toBe('ok')
    vi.stubEnv('AWS_CA_BUNDLE', undefined)
  })

  it('is accepted unseen when the settings say so', async () => {
    expect((await call({ insecure: true })).kind).toBe('ok')
  })

  it('is judged for each service as the settings say of it', async () => {
    expect((await call({ trust: { sqs: caFile } })).kind).toBe('ok')
    expect((await call({ trust: { sqs: 'insecure' } })).kind).toBe('ok')
    expect((await call({ trust: { kinesis: 'insecure' } })).kind).toBe('unreachable')
    // What is said of the service wins, also where it is stricter.
    writeFileSync(join(folder, 'other.pem'), '')
    expect((await call({ insecure: true, trust: { sqs: join(folder, 'other.pem') } })).kind).toBe('unreachable')
    await expect(call({ trust: { sqs: '/nowhere/ca.pem' } })).rejects.toThrow(
      /\/nowhere\/ca\.pem .*aws\.trust\.sqs.* cannot be read/,
    )
  })

  // proves: access.proxies
  it('is judged through a proxy as it is without one', async () => {
    const tunnels: (string | undefined)[] = []
    const proxy = createPlainServer().on('connect', (request: IncomingMessage, client: Socket) => {
      tunnels.push(request.url)
      const onward = connect(Number(new URL(endpoint).port), '127.0.0.1', () => {
        client.write('HTTP/1.1 200 Connection established\r\n\r\n')
        onward.pipe(client).pipe(onward)
      })
    })
    await new Promise<void>((resolve) => {
      proxy.listen(0, '127.0.0.1', () => resolve())
    })
    vi.stubEnv('HTTPS_PROXY', `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`)
    const far = { endpoint: 'https://queues.test' }
    const refused = await call(far)
    expect(refused.kind === 'unreachable' && refused.message).toMatch(/self-signed certificate/)
    expect((await call({ ...far, insecure: true })).kind).toBe('ok')
    expect((await call({ ...far, trust: { sqs: 'insecure' } })).kind).toBe('ok')
    expect(tunnels).toEqual(Array(3).fill('queues.test:443'))
    vi.stubEnv('HTTPS_PROXY', undefined)
    proxy.close()
  })

  it('stops the start when its file cannot be read, naming it', async () => {
    await expect(call({ caFile: '/nowhere/ca.pem' })).rejects.toThrow(/\/nowhere\/ca\.pem .* cannot be read/)
  })
})
