import { connect } from 'node:net'
import { afterAll, describe, expect, it } from 'vitest'
import { mappingOptions } from '../../src/model/mapping-options.ts'
import { createApiWorld, hostedFunction } from '../fakes/api.ts'

/** How many requests: a few in every run, MILLRACE_FUZZ_REQUESTS=50000 in the long one. MILLRACE_FUZZ_SEED repeats a run. */
const requests = Number(process.env['MILLRACE_FUZZ_REQUESTS'] ?? 2_000)
const seed = Number(process.env['MILLRACE_FUZZ_SEED'] ?? Date.now() % 1_000_000_007)

const queue = 'arn:aws:sqs:us-east-1:000000000000:orders'
const stream = 'arn:aws:kinesis:us-east-1:000000000000:stream/clicks'
const mappingsPath = '/2015-03-31/event-source-mappings'

/** mulberry32: small, and the same everywhere. */
function createRandom(start: number) {
  let state = start >>> 0
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  const below = (max: number) => Math.floor(next() * max)
  function pick<T>(from: readonly T[]): T {
    const one = from[below(from.length)]
    if (one === undefined) throw new Error('nothing to pick from')
    return one
  }
  return { next, below, pick }
}

const random = createRandom(seed)
const { below, pick } = random

const oddStrings = [
  '',
  ' ',
  '0',
  '-1',
  '\u0000',
  '😀',
  'ÿ',
  '../..',
  '__proto__',
  'constructor',
  '$LATEST',
  'null',
  'x'.repeat(5_000),
  '%',
  queue,
  stream,
  `${queue}.fifo`,
  'arn:aws:lambda:us-east-1:000000000000:function:f',
  'TRIM_HORIZON',
  '{"a":[1]}',
]
const oddNumbers = [0, -0, 1, -1, 10, 11, 1.5, 1e3, 1e9, 1e21, 1e308, -1e308, Number.MAX_SAFE_INTEGER, 2 ** 31, 2 ** 53]

function oddValue(depth = 0): unknown {
  const kinds = depth > 3 ? 4 : 7
  switch (below(kinds)) {
    case 0:
      return pick(oddStrings)
    case 1:
      return pick(oddNumbers)
    case 2:
      return pick([true, false])
    case 3:
      return null
    case 4:
      return Array.from({ length: below(4) }, () => oddValue(depth + 1))
    default:
      return Object.fromEntries(Array.from({ length: below(4) }, () => [oddKey(), oddValue(depth + 1)]))
  }
}

const members = [
  'Filters',
  'Pattern',
  'OnFailure',
  'OnSuccess',
  'Destination',
  'MaximumConcurrency',
  'MinimumPollers',
  'Metrics',
  '__proto__',
  'toString',
]
const oddKey = (): string => pick([...members, ...oddStrings.slice(0, 12)])

/** A body that is nearly right: some parameters, each right or odd. */
function nearBody(): Record<string, unknown> {
  const body: Record<string, unknown> = {
    EventSourceArn: pick([queue, stream]),
    FunctionName: pick(['f', 'g:1', 'nothing']),
  }
  for (let count = below(6); count > 0; count -= 1) body[pick(mappingOptions).name] = oddValue()
  return body
}

function oddBody(): string {
  switch (below(12)) {
    case 0:
      return ''
    case 1:
      return '['.repeat(below(50_000))
    case 2:
      return `${'{"a":'.repeat(5_000)}1${'}'.repeat(5_000)}`
    case 3:
      return JSON.stringify(oddValue())
    case 4:
      return `{"BatchSize":${'9'.repeat(below(400) + 1)},"FunctionName":"f"}`
    case 5:
      return JSON.stringify(nearBody()).slice(0, below(60))
    case 6:
      return below(40) === 0
        ? 'x'.repeat(10 * 1_048_576)
        : String.fromCharCode(...Array.from({ length: 50 }, () => below(65_536)))
    default:
      return JSON.stringify(nearBody())
  }
}

const methods = ['GET', 'POST', 'PUT', 'DELETE', 'PATCH', 'HEAD', 'OPTIONS'] as const

function oddPath(uuid: string): string {
  const odd = () =>
    pick([encodeURIComponent(pick(oddStrings).slice(0, 300)), '..', '.', '%00', '%ff', '%', '%2e%2e%2f', 'a;b', uuid])
  const query = () =>
    pick([
      '',
      '?',
      '?MaxItems=',
      '?MaxItems=99999999999',
      '?MaxItems=5&MaxItems=x',
      `?Marker=${odd()}`,
      `?FunctionName=${odd()}`,
      '?tagKeys',
      '?tagKeys=a',
      '?__proto__=1',
      '?%',
      '?a[b]=c',
    ])
  const arn = pick([`arn:aws:lambda:us-east-1:000000000000:event-source-mapping:${uuid}`, 'arn:aws:lambda:::x', odd()])
  const path = pick([
    mappingsPath,
    `${mappingsPath}/`,
    `${mappingsPath}/${uuid}`,
    `${mappingsPath}/${odd()}`,
    `${mappingsPath}//${odd()}/`,
    `/2017-03-31/tags/${pick([arn, encodeURIComponent(arn)])}`,
    `/2015-03-31/functions/${pick(['audit', odd()])}${pick(['', '/configuration', '/invocations', `/${odd()}`])}`,
    `/_millrace/${pick(['why', 'health', 'mappings', odd()])}/${pick(['', odd()])}`,
    `/${odd()}/${odd()}`,
  ])
  return path + query()
}

describe(`odd requests, seed ${seed}`, () => {
  const world = createApiWorld({ functions: [hostedFunction('audit')] })
  world.describe = (name) =>
    name === 'nothing'
      ? { kind: 'missing', message: '' }
      : { kind: 'found', arn: null, timeoutMs: null, concurrency: null }
  afterAll(() => world.api.close(AbortSignal.abort()))

  async function seedMapping(): Promise<string> {
    const payload = { EventSourceArn: queue, FunctionName: 'seed' }
    const answer = await world.api.inject({ method: 'POST', url: mappingsPath, payload })
    return (JSON.parse(answer.body) as { UUID: string }).UUID
  }

  it(
    `never fail the server and never change a mapping that they do not name rightly: ${requests} of them`,
    { timeout: 60_000 + requests * 20 },
    async () => {
      await seedMapping()
      const statuses = new Map<number, number>()
      for (let index = 0; index < requests; index += 1) {
        const uuid = world.mappings.list()[0]?.uuid ?? (await seedMapping())
        const before = { list: world.mappings.list(), changes: world.mappings.changes }
        const request = { method: pick(methods), url: oddPath(uuid), payload: oddBody() }
        const bare = request.method === 'GET' || request.method === 'HEAD' || request.method === 'OPTIONS'
        const { payload: _, ...withoutBody } = request
        const answer = await world.api.inject(bare ? withoutBody : request)
        statuses.set(answer.statusCode, (statuses.get(answer.statusCode) ?? 0) + 1)
        const told = `request ${index} of seed ${seed}: ${request.method} ${request.url} ${request.payload.slice(0, 200)}`
        if (answer.statusCode >= 500) throw new Error(`${told} was answered ${answer.statusCode} ${answer.body}`)
        const changed = world.mappings.changes !== before.changes
        if (changed !== (answer.statusCode === 202 || answer.statusCode === 204) && isOfMappings(request.url)) {
          throw new Error(`${told} was answered ${answer.statusCode}, and mappings were changed: ${changed}`)
        }
        if (answer.statusCode >= 400) {
          expect(world.mappings.list()).toEqual(before.list)
          if (request.method !== 'HEAD') expect(answer.headers['x-amzn-errortype']).toMatch(/^[A-Za-z]+Exception$/)
        }
      }
      // A fuzz that only bounces off the first check shows nothing.
      expect([...statuses.keys()].toSorted((a, b) => a - b)).toEqual(expect.arrayContaining([200, 202, 400, 404]))
      expect(world.lines.filter((line) => line.level === 'error')).toEqual([])
    },
  )

  it('over a raw socket: half requests, half-closed sockets and slow bodies leave the server as it was', async () => {
    const endpoint = new URL(await world.api.listen())
    const before = world.mappings.list()
    const head = `POST ${mappingsPath} HTTP/1.1\r\nhost: x\r\n`
    const pieces = [
      'nonsense\r\n\r\n',
      'GET / HTTP/9.9\r\n\r\n',
      `${head}content-length: 100\r\n\r\n{"Function`,
      `${head}content-length: -5\r\n\r\n{}`,
      `${head}content-length: 2\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n`,
      `${head}transfer-encoding: chunked\r\n\r\nzz\r\n`,
      `${head}transfer-encoding: chunked\r\n\r\n5\r\n{"Fun`,
      `${head}expect: 100-continue\r\ncontent-length: 2\r\n\r\n{}`,
      `${head}content-type: ;;;\r\ncontent-length: 2\r\n\r\n{}`,
      `${head}x: ${'y'.repeat(20_000)}\r\n\r\n`,
      'GET http://elsewhere/2015-03-31/event-source-mappings/ HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n',
      'GET //2015-03-31/../_millrace/health HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n',
    ]
    for (const piece of pieces) {
      const socket = connect(Number(endpoint.port), endpoint.hostname)
      let answer = ''
      socket.on('data', (chunk: Buffer) => {
        answer += chunk.toString()
      })
      const closed = new Promise<void>((resolve) => {
        socket.once('close', () => resolve())
      })
      socket.on('error', () => undefined)
      socket.end(piece)
      await closed
      expect(answer).not.toMatch(/^HTTP\/1\.1 5/)
    }
    expect(world.mappings.list()).toEqual(before)
    expect((await fetch(new URL('/healthz', endpoint))).status).toBe(200)
    expect(world.lines.filter((line) => line.level === 'error')).toEqual([])
  })
})

const isOfMappings = (url: string) => url.startsWith(mappingsPath) || url.startsWith('/2017-03-31/tags')
