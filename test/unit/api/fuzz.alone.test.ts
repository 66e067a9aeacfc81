import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { Agent, createServer, request as httpRequest, type IncomingHttpHeaders } from 'node:http'
import { connect, type AddressInfo, type Socket } from 'node:net'
import { describe, expect, it, onTestFinished } from 'vitest'
import { createUpstream, type Upstream } from '../../../src/api/upstream.ts'
import { compileFilters } from '../../../src/events/filter.ts'
import { createApiWorld, hostedFunction, type ApiWorld } from '../../support/api.ts'
import { createOddRequests, mappingsPath, queue, type OddRequest } from './odd-requests.ts'

/** How many requests: a few in every run, MILLRACE_FUZZ_REQUESTS=50000 in CI's. MILLRACE_FUZZ_SEED repeats a run. */
const requests = Number(process.env['MILLRACE_FUZZ_REQUESTS'] ?? 1_000)
/** The same on every CI run, so that one that fails can be repeated; anew elsewhere. */
const freshSeed = process.env['CI'] === undefined ? Date.now() % 1_000_000_007 : 20_261_121
const seed = Number(process.env['MILLRACE_FUZZ_SEED'] ?? freshSeed)

/** Client, server and bodies are in one process; what a run leaves behind stays far below one of its large bodies' worth a request. */
const growthBytesMax = 48 * 1_048_576

interface Answer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

function createWorld(upstream: Upstream | null): ApiWorld {
  const world = createApiWorld({
    functions: [hostedFunction('audit')],
    upstream,
    deps: { checkPattern: (source, pattern) => compileFilters(source, [pattern]).kind === 'filter' },
  })
  world.describe = (name) =>
    name === 'nothing'
      ? { kind: 'missing', message: '' }
      : { kind: 'found', arn: null, timeoutMs: null, concurrency: null }
  onTestFinished(() => world.api.close(AbortSignal.abort()))
  return world
}

/** A Lambda endpoint that knows nothing, and reads whatever it gets. */
async function startUpstream(): Promise<Upstream> {
  const server = createServer((request, response) => {
    request.resume()
    request.once('end', () => {
      response.writeHead(404, { 'x-amzn-errortype': 'ResourceNotFoundException' }).end('{"Message":"not here"}')
    })
  })
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  const upstream = createUpstream({ endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}` })
  onTestFinished(() => {
    upstream.close()
    server.close()
    server.closeAllConnections()
  })
  return upstream
}

function send(endpoint: URL, agent: Agent, { body, headers, method, path }: OddRequest): Promise<Answer> {
  const { promise, reject, resolve } = Promise.withResolvers<Answer>()
  const length: Record<string, string> = body === null ? {} : { 'content-length': String(Buffer.byteLength(body)) }
  const options = { agent, host: endpoint.hostname, port: endpoint.port, method, path }
  const request = httpRequest({ ...options, headers: { ...headers, ...length } }, (response) => {
    let text = ''
    response.setEncoding('utf8')
    response.on('data', (chunk: string) => (text += chunk))
    response.once('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body: text }))
    response.once('error', reject)
  })
  request.once('error', reject)
  request.end(body ?? undefined)
  return promise
}

/** Only what an answer confirms may be different: the mapping that the path names, or a new one. */
function checkChanges(
  world: ApiWorld,
  before: ApiWorld['mappings'],
  answer: Answer,
  { method, path }: OddRequest,
): void {
  const old = new Map(before.list().map((document) => [document.uuid, JSON.stringify(document)]))
  const confirmed = answer.status === 202 || answer.status === 204
  const differing = [
    ...world.mappings.list().filter((document) => old.get(document.uuid) !== JSON.stringify(document)),
    ...before.list().filter((document) => world.mappings.get(document.uuid) === undefined),
  ]
  for (const { uuid } of differing) {
    const created = method === 'POST' && path.startsWith(mappingsPath) && !old.has(uuid)
    if (!confirmed || (!created && !path.includes(uuid))) {
      throw new Error(`mapping ${uuid} was changed, and the answer was ${answer.status}`)
    }
  }
}

/** Bodies that arrive a byte at a time while everything else goes on; some never end. */
function createSlowSenders(endpoint: URL) {
  const body = '{"EventSourceArn":"arn:aws:sqs:us-east-1:000000000000:orders","FunctionName":"nothing"}'
  const head = `POST ${mappingsPath} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-length: ${body.length}\r\n\r\n`
  interface Sender {
    readonly socket: Socket
    sent: number
    /** Where it stops, and how. */
    readonly until: number
    readonly way: 'whole' | 'half-closed' | 'cut'
    readonly answer: Promise<string>
  }
  const open = new Set<Sender>()
  const ended: Sender[] = []

  return {
    start(way: Sender['way']): void {
      const socket = connect(Number(endpoint.port), endpoint.hostname)
      const { promise, resolve } = Promise.withResolvers<string>()
      let text = ''
      socket.on('data', (chunk: Buffer) => (text += chunk.toString()))
      socket.on('error', () => undefined)
      socket.once('close', () => resolve(text))
      socket.write(head)
      open.add({ socket, sent: 0, until: way === 'whole' ? body.length : body.length / 2, way, answer: promise })
    },
    /** One more byte of each. */
    step(): void {
      for (const sender of open) {
        if (sender.sent < sender.until) {
          sender.socket.write(body.charAt(sender.sent))
          sender.sent += 1
          continue
        }
        if (sender.way === 'half-closed') sender.socket.end()
        if (sender.way === 'cut') sender.socket.destroy()
        open.delete(sender)
        ended.push(sender)
      }
    },
    /** What they were answered: refusals where there is an answer at all. */
    async finish(): Promise<void> {
      while (open.size > 0) this.step()
      for (const { answer, way } of ended) {
        expect(await answer).toMatch(
          way === 'whole' ? /^HTTP\/1\.1 400 .*Function does not exist/s : /^(HTTP\/1\.1 400 |$)/,
        )
      }
    },
  }
}

function usedBytes(): number {
  setFlagsFromString('--expose-gc')
  const gc = runInNewContext('gc') as () => void
  gc()
  const { external, heapUsed } = process.memoryUsage()
  return heapUsed + external
}

async function seedMapping(world: ApiWorld): Promise<string> {
  const payload = { EventSourceArn: queue, FunctionName: 'seed' }
  const answer = await world.api.inject({ method: 'POST', url: mappingsPath, payload })
  return (JSON.parse(answer.body) as { UUID: string }).UUID
}

interface Outcome {
  readonly statuses: readonly number[]
  /** What the process holds more at the end than after the first tenth. */
  readonly growthBytes: number
  readonly isAlive: boolean
  readonly errors: ApiWorld['lines']
}

async function fuzz(world: ApiWorld, count: number, worldSeed: number): Promise<Outcome> {
  const endpoint = new URL(await world.api.listen())
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  onTestFinished(() => agent.destroy())
  const odd = createOddRequests(worldSeed)
  const slow = createSlowSenders(endpoint)
  const statuses = new Set<number>()
  let settledBytes = 0
  for (let index = 0; index < count; index += 1) {
    const uuid = world.mappings.list()[0]?.uuid ?? (await seedMapping(world))
    const documents = world.mappings.list()
    const before = { ...world.mappings, list: () => documents }
    const request = odd.next(uuid)
    if (index % 200 === 0) slow.start(odd.pick(['whole', 'half-closed', 'cut']))
    slow.step()
    try {
      const answer = await send(endpoint, agent, request)
      statuses.add(answer.status)
      if (answer.status >= 500) throw new Error(`the answer was ${answer.status} ${answer.body}`)
      checkChanges(world, before, answer, request)
      if (answer.status >= 400) expect(answer.headers['x-amzn-errortype']).toMatch(/^[A-Za-z]+Exception$/)
    } catch (error) {
      const told = `${request.method} ${request.path} ${JSON.stringify(request.headers)} ${request.body?.slice(0, 200)}`
      throw new Error(`request ${index} of seed ${worldSeed}: ${told}`, { cause: error })
    }
    // What the world remembers of it is not the server's.
    world.invoked.length = 0
    world.asked.length = 0
    if (index === Math.floor(count / 10)) settledBytes = usedBytes()
  }
  await slow.finish()
  return {
    statuses: [...statuses],
    growthBytes: usedBytes() - settledBytes,
    isAlive: (await fetch(new URL('/healthz', endpoint))).ok,
    errors: world.lines.filter((line) => line.level === 'error'),
  }
}

/** A fuzz that only bounces off the first check shows nothing: hence the statuses. Bodies that are too large have a test of their own. */
const unharmed = {
  statuses: expect.arrayContaining([200, 202, 400, 404]) as unknown,
  growthBytes: expect.toSatisfy((bytes: number) => bytes < growthBytesMax) as unknown,
  isAlive: true,
  errors: [],
}

describe(`odd requests, seed ${seed}`, () => {
  const half = Math.ceil(requests / 2)
  const timeout = 60_000 + requests * 20

  it(
    `never fail the server, never change a mapping that they do not name rightly: ${half} of them`,
    { timeout },
    async () => {
      expect(await fuzz(createWorld(null), half, seed)).toEqual(unharmed)
    },
  )

  it(`nor do they before a Lambda endpoint that most are passed on to: ${half} of them`, { timeout }, async () => {
    expect(await fuzz(createWorld(await startUpstream()), half, seed + 1)).toEqual(unharmed)
  })

  it('over a raw socket: half requests, half-closed sockets and nonsense leave the server as it was', async () => {
    const world = createWorld(null)
    await seedMapping(world)
    const endpoint = new URL(await world.api.listen())
    const before = world.mappings.list()
    const head = `POST ${mappingsPath} HTTP/1.1\r\nhost: localhost\r\n`
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
      'GET http://elsewhere/2015-03-31/event-source-mappings/ HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n',
      'GET //2015-03-31/../_millrace/health HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n',
      `DELETE /2015-03-31/x/../event-source-mappings/${before[0]?.uuid} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n`,
      `DELETE ${mappingsPath}/${before[0]?.uuid}\u0000 HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n`,
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
      expect(answer).toMatch(/^(HTTP\/1\.1 (100|2\d\d) |HTTP\/1\.1 4\d\d [^]*x-amzn-errortype: \w+Exception\r\n|$)/)
    }
    expect(world.mappings.list()).toEqual(before)
    expect((await fetch(new URL('/healthz', endpoint))).status).toBe(200)
    expect(world.lines.filter((line) => line.level === 'error')).toEqual([])
  })
})
