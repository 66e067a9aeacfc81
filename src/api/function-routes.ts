import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { IncomingHttpHeaders } from 'node:http'
import { ApiError } from '../model/api-error.ts'
import { parseFunctionName } from '../model/arn.ts'
import type { FunctionSettings } from '../model/settings.ts'
import type { ApiDeps } from './api-deps.ts'
import { createAsyncInvocations } from './async-invocations.ts'
import { functionConfiguration, functionDescription } from './function-configuration.ts'
import { createInvoke } from './function-invoke.ts'
import { sendError } from './error-response.ts'
import { ownUpstream, whenOver, type Hops, type PassThrough } from './pass-through.ts'
import { pathValue, queryValue } from './request-body.ts'

const functionsPath = '/2015-03-31/functions'
/** What is read of an upstream's list of functions, fifty entries at most. */
const listBytesMax = 8 * 1_048_576

/** Functions of the config; whatever else has a function's path lives upstream. */
export function addFunctionRoutes(server: FastifyInstance, deps: ApiDeps, way: WayUp): void {
  const { ended, passThrough } = way
  const startedMs = deps.clock.wallMs()
  const asyncInvocations = createAsyncInvocations(deps, ended)
  const invoke = createInvoke(deps, asyncInvocations, ended)
  // A server that closes has answered all its requests; what was accepted for later is still its business.
  server.addHook('onClose', () => asyncInvocations.drain())

  const isHosted = (name: string) => deps.functions.hosted(name) !== undefined

  /** The name with its qualifier, if the config has the function. */
  const hostedName = (request: FastifyRequest): string | undefined => {
    const name = pathValue(request, 'name')
    const qualifier = queryValue(request, 'Qualifier')
    const own = parseFunctionName(name)?.qualifier
    if (qualifier === undefined || own === qualifier) return isHosted(name) ? name : undefined
    if (own === undefined) return isHosted(`${name}:${qualifier}`) ? `${name}:${qualifier}` : undefined
    if (!isHosted(name)) return undefined
    const text = 'The derived qualifier from the function name does not match the specified qualifier.'
    throw new ApiError('InvalidParameterValueException', text)
  }

  const show = (path: string, describe: typeof functionConfiguration) => {
    server.get(path, async (request, reply) => {
      const name = hostedName(request)
      const settings = name === undefined ? undefined : deps.functions.hosted(name)
      if (settings === undefined) return passThrough(request, reply)
      const qualifier = queryValue(request, 'Qualifier') ?? parseFunctionName(pathValue(request, 'name'))?.qualifier
      return reply.send(describe(settings, deps.place, startedMs, { qualifier }))
    })
  }
  show(`${functionsPath}/:name`, functionDescription)
  show(`${functionsPath}/:name/configuration`, functionConfiguration)

  server.get(`${functionsPath}/:name/versions`, async (request, reply) => {
    const settings = deps.functions.hosted(pathValue(request, 'name'))
    if (settings === undefined) return passThrough(request, reply)
    const name = bareName(settings)
    const published = deps.functions.functions.filter((one) => bareName(one) === name && /:\d+$/.test(one.name))
    const latest = functionConfiguration({ ...settings, name }, deps.place, startedMs, { qualifier: '$LATEST' })
    const versions = published.map((one) => functionConfiguration(one, deps.place, startedMs))
    return reply.send({ Versions: [latest, ...versions], NextMarker: null })
  })

  server.post(`${functionsPath}/:name/invocations`, async (request, reply) => {
    const name = hostedName(request)
    return name === undefined ? passThrough(request, reply) : invoke(name, request, reply)
  })

  server.get(functionsPath, async (request, reply) => listFunctions(deps, startedMs, { ...way, request, reply }))
}

/** How the Lambda endpoint behind is reached. */
export interface WayUp {
  readonly passThrough: PassThrough
  readonly hops: Hops
  /** Aborts when the server has closed. */
  readonly ended: AbortSignal
}

interface Exchange extends WayUp {
  readonly request: FastifyRequest
  readonly reply: FastifyReply
}

/** Ours first, then a page of the upstream's; later pages are the upstream's alone. */
async function listFunctions(deps: ApiDeps, startedMs: number, exchange: Exchange): Promise<FastifyReply> {
  if (deps.upstream !== null && exchange.hops.isOwn(exchange.request)) {
    return sendError(exchange.reply, ownUpstream(deps.upstream.endpoint))
  }
  const first = queryValue(exchange.request, 'Marker') === undefined
  const all = queryValue(exchange.request, 'FunctionVersion') === 'ALL'
  const { functions } = deps.functions
  const listed = all ? functions : functions.filter((one) => one === unqualified(functions, one))
  const hosted = listed.map((settings) => functionConfiguration(settings, deps.place, startedMs))
  const names = new Set<unknown>(functions.map(bareName))
  const { functions: theirs, nextMarker } = await upstreamFunctions(deps, exchange)
  // One entry a name: that of the config wins, as it does in an invocation.
  const others = theirs.filter((one) => !names.has(nameOf(one)))
  return exchange.reply.send({ Functions: [...(first ? hosted : []), ...others], NextMarker: nextMarker })
}

/** The entry that stands for a function in a list without versions: the one of its bare name, else its first. */
function unqualified(functions: readonly FunctionSettings[], wanted: FunctionSettings): FunctionSettings | undefined {
  const name = bareName(wanted)
  return functions.find((one) => one.name === name) ?? functions.find((one) => bareName(one) === name)
}

function bareName({ name }: FunctionSettings): string {
  return name.split(':', 1)[0] ?? name
}

function nameOf(listed: unknown): unknown {
  return typeof listed === 'object' && listed !== null && 'FunctionName' in listed ? listed.FunctionName : undefined
}

interface FunctionPage {
  readonly functions: readonly unknown[]
  readonly nextMarker: string | null
}

const noFunctions: FunctionPage = { functions: [], nextMarker: null }

/** An upstream that does not answer, or has no such list, hides its functions and not ours. */
async function upstreamFunctions(deps: ApiDeps, { ended, hops, request, reply }: Exchange): Promise<FunctionPage> {
  if (deps.upstream === null) return noFunctions
  try {
    const asked = { method: 'GET', path: request.url, headers: questionOf(hops.headers(request)), body: null }
    const answer = await deps.upstream.send(asked, whenOver(reply, ended))
    if (answer.statusCode !== 200) {
      answer.resume()
      return noFunctions
    }
    const chunks: Buffer[] = []
    let bytes = 0
    for await (const chunk of answer) {
      const part = Buffer.from(chunk as Uint8Array)
      bytes += part.length
      if (bytes > listBytesMax)
        throw new Error(`The upstream's list of functions is longer than ${listBytesMax} bytes.`)
      chunks.push(part)
    }
    return pageOf(JSON.parse(Buffer.concat(chunks).toString()))
  } catch (error) {
    if (reply.raw.closed) return noFunctions
    deps.log.warn({ error, endpoint: deps.upstream.endpoint }, 'The functions of the Lambda endpoint cannot be listed.')
    return noFunctions
  }
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
