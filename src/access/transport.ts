import { Agent as HttpAgent, request as httpRequest } from 'node:http'
import type { AgentOptions, ClientRequest, IncomingHttpHeaders, IncomingMessage, RequestOptions } from 'node:http'
import { connect } from 'node:net'
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https'
import type { CutOff, Pool, Unreachable } from './aws-access.ts'
import { isAwsEndpoint } from './aws-hosts.ts'
import { invokeReplyBytesMax } from '../model/limits.ts'
import type { AwsService } from '../model/settings.ts'
import { Turnstile } from './turnstile.ts'
import type { NetworkSettings } from './network-settings.ts'
import { ReplyRoom } from './reply-room.ts'

/** One HTTP exchange over kept-alive sockets. Nothing here signs, retries or understands. */
export interface Transport {
  /** Where exchanges of a bounded pool take turns, before they are signed; null: there is no bound. */
  turnstile(origin: Origin, pool: Pool): Turnstile | null
  send(request: WireRequest, pool: Pool, signal: AbortSignal): Promise<WireReply | Unreachable>
  /** Whether somebody takes a connection there; null: a proxy takes them all. */
  accepts(origin: Origin, signal: AbortSignal): Promise<boolean | null>
  close(): void
}

export interface WireRequest {
  /** Parsed once per caller: parsing a URL costs as much as the signature. */
  readonly origin: Origin
  readonly method: string
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  /** The longest reply, where it is not the one of the pool. */
  readonly replyBytesMax?: number | undefined
}

export interface Origin {
  readonly secure: boolean
  readonly hostname: string
  readonly port: number
  readonly isAws: boolean
  /** The service whose trust holds for it; undefined: the one of all. */
  readonly service?: AwsService
}

export interface WireReply {
  readonly kind: 'reply'
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

export function originOf(endpoint: string): Origin {
  const url = new URL(endpoint)
  const secure = url.protocol === 'https:'
  return {
    secure,
    // Brackets belong to the URL of an IPv6 address, not to its socket.
    hostname: url.hostname.replace(/^\[|\]$/g, ''),
    port: url.port === '' ? (secure ? 443 : 80) : Number(url.port),
    isAws: isAwsEndpoint(endpoint),
  }
}

export interface TransportLimits {
  /**
   * Exchanges of one pool with one service at once, and so connections. What is answered at once takes turns, however many shards there
   * are: of a thousand idle ones each had its connection, and a request that waited in the agent for its turn. What waits at
   * the service has no bound here.
   */
  readonly exchangesMax: Readonly<Record<Pool, { readonly aws: number; readonly elsewhere: number }>>
  /**
   * The longest silence of a connection before it counts as dead. A receive is silent for the 20 s of a long poll; an
   * invocation as long as the function runs, which its caller bounds.
   */
  readonly silenceMsMax: Readonly<Record<Pool, number | undefined>>
  /**
   * An idle socket that the server is about to close makes the next request fail, and nobody here tries again: so sockets go
   * before the usual 5 s of the servers that emulators are made of, and before AWS's own limits. A shorter `Keep-Alive` hint wins.
   */
  readonly idleMsMax: { readonly aws: number; readonly elsewhere: number }
  /** The longest reply. What GetRecords answers at most, 10 MiB of data in base64, has room in 16 MiB. */
  readonly replyBytesMax: Readonly<Record<Pool, number>>
}

const unbounded = { aws: Number.POSITIVE_INFINITY, elsewhere: Number.POSITIVE_INFINITY }

const usualLimits: TransportLimits = {
  exchangesMax: {
    receive: unbounded,
    read: { aws: 256, elsewhere: 32 },
    settle: unbounded,
    control: { aws: 64, elsewhere: 32 },
    invoke: unbounded,
  },
  silenceMsMax: { receive: 35_000, read: 35_000, settle: 20_000, control: 20_000, invoke: undefined },
  idleMsMax: { aws: 15_000, elsewhere: 4_000 },
  replyBytesMax: {
    receive: 16 * 1_048_576,
    read: 16 * 1_048_576,
    settle: 16 * 1_048_576,
    control: 16 * 1_048_576,
    invoke: invokeReplyBytesMax,
  },
}

/** NAT gateways forget a connection after 350 s of silence (behaviour §13.11). */
const tcpKeepAliveMs = 60_000

export function createTransport(
  network: NetworkSettings,
  replies: ReplyRoom = new ReplyRoom(),
  limits: TransportLimits = usualLimits,
): Transport {
  const { silenceMsMax, idleMsMax, replyBytesMax, exchangesMax } = limits
  const agents = new Map<string, HttpAgent | HttpsAgent>()
  const turnstiles = new Map<string, Turnstile>()

  function agentFor(pool: Pool, origin: Origin): HttpAgent | HttpsAgent {
    const own = origin.service === undefined ? undefined : network.tlsOf[origin.service]
    const key = `${pool} ${origin.secure} ${origin.isAws} ${own === undefined ? '' : origin.service}`
    const known = agents.get(key)
    if (known !== undefined) return known
    const options: AgentOptions = {
      keepAlive: true,
      keepAliveMsecs: tcpKeepAliveMs,
      maxSockets: Infinity,
      maxFreeSockets: 1_024,
      scheduling: 'lifo',
      timeout: origin.isAws ? idleMsMax.aws : idleMsMax.elsewhere,
      ...(network.proxyEnv === undefined ? {} : { proxyEnv: network.proxyEnv }),
    }
    const agent = origin.secure ? new HttpsAgent({ ...options, ...(own ?? network.tls) }) : new HttpAgent(options)
    agents.set(key, agent)
    return agent
  }

  return {
    turnstile(origin, pool) {
      const max = origin.isAws ? exchangesMax[pool].aws : exchangesMax[pool].elsewhere
      if (!Number.isFinite(max)) return null
      // Each service has its own: one that hangs must not take the places of another behind the same address.
      const key = `${pool} ${origin.service ?? ''} ${origin.hostname} ${origin.port}`
      const known = turnstiles.get(key)
      if (known !== undefined) return known
      const made = new Turnstile(max)
      turnstiles.set(key, made)
      return made
    },
    send(request, pool, signal) {
      const { origin } = request
      const options: RequestOptions = {
        agent: agentFor(pool, origin),
        hostname: origin.hostname,
        port: origin.port,
        method: request.method,
        path: request.path,
        headers: request.headers,
        timeout: silenceMsMax[pool] ?? 0,
      }
      const started = origin.secure ? httpsRequest(options) : httpRequest(options)
      const bytesMax = request.replyBytesMax ?? replyBytesMax[pool]
      return exchange(started, { body: request.body, bytesMax, replies }, signal)
    },
    accepts: (origin, signal) =>
      network.proxyEnv === undefined ? acceptsConnection(origin, signal) : Promise.resolve(null),
    close() {
      for (const agent of agents.values()) agent.destroy()
      agents.clear()
    },
  }
}

/** Whoever does not answer within this time would not take an event either. */
const acceptMsMax = 2_000

function acceptsConnection({ hostname: host, port }: Origin, signal: AbortSignal): Promise<boolean> {
  const socket = connect({ host, port })
  const { promise, resolve, reject } = Promise.withResolvers<boolean>()
  const giveUp = (): void => reject(signal.reason)
  socket.setTimeout(acceptMsMax)
  socket.once('connect', () => resolve(true))
  socket.once('timeout', () => resolve(false))
  socket.once('error', () => resolve(false))
  if (signal.aborted) giveUp()
  else signal.addEventListener('abort', giveUp, { once: true })
  return promise.finally(() => {
    signal.removeEventListener('abort', giveUp)
    socket.destroy()
  })
}

/** For the SDK's own calls (STS, SSO), and for what is passed on to a service: the same trust and proxies. */
export function createProxyAgents(
  network: NetworkSettings,
  service?: AwsService,
): { httpAgent: HttpAgent; httpsAgent: HttpsAgent } {
  const proxy = network.proxyEnv === undefined ? {} : { proxyEnv: network.proxyEnv }
  const trust = (service === undefined ? undefined : network.tlsOf[service]) ?? network.tls
  return { httpAgent: new HttpAgent(proxy), httpsAgent: new HttpsAgent({ ...proxy, ...trust }) }
}

interface Exchange extends Bounds {
  readonly body: string
}

interface Bounds {
  readonly bytesMax: number
  readonly replies: ReplyRoom
}

function exchange(
  request: ClientRequest,
  { body, ...bounds }: Exchange,
  signal: AbortSignal,
): Promise<WireReply | Unreachable> {
  const { promise, resolve, reject } = Promise.withResolvers<WireReply | Unreachable>()
  const abort = (): void => {
    reject(signal.reason)
    request.destroy()
  }
  const finish = (reply: WireReply | Unreachable): void => {
    signal.removeEventListener('abort', abort)
    resolve(reply)
  }
  const fail = (error: Error): void => {
    const cutOff = error instanceof ReplyTooLong ? error.cutOff : undefined
    finish({ kind: 'unreachable', sent: request.writableFinished, message: describeError(error), cutOff })
  }
  request.on('error', fail)
  let answer: IncomingMessage | null = null
  request.on('timeout', () => {
    // It is not the service that is silent: we do not listen, until there is room for more of the reply.
    if (answer?.isPaused() === true) return
    request.destroy(new Error('No answer within the time a healthy service needs.'))
  })
  request.on('response', (response) => {
    answer = response
    collect(response, bounds, { finish, fail })
  })
  if (signal.aborted) abort()
  else {
    signal.addEventListener('abort', abort)
    request.end(body)
  }
  return promise
}

interface Ends {
  readonly finish: (reply: WireReply) => void
  readonly fail: (error: Error) => void
}

class ReplyTooLong extends Error {
  readonly cutOff: CutOff

  constructor({ headers, statusCode = 0 }: IncomingMessage, bytesMax: number) {
    super(`The reply has more than ${bytesMax} bytes: it was cut off.`)
    this.cutOff = { status: statusCode, headers: flattened(headers) }
  }
}

function collect(response: IncomingMessage, { bytesMax, replies }: Bounds, { finish, fail }: Ends): void {
  const seat = replies.enter(() => response.resume())
  const chunks: Buffer[] = []
  let bytes = 0
  response.on('data', (chunk: Buffer) => {
    bytes += chunk.length
    if (bytes > bytesMax) {
      response.destroy(new ReplyTooLong(response, bytesMax))
      return
    }
    chunks.push(chunk)
    if (!seat.take(chunk.length)) response.pause()
  })
  response.on('error', fail)
  response.on('close', () => {
    // Whoever asked reads the reply in this turn, and has counted what it keeps of it when the next one begins.
    setImmediate(() => seat.leave())
  })
  if (Number(response.headers['content-length'] ?? 0) > bytesMax) response.destroy(new ReplyTooLong(response, bytesMax))
  response.on('end', () => {
    const [first] = chunks
    const body = chunks.length === 1 && first !== undefined ? first : Buffer.concat(chunks)
    finish({ kind: 'reply', status: response.statusCode ?? 0, headers: response.headers, body: body.toString() })
  })
}

export function flattened(headers: IncomingHttpHeaders): Readonly<Record<string, string | undefined>> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, Array.isArray(value) ? value.join(', ') : value]),
  )
}

/** A refused dual-stack connection is an AggregateError without a text of its own. */
export function describeError(error: Error): string {
  if (error instanceof AggregateError) {
    return error.errors.map((part: unknown) => (part instanceof Error ? part.message : String(part))).join('; ')
  }
  const code = 'code' in error && typeof error.code === 'string' ? error.code : ''
  return code === '' || error.message.includes(code) ? error.message : `${code}: ${error.message}`
}
