import type { FastifyInstance, FastifyRequest } from 'fastify'
import { ApiError } from '../model/api-error.ts'
import type { MappingDocument } from '../model/mapping.ts'
import type { ApiDeps } from './api-deps.ts'
import { pathValue, queryValue } from './request-body.ts'
import { explain, explainNameless, type Explanation } from './why/explain.ts'
import { lookAt } from './why/look.ts'
import { knownNames, mappingsAbout } from './why/selection.ts'

/** Why mappings do not invoke their functions. Looks at their sources when it is asked, for a few seconds at most. */
export function addWhyRoutes(server: FastifyInstance, deps: ApiDeps): void {
  const explanationsOf = async (
    documents: readonly MappingDocument[],
    { raw }: FastifyRequest,
  ): Promise<readonly Explanation[]> => {
    const left = new AbortController()
    raw.once('close', () => left.abort())
    return (await lookAt(deps, documents, left.signal)).map(explain)
  }

  /** Those of which only the UUID is known: there is nothing to look at. */
  const nameless = (about?: string): readonly Explanation[] =>
    deps.mappings
      .nameless()
      .filter(({ uuid }) => about === undefined || about === uuid)
      .map((status) => explainNameless(status, deps.mappings.damageOf(status.uuid) ?? ''))

  const one = async (uuid: string, request: FastifyRequest): Promise<Explanation> => {
    const document = deps.mappings.get(uuid)
    const [explanation] = document === undefined ? nameless(uuid) : await explanationsOf([document], request)
    if (explanation !== undefined) return explanation
    throw new ApiError('ResourceNotFoundException', `No mapping has the UUID ${uuid}.`)
  }

  server.get('/_millrace/why/:uuid', async (request, reply) =>
    reply.send(await one(pathValue(request, 'uuid'), request)),
  )

  server.get('/_millrace/why', async (request, reply) => {
    const uuid = queryValue(request, 'uuid')
    if (uuid !== undefined) return reply.send(await one(uuid, request))
    const about = queryValue(request, 'about')
    const all = deps.mappings.list()
    const meant = about === undefined ? all : mappingsAbout(all, about)
    const others = nameless(about)
    if (about !== undefined && meant.length + others.length === 0) {
      throw new ApiError(
        'ResourceNotFoundException',
        `No mapping has the UUID ${about}, or a source or function of that name. ${knownNames(all)}`,
      )
    }
    return reply.send({ explanations: [...(await explanationsOf(meant, request)), ...others] })
  })
}
