import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { MappingDocument } from '../model/mapping.ts'
import type { ApiDeps } from './api-deps.ts'
import { beginning, createAudit, differences } from './audit.ts'
import { refuse } from './gate/gate.ts'
import type { Refusal } from './gate/refusal.ts'
import { listMappings } from './mapping-listing.ts'
import { createMappingOperations } from './mapping-operations.ts'
import { mappingResponse } from './mapping-response.ts'
import { pathValue, queryValue, readJson } from './request-body.ts'

export const mappingsPath = '/2015-03-31/event-source-mappings'

/** Event source mappings of the Lambda API (API version 2015-03-31). */
export function addMappingRoutes(server: FastifyInstance, deps: ApiDeps): void {
  const operations = createMappingOperations(deps)
  const audit = createAudit(deps.log)

  server.post(mappingsPath, async (request, reply) => {
    const body = await readJson(request, 'CreateEventSourceMapping')
    const document = await operations.create(body)
    audit.record(request, { operation: 'CreateEventSourceMapping', uuid: document.uuid, changed: beginning(document) })
    return reply.code(202).send(mappingResponse(document))
  })

  server.get(mappingsPath, async (request, reply) => {
    const { mappings, nextMarker } = listMappings(deps.mappings.list(), {
      eventSourceArn: queryValue(request, 'EventSourceArn'),
      functionName: queryValue(request, 'FunctionName'),
      marker: queryValue(request, 'Marker'),
      maxItems: queryValue(request, 'MaxItems'),
    })
    return reply.send({ NextMarker: nextMarker, EventSourceMappings: mappings.map(mappingResponse) })
  })

  server.get(`${mappingsPath}/:uuid`, async (request, reply) => {
    return reply.send(mappingResponse(operations.get(pathValue(request, 'uuid'))))
  })

  server.put(`${mappingsPath}/:uuid`, async (request, reply) => {
    const body = await readJson(request, 'UpdateEventSourceMapping')
    const uuid = pathValue(request, 'uuid')
    const before = operations.get(uuid)
    const refusal = staysHere(body) ? null : refusalOfAdopted(deps, before, request)
    if (refusal !== null) return refuse(reply, refusal)
    const document = await operations.update(uuid, body)
    audit.record(request, { operation: 'UpdateEventSourceMapping', uuid, changed: differences(before, document) })
    return reply.code(202).send(mappingResponse(document))
  })

  server.delete(`${mappingsPath}/:uuid`, async (request, reply) => {
    const uuid = pathValue(request, 'uuid')
    const refusal = refusalOfAdopted(deps, operations.get(uuid), request)
    if (refusal !== null) return refuse(reply, refusal)
    const document = await operations.delete(uuid)
    const { functionArn, sourceName: source } = document
    audit.record(request, { operation: 'DeleteEventSourceMapping', uuid, changed: { source, functionArn } })
    return reply.code(202).send(mappingResponse(document))
  })
}

/** Whoever changes what was adopted changes it at the endpoint behind as well, and there in the operator's name. */
function refusalOfAdopted(
  { passPolicy, upstream }: Pick<ApiDeps, 'passPolicy' | 'upstream'>,
  { adopted }: MappingDocument,
  { method, url }: FastifyRequest,
): Refusal | null {
  if (adopted === undefined || upstream === null) return null
  return passPolicy.judgeAdopted(method, url.split('?', 1)[0] ?? '/')
}

/** An update that says nothing but whether the mapping runs here is told to nobody else. */
function staysHere(body: unknown): boolean {
  return typeof body === 'object' && body !== null && Object.keys(body).every((name) => name === 'Enabled')
}
