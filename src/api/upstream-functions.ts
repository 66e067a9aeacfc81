import type { IncomingHttpHeaders } from 'node:http'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { ApiDeps } from './api-deps.ts'
import { collect } from './collect.ts'
import { withoutSecrets } from './pass-policy.ts'
import { whenOver, type WayUp } from './pass-through.ts'

/** A page of the functions of the Lambda endpoint behind. */
export interface FunctionPage {
  readonly functions: readonly unknown[]
  readonly nextMarker: string | null
}

export interface FunctionQuestion extends Pick<WayUp, 'ended' | 'hops'> {
  readonly request: FastifyRequest
  readonly reply: FastifyReply
  /** Path and query. */
  readonly path: string
}

/** What is read of an upstream's list of functions, fifty entries at most. */
const listBytesMax = 8 * 1_048_576

const noFunctions: FunctionPage = { functions: [], nextMarker: null }

/** An upstream that does not answer, or has no such list, hides its functions and not ours. */
export async function upstreamFunctions(
  { log, passPolicy, upstream }: Pick<ApiDeps, 'log' | 'upstream' | 'passPolicy'>,
  { ended, hops, path, reply, request }: FunctionQuestion,
): Promise<FunctionPage> {
  // Where the way up is shut, ours are all there are.
  if (upstream === null || passPolicy.judge('GET', request.url.split('?', 1)[0] ?? '/') !== null) return noFunctions
  try {
    const asked = { method: 'GET', path, headers: questionOf(hops.headers(request)), body: null }
    const answer = await upstream.send(asked, whenOver(reply, ended))
    if (answer.statusCode !== 200) {
      answer.resume()
      return noFunctions
    }
    const body: unknown = JSON.parse((await collect(answer, listBytesMax, tooLong)).toString())
    return pageOf(passPolicy.censors ? withoutSecrets(body) : body)
  } catch (error) {
    if (reply.raw.closed) return noFunctions
    log.warn({ error, endpoint: upstream.endpoint }, 'The functions of the Lambda endpoint cannot be listed.')
    return noFunctions
  }
}

function tooLong(): Error {
  return new Error(`The upstream's list of functions is longer than ${listBytesMax} bytes.`)
}

/** What speaks of a body, which does not go along, and of a compression of the answer, which is read here. */
const ofTheBody: ReadonlySet<string> = new Set([
  'accept-encoding',
  'content-encoding',
  'content-length',
  'content-type',
])

function questionOf(headers: IncomingHttpHeaders): IncomingHttpHeaders {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !ofTheBody.has(name)))
}

function pageOf(body: unknown): FunctionPage {
  if (typeof body !== 'object' || body === null) return noFunctions
  const { Functions: functions, NextMarker: marker } = body as { Functions?: unknown; NextMarker?: unknown }
  return {
    functions: Array.isArray(functions) ? (functions as unknown[]) : [],
    nextMarker: typeof marker === 'string' && marker !== '' ? marker : null,
  }
}
