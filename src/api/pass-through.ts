import type { IncomingHttpHeaders, IncomingMessage } from 'node:http'
import { Readable } from 'node:stream'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { ApiError } from '../model/api-error.ts'
import type { ApiDeps } from './api-deps.ts'
import { createAudit } from './audit.ts'
import { collect } from './collect.ts'
import { sendError, unknownOperation, type ErrorResponse } from './error-response.ts'
import { refuse } from './gate/gate.ts'
import { mappingsPath } from './mapping-routes.ts'
import { tidiedPath, withoutSecrets } from './pass-policy.ts'
import { endToEndHeaders, type Headers } from './upstream.ts'

/** Hands a request on as it came, and its answer back. */
export type PassThrough = (request: FastifyRequest, reply: FastifyReply) => Promise<FastifyReply>

/** How the Lambda endpoint behind is reached. */
export interface WayUp {
  readonly passThrough: PassThrough
  readonly hops: Hops
  /** Aborts when the server has closed. */
  readonly ended: AbortSignal
}

/** Mappings are ours alone: an upstream that runs mappings too must not run these as well, nor those that it tidies a path into. */
function isPassedOn(path: string): boolean {
  return lambdaPath.test(path) && !tidiedPath(path).startsWith(mappingsPath)
}

/** Names the processes that a request has gone through: one that finds itself there has itself as its upstream. */
export const hopHeader = 'x-millrace-hop'

/** Lambda's paths begin with the version of their API. */
const lambdaPath = /^\/20\d\d-\d\d-\d\d\//

export function createPassThrough(
  deps: Pick<ApiDeps, 'upstream' | 'log' | 'passPolicy'>,
  hops: Hops,
  ended: AbortSignal,
): PassThrough {
  const hint = createHint(deps.log)
  const audit = createAudit(deps.log)

  return async (request, reply) => {
    const { upstream } = deps
    const path = request.url.split('?', 1)[0] ?? '/'
    if (!isPassedOn(path)) return sendError(reply, unknownOperation(request.method, path))
    if (upstream === null) {
      hint(request.method, path)
      return sendError(reply, noUpstream(request.method, path))
    }
    if (hops.isOwn(request)) return sendError(reply, ownUpstream(upstream.endpoint))
    const refusal = deps.passPolicy.judge(request.method, path)
    if (refusal !== null) return refuse(reply, refusal)
    const over = whenOver(reply, ended)
    try {
      const answer = await upstream.send(
        {
          method: request.method,
          path: request.url,
          headers: deps.passPolicy.censors ? readable(hops.headers(request)) : hops.headers(request),
          body: bodyOf(request),
        },
        over,
      )
      if (isChange(request.method, path)) {
        audit.record(request, { operation: `${request.method} ${path}`, status: answer.statusCode ?? 502 })
      }
      return await handBack(answer, reply, deps.passPolicy.censors)
    } catch (error) {
      if (reply.raw.closed) return reply
      if (error instanceof ApiError) throw error
      deps.log.warn({ error, endpoint: upstream.endpoint, path }, 'The Lambda endpoint cannot be reached.')
      return sendError(reply, unreachable(upstream.endpoint, error))
    }
  }
}

async function handBack(answer: IncomingMessage, reply: FastifyReply, censors: boolean): Promise<FastifyReply> {
  reply.code(answer.statusCode ?? 502)
  for (const [name, value] of Object.entries(forClients(answer.headers))) reply.header(name, value)
  // The answer is the upstream's, its request id too.
  if (answer.headers['x-amzn-requestid'] === undefined) reply.removeHeader('x-amzn-requestid')
  return await reply.send(censors ? await censored(answer, reply) : answer)
}

/** An invocation changes nothing of the function. */
function isChange(method: string, path: string): boolean {
  return (
    method !== 'GET' &&
    method !== 'HEAD' &&
    !/\/(?:invocations|response-streaming-invocations|invoke-async)\/?$/.test(path)
  )
}

/** A client that is gone needs no answer: neither its body nor the upstream's is worth carrying. */
export function whenOver(reply: FastifyReply, ended: AbortSignal): AbortSignal {
  const gone = new AbortController()
  reply.raw.once('close', () => gone.abort())
  return AbortSignal.any([gone.signal, ended])
}

/** Tells requests that this process has sent itself, and marks those that it sends. */
export interface Hops {
  isOwn(request: FastifyRequest): boolean
  /** The headers of a request that goes on, this process added to those it has gone through. */
  headers(request: FastifyRequest): IncomingHttpHeaders
}

export function createHops(self: string): Hops {
  return {
    isOwn: (request) => hopsOf(request).includes(self),
    headers: (request) => ({ ...withoutProof(request), [hopHeader]: [...hopsOf(request), self].join(', ') }),
  }
}

/**
 * A token that opens this Millrace is no business of the endpoint behind. A signature holds no secret, and emulators read
 * account and region from it.
 */
function withoutProof({ caller, headers }: FastifyRequest): IncomingHttpHeaders {
  if (caller === null || caller.key === null) return headers
  const { authorization, 'x-amz-security-token': _session, ...others } = headers
  if (authorization === undefined || /^bearer /i.test(authorization)) return others
  return { ...others, authorization }
}

function hopsOf(request: FastifyRequest): readonly string[] {
  const given = request.headers[hopHeader]
  if (given === undefined) return []
  return String(given)
    .split(',')
    .map((hop) => hop.trim())
    .filter((hop) => hop !== '')
}

function bodyOf({ headers, held, raw }: FastifyRequest): Readable | null {
  if (held !== null) return held.length > 0 ? Readable.from([held]) : null
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0 ? raw : null
}

/** A page of somebody else must not read what the upstream would let it read. */
function forClients(headers: IncomingHttpHeaders): Headers {
  return Object.fromEntries(
    Object.entries(endToEndHeaders(headers)).filter(([name]) => !name.startsWith('access-control-')),
  )
}

/** An answer that is read here must come as it is. */
function readable({ 'accept-encoding': _, ...headers }: IncomingHttpHeaders): IncomingHttpHeaders {
  return headers
}

/** Fifty functions with all that they say of themselves, and more. */
const censoredBytesMax = 8 * 1_048_576

async function censored(answer: IncomingMessage, reply: FastifyReply): Promise<string> {
  const text = (await collect(answer, censoredBytesMax, tooLong)).toString()
  reply.removeHeader('content-length')
  if (text === '') return ''
  try {
    return JSON.stringify(withoutSecrets(JSON.parse(text)))
  } catch {
    reply.code(502).header('content-type', 'application/json')
    return JSON.stringify({ Type: 'Service', Message: 'The Lambda endpoint answered with something other than JSON.' })
  }
}

function tooLong(): ApiError {
  return new ApiError('ServiceException', `The Lambda endpoint's answer is longer than ${censoredBytesMax} bytes.`)
}

/** Said once: a client that expects a whole Lambda would repeat it endlessly. */
function createHint(log: ApiDeps['log']): (method: string, path: string) => void {
  let said = false
  return (method, path) => {
    if (said) return
    said = true
    log.warn(
      { method, path },
      'A Lambda request is not one for mappings or for a function of the config, and no Lambda endpoint is configured to ' +
        'pass it on to. Set aws.endpoints.lambda or AWS_ENDPOINT_URL_LAMBDA, or name the function under functions:.',
    )
  }
}

function noUpstream(method: string, path: string): ErrorResponse {
  return {
    status: 404,
    type: 'ResourceNotFoundException',
    message:
      `Millrace answers for event source mappings and for the functions of its config; ${method} ${path} is neither, ` +
      'and there is no Lambda endpoint to pass it on to (aws.endpoints.lambda or AWS_ENDPOINT_URL_LAMBDA).',
  }
}

export function ownUpstream(endpoint: string): ErrorResponse {
  return {
    status: 400,
    type: 'InvalidParameterValueException',
    message:
      `Millrace is its own upstream: the Lambda endpoint ${endpoint} leads back to this Millrace. ` +
      'Set aws.endpoints.lambda or AWS_ENDPOINT_URL_LAMBDA of Millrace to the endpoint that runs the functions.',
  }
}

function unreachable(endpoint: string, error: unknown): ErrorResponse {
  const reason = error instanceof Error ? error.message : String(error)
  return {
    status: 502,
    type: 'ServiceException',
    message: `The Lambda endpoint ${endpoint} cannot be reached: ${reason}`,
  }
}
