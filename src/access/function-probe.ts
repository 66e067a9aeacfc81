import { request as httpRequest, type IncomingMessage } from 'node:http'
import { request as httpsRequest } from 'node:https'
import type { NetworkSettings } from './network-settings.ts'
import { createProxyAgents, describeError } from './transport.ts'

/** How long somebody who took the request may take to refuse it. */
const patienceMs = 2_000
const connectMsMax = 10_000

export type FunctionLook =
  | { readonly kind: 'answers' }
  /** It took the request and wants to see the event. */
  | { readonly kind: 'waits' }
  /** Somebody is there, and it is no function. */
  | { readonly kind: 'refuses'; readonly message: string }
  | { readonly kind: 'unreachable'; readonly message: string }

/**
 * Looks at the URL of a function without running it. An event is announced and never sent: an emulator, as any server that reads
 * its request first, waits for it, and drops the request when it does not come. Whoever serves nothing at that path says so at once,
 * or does so where no event is expected: to a GET, announced in the same way, because the emulator runs whatever the method is.
 */
export async function lookAtFunction(url: string, network: NetworkSettings): Promise<FunctionLook> {
  const [post, get] = await Promise.all([announce(url, 'POST', network), announce(url, 'GET', network)])
  if (!('status' in post)) return post.kind === 'waits' && 'status' in get ? judgePage(get) : post
  return judge(post)
}

interface Reply {
  readonly status: number
  /** It is for people, or of an object store. */
  readonly page: string | undefined
}

type Announced = Reply | { readonly kind: 'waits' } | { readonly kind: 'unreachable'; readonly message: string }

async function announce(url: string, method: 'POST' | 'GET', network: NetworkSettings): Promise<Announced> {
  const { httpAgent, httpsAgent } = createProxyAgents(network)
  const secure = url.toLowerCase().startsWith('https:')
  const options = {
    method,
    headers: { 'content-type': 'application/json', 'content-length': '2' },
    signal: AbortSignal.timeout(connectMsMax + patienceMs),
  }
  const request = secure
    ? httpsRequest(url, { ...options, agent: httpsAgent })
    : httpRequest(url, { ...options, agent: httpAgent })
  let timer: NodeJS.Timeout | undefined
  try {
    return await new Promise<Announced>((answer) => {
      request.on('error', (error) => answer({ kind: 'unreachable', message: sentenceOf(error) }))
      request.on('response', (response) => answer(replyOf(response)))
      request.on('socket', (socket) => {
        socket.once(secure ? 'secureConnect' : 'connect', () => {
          timer = setTimeout(() => answer({ kind: 'waits' }), patienceMs)
        })
      })
      request.flushHeaders()
    })
  } finally {
    clearTimeout(timer)
    request.destroy()
    httpAgent.destroy()
    httpsAgent.destroy()
  }
}

function sentenceOf(error: Error): string {
  if (error.name === 'AbortError' || error.name === 'TimeoutError') return `no answer within ${connectMsMax} ms`
  return describeError(error)
}

function replyOf({ statusCode = 0, headers }: IncomingMessage): Reply {
  return { status: statusCode, page: /html|xml/i.exec(headers['content-type'] ?? '')?.[0].toUpperCase() }
}

/** What is said before the event was there. */
function judge({ status, page }: Reply): FunctionLook {
  if (page !== undefined) return { kind: 'refuses', message: `it answers ${status} with ${page}` }
  return status < 300 ? { kind: 'answers' } : { kind: 'refuses', message: `it answers ${status}` }
}

/** A route for POST alone may answer a GET with anything that is no page, and with 405. */
function judgePage({ status, page }: Reply): FunctionLook {
  if (page === undefined || status === 405) return { kind: 'waits' }
  return { kind: 'refuses', message: `it answers ${status} with ${page}` }
}
