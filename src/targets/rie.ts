import { splitUserinfo } from '../access/userinfo.ts'
import { flattened, originOf, type Origin, type Transport, type WireReply } from '../access/transport.ts'
import { interpretRieReply } from '../events/rie-reply.ts'
import type { FunctionLook } from '../model/invocation.ts'
import { functionTimeoutMsMax } from '../model/limits.ts'
import type { FunctionSettings } from '../model/settings.ts'
import type { Clock, InvokeRequest, InvokeResult } from '../ports.ts'
import { startDeadline } from './attempt-deadline.ts'
import { functionError, responseTooLarge } from './lambda-answer.ts'
import { UrlPool, type UrlHealth } from './url-pool.ts'

/** A function that Millrace itself hosts. One call is one attempt. */
export interface RieFunction {
  readonly settings: FunctionSettings
  /** Attempts that its URLs take at once. */
  readonly concurrency: number
  invoke(request: Omit<InvokeRequest, 'functionName'>, signal: AbortSignal): Promise<InvokeResult>
  /** Whether anybody accepts a connection at one of its URLs. What runs there is not told by that. */
  look(functionName: string, signal: AbortSignal): Promise<FunctionLook>
}

/** Functions behind Runtime Interface Emulators. Functions that share a URL share its place in the pool. */
export function createRieFunctions(
  functions: readonly FunctionSettings[],
  transport: Pick<Transport, 'send' | 'accepts'>,
  clock: Clock,
): readonly RieFunction[] {
  const pool = new UrlPool(clock)
  return functions.map((settings) => createRieFunction(settings, { pool, transport, clock }))
}

interface Parts {
  readonly pool: UrlPool
  readonly transport: Pick<Transport, 'send' | 'accepts'>
  readonly clock: Clock
}

function createRieFunction(settings: FunctionSettings, parts: Parts): RieFunction {
  const urls = [...new Set(settings.urls)]
  const endpoints = new Map(urls.map((url) => [url, endpointOf(url)]))
  const timeoutMs = settings.timeoutMs ?? functionTimeoutMsMax
  const { concurrencyPerUrl, reservedConcurrency } = settings
  let out = 0

  /** Goes from URL to URL as long as none has taken the event; the first that takes it ends the attempt. */
  async function attempt(request: Omit<InvokeRequest, 'functionName'>, signal: AbortSignal): Promise<InvokeResult> {
    const tried = new Set<string>()
    let last: InvokeResult = { kind: 'unreachable', message: `Function ${settings.name} has no URL.` }
    for (;;) {
      const url = await parts.pool.acquire({ urls, concurrencyPerUrl, tried }, signal)
      const endpoint = url === null ? undefined : endpoints.get(url)
      if (url === null || endpoint === undefined) return last
      let health: UrlHealth = 'fine'
      try {
        const result = await post(endpoint, request, { ...parts, timeoutMs, signal })
        health = healthOf(result)
        // A URL that is busy is there, whatever becomes of the others.
        if (health !== 'refused' || last.kind !== 'throttled') last = result
      } finally {
        parts.pool.release(url, health)
      }
      if (health === 'fine') return last
      tried.add(url)
    }
  }

  return {
    settings,
    async look(_functionName, signal) {
      const looks = [...endpoints.values()].map(({ origin }) => parts.transport.accepts(origin, signal))
      const seen = await Promise.all(looks)
      if (seen.includes(true)) return 'answers'
      return seen.includes(null) ? 'unknown' : 'unreachable'
    },
    concurrency: urls.length * concurrencyPerUrl,
    async invoke(request, signal) {
      signal.throwIfAborted()
      if (reservedConcurrency !== undefined && out >= reservedConcurrency) return reservedLimitExceeded
      out += 1
      try {
        return await attempt(request, signal)
      } finally {
        out -= 1
      }
    },
  }
}

/** What AWS says beyond the reserved concurrency. */
const reservedLimitExceeded: InvokeResult = {
  kind: 'throttled',
  message: 'TooManyRequestsException: Rate Exceeded. (ReservedFunctionConcurrentInvocationLimitExceeded)',
}

function healthOf(result: InvokeResult): UrlHealth {
  if (result.kind === 'unreachable') return 'refused'
  return result.kind === 'throttled' ? 'busy' : 'fine'
}

interface Endpoint {
  readonly url: string
  readonly origin: Origin
  readonly host: string
  readonly path: string
  readonly authorization: string | undefined
}

function endpointOf(text: string): Endpoint {
  const { authorization, url: shown } = splitUserinfo(text)
  const url = new URL(shown)
  return { url: shown, origin: originOf(shown), host: url.host, path: `${url.pathname}${url.search}`, authorization }
}

interface Attempt extends Parts {
  readonly timeoutMs: number
  readonly signal: AbortSignal
}

/** The function's time starts here, not while it waits for a URL. */
async function post(
  { authorization, url, origin, host, path }: Endpoint,
  request: Omit<InvokeRequest, 'functionName'>,
  { transport, clock, timeoutMs, signal }: Attempt,
): Promise<InvokeResult> {
  const requestId = clock.uuid()
  const deadline = startDeadline(clock, timeoutMs, signal)
  const headers = {
    host,
    'content-type': 'application/json',
    'content-length': String(Buffer.byteLength(request.payload)),
    ...(authorization !== undefined && { authorization }),
    ...(request.traceHeader !== undefined && { 'x-amzn-trace-id': request.traceHeader }),
    ...(request.clientContext !== undefined && { 'x-amz-client-context': request.clientContext }),
  }
  try {
    const wire = { origin, method: 'POST', path, headers, body: request.payload }
    const reply = await transport.send(wire, 'invoke', deadline.signal)
    if (reply.kind === 'reply') return interpret(reply, requestId, url)
    if (reply.cutOff?.status === 200) return responseTooLarge(requestId)
    if (!reply.sent) return { kind: 'unreachable', message: `${url}: ${reply.message}` }
    return { kind: 'lost', errorType: 'Invoke.ReplyLost', message: `${url}: ${reply.message}` }
  } catch (error) {
    if (deadline.expired()) return timedOut(requestId, timeoutMs)
    throw error
  } finally {
    deadline.dispose()
  }
}

function interpret(reply: WireReply, requestId: string, url: string): InvokeResult {
  const { body, status } = reply
  const result = interpretRieReply({ status, headers: flattened(reply.headers), body, requestId })
  return result.kind === 'noLambda' ? { ...result, message: `${url}: ${result.message}` } : result
}

/** The emulator goes on running it; what it says of the next invocation meanwhile is that it is busy. */
function timedOut(requestId: string, timeoutMs: number): InvokeResult {
  const seconds = (timeoutMs / 1_000).toFixed(2)
  const message = `RequestId: ${requestId} Error: Task timed out after ${seconds} seconds`
  return functionError(requestId, 'Sandbox.Timedout', message)
}
