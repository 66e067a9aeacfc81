import type { FastifyInstance, FastifyRequest } from 'fastify'
import { ApiError } from '../model/api-error.ts'
import { parseFunctionName } from '../model/arn.ts'
import type { ApiDeps } from './api-deps.ts'
import { createAsyncInvocations, type AsyncInvocations } from './async-invocations.ts'
import { functionConfiguration, functionDescription } from './function-configuration.ts'
import { createInvocations } from './function-invoke.ts'
import { createFunctionListing } from './function-listing.ts'
import type { WayUp } from './pass-through.ts'
import { pathValue, queryValue } from './request-body.ts'

const functionsPath = '/2015-03-31/functions'
const streamingPath = '/2021-11-15/functions'

/** Functions of the config; whatever else has a function's path lives upstream. */
export function addFunctionRoutes(server: FastifyInstance, deps: ApiDeps, way: WayUp): AsyncInvocations {
  const { ended, passThrough } = way
  const startedMs = deps.clock.wallMs()
  const asyncInvocations = createAsyncInvocations(deps, ended)
  const { invoke, stream } = createInvocations(deps, asyncInvocations, ended)
  const listing = createFunctionListing(deps, way, startedMs)
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
    return settings === undefined ? passThrough(request, reply) : reply.send(listing.versions(settings, request))
  })

  server.post(`${functionsPath}/:name/invocations`, async (request, reply) => {
    const name = hostedName(request)
    return name === undefined ? passThrough(request, reply) : invoke(name, request, reply)
  })

  server.post(`${streamingPath}/:name/response-streaming-invocations`, async (request, reply) => {
    const name = hostedName(request)
    return name === undefined ? passThrough(request, reply) : stream(name, request, reply)
  })

  server.get(functionsPath, async (request, reply) => listing.functions(request, reply))
  return asyncInvocations
}
