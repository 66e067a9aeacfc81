import { getEventListeners, once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { AwsAccess } from '../../../src/access/aws-access.ts'
import { createAwsAccess, type AwsConnections } from '../../../src/access/create-aws-access.ts'
import { knowsProxies } from '../../../src/access/network-settings.ts'
import type { AwsSettings } from '../../../src/model/settings.ts'
import { defaultSettings } from '../../support/settings.ts'
import { startHttpService } from './http-service.ts'
import type { Answer, HttpService, SeenRequest } from './http-service.ts'
import { until } from '../../support/until.ts'

const plain: AwsSettings = { ...defaultSettings.aws, region: 'eu-west-1' }

const signal = new AbortController().signal
const cleanups: (() => Promise<void> | void)[] = []
const said: string[] = []
const log = {
  info: (_fields: object, message: string): void => void said.push(message),
  warn: (_fields: object, message: string): void => void said.push(message),
}

async function access(settings: Partial<AwsSettings> = {}): Promise<AwsConnections> {
  const made = await createAwsAccess({ ...plain, ...settings }, log)
  cleanups.push(() => made.close())
  return made
}

async function service(answer: (request: SeenRequest, nth: number) => Answer): Promise<HttpService> {
  const started = await startHttpService(answer)
  cleanups.push(() => started.close())
  return started
}

beforeEach(() => {
  said.length = 0
  const home = mkdtempSync(join(tmpdir(), 'access-'))
  cleanups.push(() => rmSync(home, { recursive: true }))
  for (const name of Object.keys(process.env)) if (name.startsWith('AWS_')) vi.stubEnv(name, undefined)
  for (const name of ['HTTP_PROXY', 'HTTPS_PROXY', 'NO_PROXY', 'http_proxy', 'https_proxy', 'no_proxy']) {
    vi.stubEnv(name, undefined)
  }
  vi.stubEnv('AWS_CONFIG_FILE', join(home, 'config'))
  vi.stubEnv('AWS_SHARED_CREDENTIALS_FILE', join(home, 'credentials'))
  vi.stubEnv('AWS_EC2_METADATA_DISABLED', 'true')
})

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
  vi.unstubAllEnvs()
})

// proves: access.endpoints
describe('endpoints', () => {
  it('come from the settings before the environment, the service before all', async () => {
    vi.stubEnv('AWS_ENDPOINT_URL', 'http://env.test')
    vi.stubEnv('AWS_ENDPOINT_URL_DYNAMODB_STREAMS', 'http://streams.test')
    const made = await access({ endpoints: { sqs: 'http://settings.test' } })
    expect(made.service('sqs', undefined, undefined).endpoint).toBe('http://settings.test')
    expect(made.service('dynamodbstreams', undefined, undefined).endpoint).toBe('http://streams.test')
    expect(made.service('kinesis', 'us-west-2', undefined).endpoint).toBe('http://env.test')
    expect(made.isAws('kinesis')).toBe(false)
  })

  it('come from a profile and its services section', async () => {
    writeFileSync(
      process.env['AWS_CONFIG_FILE'] ?? '',
      '[default]\nendpoint_url = http://profile.test\nservices = local\n[services local]\nkinesis =\n  endpoint_url = http://kinesis.test\n',
    )
    const made = await access()
    expect(made.service('kinesis', undefined, undefined).endpoint).toBe('http://kinesis.test')
    expect(made.service('lambda', undefined, undefined).endpoint).toBe('http://profile.test')
  })

  it("are AWS's own otherwise, in the region of the ARN", async () => {
    const made = await access()
    const endpoints = (['sqs', 'kinesis', 'dynamodbstreams', 'dynamodb', 'lambda', 'sns', 's3'] as const).map(
      (name) => made.service(name, 'us-west-2', undefined).endpoint,
    )
    expect(endpoints).toEqual([
      'https://sqs.us-west-2.amazonaws.com',
      'https://kinesis.us-west-2.amazonaws.com',
      'https://streams.dynamodb.us-west-2.amazonaws.com',
      'https://dynamodb.us-west-2.amazonaws.com',
      'https://lambda.us-west-2.amazonaws.com',
      'https://sns.us-west-2.amazonaws.com',
      'https://s3.us-west-2.amazonaws.com',
    ])
    expect(made.service('sqs', 'cn-north-1', undefined).endpoint).toBe('https://sqs.cn-north-1.amazonaws.com.cn')
    expect(made.service('sqs', undefined, undefined).endpoint).toBe('https://sqs.eu-west-1.amazonaws.com')
    expect(made.isAws('lambda')).toBe(true)
  })
})

describe('a JSON call', () => {
  it('carries target, type, region and account, and gives the reply as it was printed', async () => {
    const http = await service(() => ({ status: 200, body: '{"Records":[{"Data":"aGk=","N":1545084650.987}]}' }))
    const made = await access({ endpoint: http.url })
    const result = await made
      .service('kinesis', 'us-east-2', '111122223333')
      .json('GetRecords', { a: 'ü' }, 'receive', signal)
    expect(result).toEqual({ kind: 'ok', output: { Records: [{ Data: 'aGk=', N: 1545084650.987 }] } })
    const [request] = http.seen
    expect(request).toMatchObject({ method: 'POST', path: '/', body: '{"a":"ü"}' })
    expect(request?.headers).toMatchObject({
      'x-amz-target': 'Kinesis_20131202.GetRecords',
      'content-type': 'application/x-amz-json-1.1',
      'content-length': '10',
    })
    expect(request?.headers.authorization).toMatch(/Credential=111122223333\/\d{8}\/us-east-2\/kinesis\/aws4_request/)
  })

  it.each([
    [{ body: '{"__type":"com.amazonaws.sqs#QueueDoesNotExist","message":"gone"}' }, 'QueueDoesNotExist', 'gone'],
    [{ body: '{"__type":"ExpiredIteratorException","Message":"old"}' }, 'ExpiredIteratorException', 'old'],
    [
      { body: '{"message":"x"}', headers: { 'x-amzn-errortype': 'ThrottlingException:http://internal' } },
      'ThrottlingException',
      'x',
    ],
    [
      { body: '{"message":"x"}', headers: { 'x-amzn-query-error': 'AWS.SimpleQueueService.NonExistentQueue;Sender' } },
      'AWS.SimpleQueueService.NonExistentQueue',
      'x',
    ],
    [
      { body: '<ErrorResponse><Error><Code>OverLimit</Code><Message>full</Message></Error></ErrorResponse>' },
      'OverLimit',
      'full',
    ],
    [{ body: '' }, 'Http400', 'The service answered 400 without a body.'],
  ])('reads the error %o', async (reply, code, message) => {
    const http = await service(() => ({ status: 400, ...reply }))
    const made = await access({ endpoint: http.url })
    const result = await made.service('sqs', undefined, undefined).json('ReceiveMessage', {}, 'receive', signal)
    expect(result).toEqual({ kind: 'error', status: 400, code, message })
  })

  it('hands on how long to wait, and never tries again by itself', async () => {
    const http = await service(() => ({ status: 503, headers: { 'retry-after': '3' }, body: '{}' }))
    const made = await access({ endpoint: http.url })
    const result = await made.service('sqs', undefined, undefined).json('ReceiveMessage', {}, 'receive', signal)
    expect(result).toMatchObject({ kind: 'error', status: 503, retryAfterMs: 3_000 })
    expect(http.seen).toHaveLength(1)
  })

  it('calls a success without JSON an error', async () => {
    const http = await service(() => ({ status: 200, body: '<html>' }))
    const made = await access({ endpoint: http.url })
    const result = await made.service('sqs', undefined, undefined).json('ReceiveMessage', {}, 'receive', signal)
    expect(result).toMatchObject({ kind: 'error', code: 'UnusableReply' })
  })

  it('tells a request that never left from one whose reply was lost', async () => {
    const http = await service(() => 'cut')
    const made = await access({ endpoint: http.url, endpoints: { kinesis: 'http://127.0.0.1:1' } })
    const lost = await made.service('sqs', undefined, undefined).json('ReceiveMessage', {}, 'receive', signal)
    const refused = await made.service('kinesis', undefined, undefined).json('GetRecords', {}, 'receive', signal)
    expect(lost).toMatchObject({ kind: 'unreachable', sent: true })
    expect(refused).toMatchObject({
      kind: 'unreachable',
      sent: false,
      message: expect.stringContaining('ECONNREFUSED'),
    })
    expect(http.seen).toHaveLength(1)
  })

  it('ends at once when it is aborted, with the reason', async () => {
    const http = await service(() => 'silence')
    const made = await access({ endpoint: http.url })
    const controller = new AbortController()
    const call = made.service('sqs', undefined, undefined).json('ReceiveMessage', {}, 'receive', controller.signal)
    const outcome = call.then(
      () => 'answered',
      (reason: unknown) => String(reason),
    )
    await until(() => http.seen.length === 1, 'the request has arrived')
    controller.abort(new Error('drain'))
    expect(await outcome).toBe('Error: drain')
    await expect(
      made.service('sqs', undefined, undefined).json('ReceiveMessage', {}, 'receive', controller.signal),
    ).rejects.toThrow('drain')
    expect(http.seen).toHaveLength(1)
  })

  it('leaves nothing behind at the signal, which lives as long as a mapping', async () => {
    const http = await service(() => ({ status: 200, body: '{}' }))
    const made = await access({ endpoint: http.url })
    const controller = new AbortController()
    await made.service('sqs', undefined, undefined).json('ReceiveMessage', {}, 'receive', controller.signal)
    expect(getEventListeners(controller.signal, 'abort')).toEqual([])
  })

  // proves: access.pools
  it('uses one socket again and again, and another for another pool', async () => {
    const http = await service(() => ({ status: 200, body: '{}' }))
    const made = await access({ endpoint: http.url })
    const caller = made.service('sqs', undefined, undefined)
    for (let nth = 0; nth < 5; nth += 1) await caller.json('ReceiveMessage', {}, 'receive', signal)
    expect(http.connections()).toBe(1)
    await caller.json('DeleteMessageBatch', {}, 'settle', signal)
    expect(http.connections()).toBe(2)
  })

  it('learns the clock of the service, and signs with it where ours is far off', async () => {
    const http = await service(() => ({
      status: 200,
      headers: { date: new Date(Date.now() + 3_600_000).toUTCString() },
      body: '{}',
    }))
    const made = await access({ endpoint: http.url })
    const caller = made.service('sqs', undefined, undefined)
    await caller.json('ReceiveMessage', {}, 'receive', signal)
    expect(Math.abs(made.offsetMs(caller.endpoint) - 3_600_000)).toBeLessThan(1_500)
    await caller.json('ReceiveMessage', {}, 'receive', signal)
    const dates = http.seen.map((request) => String(request.headers['x-amz-date']))
    expect(Number(dates[1]?.slice(9, 11))).toBe((Number(dates[0]?.slice(9, 11)) + 1) % 24)
  })
})

describe('credentials and regions', () => {
  const calls = async (made: AwsAccess, region: string | undefined, account: string | undefined): Promise<unknown> =>
    made.service('sqs', region, account).json('GetQueueUrl', {}, 'control', signal)

  it("are the user's where there are any, also for an emulator", async () => {
    vi.stubEnv('AWS_ACCESS_KEY_ID', 'AKIAMINE')
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'secret')
    vi.stubEnv('AWS_SESSION_TOKEN', 'token')
    const http = await service(() => ({ status: 200, body: '{}' }))
    await calls(await access({ endpoint: http.url }), 'us-east-1', '111122223333')
    expect(http.seen[0]?.headers.authorization).toContain('Credential=AKIAMINE/')
    expect(http.seen[0]?.headers['x-amz-security-token']).toBe('token')
    expect(said).toEqual([])
  })

  // proves: access.dummies
  it('are dummies that name the account otherwise, which is said once', async () => {
    const http = await service(() => ({ status: 200, body: '{}' }))
    const made = await access({ endpoint: http.url })
    await calls(made, 'us-east-1', '111122223333')
    await calls(made, 'us-east-1', undefined)
    expect(http.seen.map((request) => /Credential=(\d+)/.exec(request.headers.authorization ?? '')?.[1])).toEqual([
      '111122223333',
      '000000000000',
    ])
    expect(said).toEqual([expect.stringContaining('dummy')])
  })

  // proves: access.region
  it.each(['ddblocal', 'dynoxide', 'elasticmq'])('are scoped to the configured region for %s', async (region) => {
    const http = await service(() => ({ status: 200, body: '{}' }))
    await calls(await access({ endpoint: http.url }), region, '000000000000')
    expect(http.seen[0]?.headers.authorization).toContain('/eu-west-1/sqs/')
  })

  it('fall back to a region of our own where nothing names one, said once', async () => {
    const made = await access({ region: undefined })
    expect(made.service('kinesis', undefined, undefined).endpoint).toContain('us-east-1')
    expect(said).toEqual([expect.stringContaining('No region is configured')])
  })

  // proves: access.region
  it('have one region wherever no ARN names one: of the settings, the environment, the profile', async () => {
    writeFileSync(process.env['AWS_CONFIG_FILE'] ?? '', '[default]\nregion = eu-north-1\n')
    vi.stubEnv('AWS_DEFAULT_REGION', 'ap-south-1')
    const regionOf = async (region: string | undefined) => {
      const made = await access({ region })
      expect(made.service('sqs', undefined, undefined).endpoint).toBe(`https://sqs.${made.region}.amazonaws.com`)
      return made.region
    }
    expect(await regionOf('us-west-2')).toBe('us-west-2')
    expect(await regionOf(undefined)).toBe('eu-north-1')
    vi.stubEnv('AWS_REGION', 'sa-east-1')
    expect(await regionOf(undefined)).toBe('sa-east-1')
    vi.stubEnv('AWS_REGION', undefined)
    // Another file: the SDK remembers what it has read.
    vi.stubEnv('AWS_CONFIG_FILE', `${process.env['AWS_CONFIG_FILE']}.none`)
    // The variable of the AWS CLI and boto3 is better than a guess.
    expect(await regionOf(undefined)).toBe('ap-south-1')
    vi.stubEnv('AWS_DEFAULT_REGION', undefined)
    expect(await regionOf(undefined)).toBe('us-east-1')
  })

  it('that AWS needs and nobody has are an answer, not a crash', async () => {
    const made = await access()
    expect(await calls(made, 'us-east-1', '111122223333')).toMatchObject({
      kind: 'error',
      code: 'CredentialsUnavailable',
    })
  })
})

describe('other HTTP calls', () => {
  it('keep their path and headers, and give status, headers and body whatever the status', async () => {
    const http = await service(() => ({ status: 404, headers: { 'x-amzn-requestid': 'r' }, body: 'gone' }))
    const made = await access({ endpoint: `${http.url}/base/` })
    const path = '/2015-03-31/functions/arn%3Aaws%3Alambda/invocations?Qualifier=v1'
    const result = await made
      .service('lambda', undefined, undefined)
      .http({ method: 'POST', path, headers: { 'X-Amz-Invocation-Type': 'Event' }, body: '{}' }, 'invoke', signal)
    expect(result).toMatchObject({ kind: 'ok', status: 404, headers: { 'x-amzn-requestid': 'r' }, body: 'gone' })
    expect(http.seen[0]?.path).toBe(`/base${path}`)
    expect(http.seen[0]?.headers['x-amz-invocation-type']).toBe('Event')
    expect(http.seen[0]?.headers.authorization).toMatch(
      /\/lambda\/aws4_request, SignedHeaders=host;x-amz-date;x-amz-inv/,
    )
  })
})

describe('proxies', () => {
  it('are known to the versions of node that read them', () => {
    const versions = ['22.18.0', '22.21.1', '23.11.0', '24.4.9', '24.5.0', '26.0.0']
    expect(versions.filter(knowsProxies)).toEqual(['22.21.1', '24.5.0', '26.0.0'])
  })

  // proves: access.proxies
  it('carry what is not on this machine, and only that', async () => {
    const proxy = await service(() => ({ status: 200, body: '{"via":"proxy"}' }))
    const local = await service(() => ({ status: 200, body: '{"via":"nobody"}' }))
    vi.stubEnv('HTTP_PROXY', proxy.url)
    const made = await access({ endpoints: { sqs: 'http://queues.test:9324', kinesis: local.url } })
    expect(await made.service('sqs', undefined, undefined).json('X', {}, 'control', signal)).toMatchObject({
      output: { via: 'proxy' },
    })
    expect(await made.service('kinesis', undefined, undefined).json('X', {}, 'control', signal)).toMatchObject({
      output: { via: 'nobody' },
    })
    expect(proxy.seen[0]?.path).toBe('http://queues.test:9324/')
  })

  // proves: access.proxies
  it('are left aside for what NO_PROXY names', async () => {
    const proxy = await service(() => ({ status: 200, body: '{"via":"proxy"}' }))
    vi.stubEnv('HTTP_PROXY', proxy.url)
    vi.stubEnv('NO_PROXY', 'elsewhere.test,.invalid')
    const made = await access({ endpoints: { sqs: 'http://queues.invalid:9324', kinesis: 'http://streams.test:9324' } })
    const call = (name: 'sqs' | 'kinesis') => made.service(name, undefined, undefined).json('X', {}, 'control', signal)
    // Nobody has that name, and it was asked for directly.
    expect(await call('sqs')).toMatchObject({ kind: 'unreachable', sent: false })
    expect(await call('kinesis')).toMatchObject({ output: { via: 'proxy' } })
    expect(proxy.seen.map(({ path }) => path)).toEqual(['http://streams.test:9324/'])
  })
})

describe('a reply', () => {
  it('has room for what its service answers at most', async () => {
    const { url } = await service(() => ({ status: 200, body: JSON.stringify({ text: 'x'.repeat(17 * 1_048_576) }) }))
    const made = await access({ endpoint: url })
    const ask = (name: 'sqs' | 'kinesis') => made.service(name, undefined, undefined).json('Get', {}, 'receive', signal)
    // Ten messages of 1 MiB, written in ASCII.
    expect(await ask('sqs')).toMatchObject({ kind: 'ok' })
    expect(await ask('kinesis')).toMatchObject({ kind: 'unreachable', cutOff: { status: 200 } })
  })
})

// proves: access.few-sockets
describe('looks at shards', () => {
  it('share few connections however many there are, and hold up neither a long poll nor another service', async () => {
    const open = Promise.withResolvers<void>()
    const held: (() => void)[] = []
    const server = createServer((request, response) => {
      request.resume().on('end', () => {
        if (request.headers['x-amz-target']?.includes('GetRecords') === true) held.push(() => response.end('{}'))
        else response.end('{}')
        if (held.length === 32) open.resolve()
      })
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    cleanups.push(() => void server.close())
    const made = await access({ endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}` })
    const kinesis = made.service('kinesis', undefined, undefined)
    const reads = Array.from({ length: 100 }, () => kinesis.json('GetRecords', {}, 'read', signal))
    await open.promise
    for (const pool of ['receive', 'settle', 'control', 'invoke'] as const) {
      expect(await kinesis.json('Other', {}, pool, signal)).toMatchObject({ kind: 'ok' })
    }
    const streams = made.service('dynamodbstreams', undefined, undefined)
    expect(await streams.json('ListStreams', {}, 'read', signal)).toMatchObject({ kind: 'ok' })
    expect(held).toHaveLength(32)
    let answered = 0
    while (answered < 100) {
      for (const answer of held.splice(0)) {
        answered += 1
        answer()
      }
      await new Promise((resolve) => setImmediate(resolve))
      expect(held.length).toBeLessThanOrEqual(32)
    }
    expect((await Promise.all(reads)).every(({ kind }) => kind === 'ok')).toBe(true)
  })
})
