import { createServer, type IncomingHttpHeaders, type Server } from 'node:http'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startFauxqs, type FauxqsServer } from 'fauxqs'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { serviceOptions } from '../../../src/model/service-options.ts'
import { freePort } from '../../support/free-port.ts'
import { ready, runMillrace, type MillraceProcess } from './built-file.ts'
import { until } from '../../support/until.ts'

// Everything that holds a secret holds one of its own here, and every output is searched for all of them.

let count = 0
const planted: string[] = []
function secret(where: string): string {
  count += 1
  const text = `s3cret-${where}-${count}-xyzzy`
  planted.push(text)
  return text
}

const token = secret('token')
const clientKey = secret('client-key')
const clientSession = secret('client-session')
const functionPassword = secret('function-url')
const endpointPassword = secret('endpoint')

let folder = ''
let queues: FauxqsServer
let proxyOfQueues: Server
let failingFunction: Server
let millrace: MillraceProcess
let endpoint = ''
const seenByFunction: IncomingHttpHeaders[] = []
const seenByQueues: IncomingHttpHeaders[] = []

function portOf(server: Server): number {
  return (server.address() as AddressInfo).port
}

/** The variables of a process that has all the secrets that one can have. */
const env: Record<string, string> = {
  AWS_SECRET_ACCESS_KEY: secret('aws-secret'),
  AWS_SESSION_TOKEN: secret('aws-session'),
  AWS_CONTAINER_AUTHORIZATION_TOKEN: secret('container'),
  MILLRACE_TOKEN: token,
  MILLRACE_KEYS: `AKIDCLIENT:${clientKey}:${clientSession}`,
  HTTP_PROXY: `http://proxy:${secret('http-proxy')}@127.0.0.1:9`,
  HTTPS_PROXY: `http://proxy:${secret('https-proxy')}@127.0.0.1:9`,
  NO_PROXY: '127.0.0.1,localhost',
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'millrace-secrets-'))
  queues = await startFauxqs({ host: '127.0.0.1', port: 0, logger: false })
  queues.createQueue('orders', { attributes: { VisibilityTimeout: '30' } })
  // Stands where a proxy with a password would: it hands on to the queues.
  proxyOfQueues = createServer((request, response) => {
    seenByQueues.push(request.headers)
    void request.toArray().then(async (chunks: Buffer[]) => {
      const answer = await fetch(`http://127.0.0.1:${queues.port}${request.url}`, {
        method: request.method ?? 'POST',
        headers: Object.entries(request.headers).filter(([name]) => /^(?:x-amz|content-type)/.test(name)) as [
          string,
          string,
        ][],
        ...(request.method !== 'GET' && { body: Buffer.concat(chunks) }),
      })
      response.writeHead(answer.status, Object.fromEntries(answer.headers)).end(Buffer.from(await answer.arrayBuffer()))
    })
  }).listen(0, '127.0.0.1')
  failingFunction = createServer((request, response) => {
    seenByFunction.push(request.headers)
    // A function that says more than it should: what it was called with, and more than anybody reads.
    response.end(
      JSON.stringify({
        errorType: 'Error',
        errorMessage: `called by ${request.headers.authorization}, ${'long '.repeat(2_000)}`,
      }),
    )
  }).listen(0, '127.0.0.1')
  await Promise.all([once(proxyOfQueues, 'listening'), once(failingFunction, 'listening')])
  const port = await freePort()
  endpoint = `http://127.0.0.1:${port}`
  await writeFile(
    join(folder, 'millrace.yaml'),
    JSON.stringify({
      aws: { region: 'us-east-1', endpoint: `http://user:${endpointPassword}@127.0.0.1:${portOf(proxyOfQueues)}` },
      server: { port },
      store: 'memory:',
      logLevel: 'debug',
      functions: {
        orders: {
          url: `http://user:${functionPassword}@127.0.0.1:${portOf(failingFunction)}/2015-03-31/functions/function/invocations`,
        },
        gone: { url: `http://user:${secret('gone-url')}@127.0.0.1:9/2015-03-31/functions/function/invocations` },
      },
      mappings: [
        { EventSourceArn: 'arn:aws:sqs:us-east-1:000000000000:orders', FunctionName: 'orders' },
        { EventSourceArn: 'arn:aws:sqs:us-east-1:000000000000:orders', FunctionName: 'gone' },
        { EventSourceArn: 'arn:aws:sqs:us-east-1:000000000000:missing', FunctionName: 'orders' },
      ],
    }),
  )
  millrace = runMillrace(['start'], { cwd: folder, env })
  await ready(millrace, endpoint)
})

afterAll(async () => {
  millrace?.signal('SIGTERM')
  await millrace?.exited
  proxyOfQueues?.close()
  failingFunction?.close()
  await queues?.stop()
  await rm(folder, { recursive: true, force: true })
})

const outputs: { readonly what: string; readonly text: string }[] = []

function keep(what: string, text: string): void {
  outputs.push({ what, text })
}

async function ask(method: string, path: string, headers: Record<string, string> = {}, body?: string): Promise<number> {
  const answer = await fetch(endpoint + path, { method, headers, ...(body !== undefined && { body }) })
  keep(`${method} ${path}`, `${JSON.stringify([...answer.headers])}\n${await answer.text()}`)
  return answer.status
}

async function command(args: readonly string[], more: Record<string, string> = {}): Promise<number | null> {
  const run = runMillrace(args, { cwd: folder, env: { ...env, MILLRACE_ENDPOINT: endpoint, ...more } })
  const code = await run.exited
  keep(`millrace ${args.join(' ')}`, run.stdout() + run.stderr())
  return code
}

const bearer = { authorization: `Bearer ${token}` }

it('user and password of a URL are sent as credentials', async () => {
  queues.sendMessage('orders', 'hello')
  await until(() => seenByFunction.length > 0 && seenByQueues.length > 0, 'function and queue are called')
  const basic = (password: string) => `Basic ${Buffer.from(`user:${password}`).toString('base64')}`
  expect(seenByFunction[0]?.authorization).toBe(basic(functionPassword))
  expect(seenByQueues[0]?.authorization).toBe(basic(endpointPassword))
  await until(() => millrace.stdout().includes('An invocation failed.'), 'the failure is logged')
})

it('the answers of the API hold no secret, whatever is asked and sent', async () => {
  for (const path of [
    '/_millrace/health',
    '/_millrace/mappings',
    '/_millrace/why',
    '/metrics',
    '/2015-03-31/event-source-mappings',
    '/2015-03-31/functions',
    '/2015-03-31/functions/orders',
    '/_millrace/nothing',
  ]) {
    await ask('GET', path, bearer)
  }
  const { mappings } = (await (await fetch(`${endpoint}/_millrace/mappings`, { headers: bearer })).json()) as {
    mappings: readonly { readonly uuid: string }[]
  }
  for (const { uuid } of mappings) {
    for (const path of [`/_millrace/mappings/${uuid}`, `/_millrace/why/${uuid}`])
      expect(await ask('GET', path, bearer)).toBe(200)
  }
  // Requests that carry secrets where they belong, and where they do not.
  const wrong = secret('wrong-token')
  expect(await ask('GET', '/_millrace/mappings', { authorization: `Bearer ${wrong}` })).toBe(401)
  await ask('GET', '/_millrace/mappings', {
    authorization: `AWS4-HMAC-SHA256 Credential=${secret('credential')}/x, Signature=${secret('signature')}`,
  })
  await ask(
    'POST',
    '/2015-03-31/event-source-mappings',
    { ...bearer, cookie: `a=${secret('cookie')}`, 'x-amz-security-token': secret('session') },
    '{}',
  )
  await ask(
    'POST',
    '/2015-03-31/functions/orders/invocations',
    { ...bearer, 'x-amz-client-context': Buffer.from(`{"custom":{"a":"${secret('context')}"}}`).toString('base64') },
    '{}',
  )
  await ask('GET', `/2015-03-31/functions?X-Amz-Signature=${secret('presigned')}`)
})

it('the commands show no secret', async () => {
  for (const args of [
    ['status'],
    ['why'],
    ['doctor'],
    ['doctor', '--json'],
    ['mappings', 'list'],
    ['mappings', 'list', '--json'],
  ])
    await command(args)
  expect(await command(['status'], { MILLRACE_TOKEN: secret('command-token') })).toBe(1)
})

it('refusals of settings show no secret, whichever setting holds one', async () => {
  // All mistakes are told at once. Where any text will do, one that is no text at all.
  const bad = Object.entries(serviceOptions)
    .filter(([name]) => name !== 'config')
    .map(([name, option]) => [option.env, option.type === 'text' ? '' : `ftp://user:${secret(name)}@host`])
  const run = runMillrace(['start'], { cwd: folder, env: Object.fromEntries(bad) as Record<string, string> })
  expect(await run.exited).toBe(2)
  const told = run.stdout() + run.stderr()
  expect(told.split('\n').length).toBeGreaterThan(15)
  keep('millrace start with bad settings', told)
  for (const [name, value] of [
    ['MILLRACE_TOKEN', `two words ${secret('token')}`],
    ['MILLRACE_KEYS', secret('keys')],
    ['MILLRACE_CONFIG', `server: { token: [${secret('token')}] }`],
    ['MILLRACE_CONFIG', `functions: { a: { url: "ftp://user:${secret('url')}@host" } }`],
  ] as const) {
    expect(await command(['start'], { MILLRACE_TOKEN: '', MILLRACE_KEYS: '', [name]: value })).toBe(2)
  }
})

it('the log holds none either, and a function has 1,000 characters in it at most', () => {
  keep('the log', millrace.stdout() + millrace.stderr())
  const [failure = '{}'] = millrace
    .stdout()
    .split('\n')
    .filter((line) => line.includes('An invocation failed.'))
  expect((JSON.parse(failure) as { reason: string }).reason.length).toBeLessThan(1_010)
  expect(outputs.length).toBeGreaterThan(25)
  const bodyOf = Buffer.from(`user:${functionPassword}`).toString('base64')
  // What a function answers is the function's, even where it is our word to it.
  const ours = outputs.filter(({ what }) => !what.endsWith('/invocations'))
  const leaks = ours.flatMap(({ what, text }) =>
    [...planted, bodyOf].filter((one) => text.includes(one)).map((one) => `${what}: ${one}`),
  )
  expect(leaks).toEqual([])
})
