import type { AddressInfo, Socket } from 'node:net'
import { fastify, type FastifyError, type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify'
import { ApiError } from '../model/api-error.ts'
import type { ApiDeps } from './api-deps.ts'
import { connectionLimits } from './connection-limits.ts'
import { errorResponse, sendError, unknownOperation, type ErrorResponse } from './error-response.ts'
import { addFunctionRoutes } from './function-routes.ts'
import { addIdleRoutes } from './idle-routes.ts'
import { listenOn } from './listening.ts'
import { addMappingRoutes } from './mapping-routes.ts'
import { addOperationsRoutes } from './operations-routes.ts'
import { addGate } from './gate/gate.ts'
import { isLoopback } from './gate/own-hosts.ts'
import { createHops, createPassThrough, type PassThrough } from './pass-through.ts'
import { addTagRoutes } from './tag-routes.ts'
import { addWhyRoutes } from './why-routes.ts'

/** The HTTP server: Lambda's API, the functions of the config, operations, and the way to the Lambda endpoint behind. */
export interface Api {
  /** Resolves with the address that clients use, the port filled in. */
  listen(): Promise<string>
  /** Takes no more connections and waits for the requests that are in; those still there when `signal` aborts are cut. */
  close(signal?: AbortSignal): Promise<void>
  /** For tests: requests without a socket. */
  readonly inject: FastifyInstance['inject']
}

export function createApi(deps: ApiDeps): Api {
  const { connectionsMax, headMsMax, lateCheckMs, requestMsMax } = deps.connections ?? connectionLimits
  const ending = new AbortController()
  const server = fastify({
    logger: false,
    routerOptions: {
      ignoreTrailingSlash: true,
      // ARNs are members of paths; node itself bounds the whole of a request's head at 16 kB.
      maxParamLength: 16_384,
    },
    requestTimeout: requestMsMax,
    http: { headersTimeout: headMsMax, connectionsCheckingInterval: lateCheckMs },
    forceCloseConnections: 'idle',
    clientErrorHandler: answerUnreadable,
    frameworkErrors: (error, _request, reply) => {
      void sendError(reply as unknown as FastifyReply, ofFramework(error))
    },
  })
  server.server.maxConnections = connectionsMax
  // Bodies are read by whoever answers: passed on as a stream, or whole within a limit of its own.
  server.removeAllContentTypeParsers()
  server.addContentTypeParser('*', (_request, _payload, done) => done(null))
  const { admission: limits, clock, memory } = deps
  addGate(server, { server: deps.server, region: deps.place.region, limits, memory, clock })
  // A function's answer is the function's, and what comes from upstream is the upstream's.
  server.addHook('onSend', async (request, reply, payload) => {
    const isOurs = reply.statusCode >= 400 || /^\/(?:_millrace|metrics)(?:\/|$|\?)/.test(request.url)
    return isOurs && typeof payload === 'string' ? deps.redact(payload) : payload
  })
  server.setErrorHandler((error: FastifyError | ApiError, request, reply) =>
    answerError(deps, error, { request, reply }),
  )

  const hops = createHops(deps.clock.uuid())
  const passThrough = createPassThrough(deps, hops, ending.signal)
  addMappingRoutes(server, deps)
  addTagRoutes(server, deps, passThrough)
  const accepted = addFunctionRoutes(server, deps, { hops, passThrough, ended: ending.signal })
  addOperationsRoutes(server, deps)
  addWhyRoutes(server, deps)
  addIdleRoutes(server, deps, () => accepted.work())
  server.setNotFoundHandler(async (request, reply) => answerUnknown(request, reply, passThrough))

  return {
    async listen() {
      const { host: wanted, port } = deps.server
      const host = await listenOn((place) => server.listen(place), { host: wanted, port })
      if (deps.server.auth.kind === 'none' && !isLoopback(deps.server.host)) {
        deps.log.warn({ host: deps.server.host }, openToAll)
      }
      return baseUrl(host, server.server.address())
    },
    async close(signal) {
      const cut = () => {
        ending.abort()
        server.server.closeAllConnections()
      }
      signal?.addEventListener('abort', cut, { once: true })
      if (signal?.aborted) cut()
      await server.close()
      signal?.removeEventListener('abort', cut)
      ending.abort()
    },
    inject: server.inject.bind(server),
  }
}

const openToAll =
  'Anyone on this network who reaches the port can create, change and delete mappings, invoke the functions of the config, and so ' +
  'have the queues and streams read that the credentials of this process open. Set server.auth (--auth, MILLRACE_AUTH) to token ' +
  'or sigv4, or listen on 127.0.0.1.'

function answerUnknown(
  request: FastifyRequest,
  reply: FastifyReply,
  passThrough: PassThrough,
): FastifyReply | Promise<FastifyReply> {
  const path = request.url.split('?', 1)[0] ?? '/'
  if (!path.startsWith('/_millrace')) return passThrough(request, reply)
  return sendError(reply, unknownOperation(request.method, path))
}

function answerError(
  deps: ApiDeps,
  error: FastifyError | ApiError,
  { reply, request }: { readonly request: FastifyRequest; readonly reply: FastifyReply },
): FastifyReply {
  if (error instanceof ApiError) return sendError(reply, errorResponse(error))
  const { statusCode } = error
  if (statusCode !== undefined && statusCode < 500) return sendError(reply, ofFramework(error))
  deps.log.error({ error, method: request.method, path: request.url }, 'A request failed for a reason of our own.')
  return sendError(reply, {
    status: 500,
    type: 'ServiceException',
    message: 'An error occurred, the log has its cause.',
  })
}

/** What is no HTTP, too long, or too slow. The socket may be gone already. */
function answerUnreadable(error: Error & { readonly code?: string }, socket: Socket): void {
  if (!socket.writable || socket.bytesWritten > 0) {
    socket.destroy()
    return
  }
  const [status, text] = unreadable[error.code ?? ''] ?? ['400 Bad Request', 'The request is not HTTP.']
  const body = JSON.stringify({ Type: 'User', message: text })
  socket.end(
    `HTTP/1.1 ${status}\r\nx-amzn-errortype: InvalidRequestContentException\r\ncontent-type: application/json\r\n` +
      `content-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`,
  )
}

const unreadable: Readonly<Record<string, readonly [string, string]>> = {
  HPE_HEADER_OVERFLOW: ['431 Request Header Fields Too Large', 'The headers of the request are too long.'],
  ERR_HTTP_REQUEST_TIMEOUT: ['408 Request Timeout', 'The request did not arrive in time.'],
}

/** Requests that the HTTP layer refuses: paths that do not decode, media types that are none. */
function ofFramework(error: FastifyError): ErrorResponse {
  return { status: 400, type: 'InvalidRequestContentException', message: error.message }
}

/** A wildcard is no address to call. */
function baseUrl(host: string, address: AddressInfo | string | null): string {
  const port = typeof address === 'object' && address !== null ? address.port : 0
  const called = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host
  return `http://${called.includes(':') ? `[${called}]` : called}:${port}`
}
