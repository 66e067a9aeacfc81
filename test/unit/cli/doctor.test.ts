import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type RequestListener, type Server } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, expect, it, vi } from 'vitest'
import { doctorCommand } from '../../../src/cli/doctor.ts'
import { testCertificate, testCertificateKey } from '../access/tls-fixture.ts'

const folder = mkdtempSync(join(tmpdir(), 'doctor-'))
const caFile = join(folder, 'ca.pem')
const servers: Server[] = []
let asked: string[] = []
/** The bodies that came. */
let events: string[] = []

const answer: RequestListener = (request, response) => {
  asked.push(`${request.method} ${request.url}`)
  request.on('data', (chunk: Buffer) => events.push(String(chunk)))
  response.end('{}')
}
let secure = ''
let plain = ''

async function listen(server: Server, scheme: string): Promise<string> {
  servers.push(server)
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve())
  })
  return `${scheme}://127.0.0.1:${(server.address() as AddressInfo).port}`
}

beforeAll(async () => {
  writeFileSync(caFile, testCertificate)
  secure = await listen(createSecureServer({ cert: testCertificate, key: testCertificateKey }, answer), 'https')
  plain = await listen(createServer(answer), 'http')
})

beforeEach(() => {
  asked = []
  events = []
  for (const name of Object.keys(process.env)) if (name.startsWith('AWS_')) vi.stubEnv(name, undefined)
  for (const name of ['HTTP_PROXY', 'HTTPS_PROXY', 'http_proxy', 'https_proxy']) vi.stubEnv(name, undefined)
  vi.stubEnv('AWS_CONFIG_FILE', join(folder, 'config'))
  vi.stubEnv('AWS_SHARED_CREDENTIALS_FILE', join(folder, 'credentials'))
})

afterEach(() => void vi.unstubAllEnvs())

afterAll(() => {
  for (const server of servers) {
    server.close()
    server.closeAllConnections()
  }
  rmSync(folder, { recursive: true })
})

async function doctor(...argv: readonly string[]) {
  const lines: string[] = []
  const code = await doctorCommand.run({
    argv: ['--port', '0', '--store', 'memory:', ...argv],
    env: process.env,
    cwd: folder,
    terminal: { out: (line) => lines.push(line), err: (line) => lines.push(line) },
    onSignal: () => {},
  })
  return { code, lines }
}

it('an endpoint whose certificate nobody trusts is no endpoint that can be used', async () => {
  const { code, lines } = await doctor('--aws-endpoint', secure)
  expect(lines.at(-1)).toMatch(new RegExp(`^BAD  endpoint: ${secure} cannot be reached \\(.*self-signed certificate`))
  expect(code).toBe(1)
})

it.each([
  ['the file of authorities', '--aws-ca-file', caFile],
  ['any certificate at all', '--aws-insecure', undefined],
])('%s is trusted as the service trusts it', async (_what, flag, value) => {
  const { code, lines } = await doctor('--aws-endpoint', secure, flag, ...(value === undefined ? [] : [value]))
  expect(lines.at(-1)).toBe(`ok   endpoint: ${secure} answers`)
  expect(code).toBe(0)
})

it('AWS_CA_BUNDLE and endpoints of the environment and the profile are known', async () => {
  vi.stubEnv('AWS_CA_BUNDLE', caFile)
  vi.stubEnv('AWS_ENDPOINT_URL_SQS', secure)
  // A file of its own: the SDK remembers what it has read.
  vi.stubEnv('AWS_CONFIG_FILE', join(folder, 'profile'))
  writeFileSync(
    join(folder, 'profile'),
    `[default]\nservices = local\n[services local]\nkinesis =\n  endpoint_url = ${plain}\n`,
  )
  const { code, lines } = await doctor()
  expect(lines.slice(-2)).toEqual([
    `ok   endpoint of sqs: ${secure} answers`,
    `ok   endpoint of kinesis: ${plain} answers`,
  ])
  expect(code).toBe(0)
})

it('each service is judged by its own trust', async () => {
  const endpoints = ['--aws-endpoint-sqs', secure, '--aws-endpoint-sns', secure, '--aws-endpoint-s3', secure]
  const { code, lines } = await doctor(...endpoints, '--aws-trust-sqs', caFile, '--aws-trust-sns', 'insecure')
  expect(lines.slice(-3)).toEqual([
    `ok   endpoint of sqs: ${secure} answers`,
    `ok   endpoint of sns: ${secure} answers`,
    expect.stringMatching(/^BAD  endpoint of s3: .*self-signed/),
  ])
  expect(code).toBe(1)
})

it('a file of authorities that cannot be read is named', async () => {
  const { code, lines } = await doctor('--aws-endpoint', secure, '--aws-trust-sqs', join(folder, 'none.pem'))
  expect(lines.at(-1)).toMatch(/^BAD {2}trust: The CA file .*none\.pem \(aws\.trust\.sqs\) cannot be read/)
  expect(code).toBe(1)
})

it('an endpoint behind a proxy is reached through it', async () => {
  vi.stubEnv('HTTP_PROXY', plain)
  const { code, lines } = await doctor('--aws-endpoint', 'http://queues.test:9324')
  expect(lines.at(-1)).toBe('ok   endpoint: http://queues.test:9324 answers')
  expect(asked).toEqual(['GET http://queues.test:9324/'])
  expect(code).toBe(0)
})

it('a function is looked at without being run, its certificate too', async () => {
  const config = join(folder, 'functions.yaml')
  writeFileSync(config, `functions:\n  a: { url: "${plain}/run" }\n  b: { url: ["${secure}/run"] }\n`)
  const untrusting = await doctor('--config', config)
  expect(untrusting.lines.slice(-2)).toEqual([
    `ok   function a: ${plain}/run answers`,
    expect.stringMatching(/^BAD {2}function b: .*self-signed/),
  ])
  expect(untrusting.code).toBe(1)
  expect((await doctor('--config', config, '--aws-ca-file', caFile)).code).toBe(0)
  expect(events).toEqual([])
})

it('a function that cannot be looked at is not called well', async () => {
  const mapping = '{ EventSourceArn: "arn:aws:sqs:us-east-1:000000000000:orders", FunctionName: orders }'
  vi.stubEnv('MILLRACE_CONFIG', `aws: { region: us-east-1 }\nmappings: [${mapping}]`)
  // Nothing listens on port 1.
  const { code, lines } = await doctor('--aws-endpoint', 'http://127.0.0.1:1')
  expect(lines.find((line) => line.includes(' function: '))).toMatch(
    /^\? {4}\S+ function: orders cannot be looked at: /,
  )
  expect(code).toBe(1)
})
