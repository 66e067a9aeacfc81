import { Agent as HttpAgent, request as httpRequest, type ClientRequest, type IncomingMessage } from 'node:http'
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https'
import type { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { UpstreamSigner } from './upstream-signer.ts'

/** The Lambda endpoint behind this one. Requests and answers stream through, whatever they are. */
export interface Upstream {
  readonly endpoint: string
  send(request: UpstreamRequest, signal: AbortSignal): Promise<IncomingMessage>
  close(): void
}

export interface UpstreamRequest {
  readonly method: string
  /** Path and query as they came. */
  readonly path: string
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>
  readonly body: Readable | null
}

export interface UpstreamSettings {
  readonly endpoint: string
  /** Replaces what the client says of itself: the endpoint's URL has a user and a password. */
  readonly authorization?: string | undefined
  /** Present where the upstream is AWS itself: it gets its own Host and a fresh signature. */
  readonly signer?: UpstreamSigner | undefined
  /** Trust and proxies as everywhere else (access/). */
  readonly agents?: { readonly httpAgent: HttpAgent; readonly httpsAgent: HttpsAgent } | undefined
}

export function createUpstream(settings: UpstreamSettings): Upstream {
  const { authorization, endpoint, signer } = settings
  const base = new URL(endpoint)
  const secure = base.protocol === 'https:'
  const agents = settings.agents ?? {
    httpAgent: new HttpAgent({ keepAlive: true }),
    httpsAgent: new HttpsAgent({ keepAlive: true }),
  }
  const prefix = base.pathname.replace(/\/+$/, '')

  return {
    endpoint,
    async send(request, signal) {
      const path = prefix + request.path
      const sent = endToEndHeaders(request.headers)
      const headers = authorization === undefined ? sent : { ...sent, authorization }
      const { body, method } = request
      if (signer === undefined) return exchange(open(path, method, framed(headers, body), signal), body)
      const signed = await signer({ method, host: base.host, path, headers, body })
      return exchange(open(path, method, framed(signed.headers, signed.body), signal), signed.body)
    },
    close() {
      agents.httpAgent.destroy()
      agents.httpsAgent.destroy()
    },
  }

  function open(path: string, method: string, headers: Headers, signal: AbortSignal): ClientRequest {
    const options = {
      // Brackets belong to the URL of an IPv6 address, not to its socket.
      hostname: base.hostname.replace(/^\[|\]$/g, ''),
      port: base.port === '' ? (secure ? 443 : 80) : Number(base.port),
      method,
      path,
      headers: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, toWire(value)])),
      signal,
    }
    return secure
      ? httpsRequest({ ...options, agent: agents.httpsAgent })
      : httpRequest({ ...options, agent: agents.httpAgent })
  }
}

export type Headers = Readonly<Record<string, string | readonly string[]>>

/** RFC 9110 §7.6.1, and `expect`, which node has answered already. */
const hopByHop: ReadonlySet<string> = new Set([
  'connection',
  'expect',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
])

/** All headers but those that concern one connection, and those that `Connection` names. */
export function endToEndHeaders(headers: UpstreamRequest['headers']): Headers {
  const named = String(headers['connection'] ?? '')
    .toLowerCase()
    .split(',')
    .map((name) => name.trim())
  const kept: [string, string | readonly string[]][] = []
  for (const [name, value] of Object.entries(headers)) {
    if (value === undefined || hopByHop.has(name) || named.includes(name)) continue
    kept.push([name, value])
  }
  return Object.fromEntries(kept)
}

/** node frames no body of a GET or DELETE by itself: it would be read as the next request. */
function framed(headers: Headers, body: Readable | Buffer | null): Headers {
  if (body === null || headers['content-length'] !== undefined) return headers
  return Buffer.isBuffer(body)
    ? { ...headers, 'content-length': String(body.length) }
    : { ...headers, 'transfer-encoding': 'chunked' }
}

function toWire(value: string | readonly string[]): string | string[] {
  return typeof value === 'string' ? value : [...value]
}

const tcpKeepAliveMs = 60_000

function exchange(request: ClientRequest, body: Readable | Buffer | null): Promise<IncomingMessage> {
  const { promise, reject, resolve } = Promise.withResolvers<IncomingMessage>()
  request.once('response', resolve)
  // A function that runs for minutes is silent for as long: NAT gateways forget such connections after 350 s (behaviour §13.11).
  request.once('socket', (socket) => socket.setKeepAlive(true, tcpKeepAliveMs))
  request.on('error', reject)
  if (body === null || Buffer.isBuffer(body)) request.end(body ?? undefined)
  // An answer may come before the body has ended; what is left of it then is nobody's concern.
  else pipeline(body, request).catch(reject)
  return promise
}
