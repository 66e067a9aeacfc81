import type { FastifyInstance } from 'fastify'
import type { ApiDeps } from './api-deps.ts'
import { beginning, createAudit, differences } from './audit.ts'
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
    const document = await operations.update(uuid, body)
    audit.record(request, { operation: 'UpdateEventSourceMapping', uuid, changed: differences(before, document) })
    return reply.code(202).send(mappingResponse(document))
  })

  server.delete(`${mappingsPath}/:uuid`, async (request, reply) => {
    const document = await operations.delete(pathValue(request, 'uuid'))
    const { functionArn, sourceName: source, uuid } = document
    audit.record(request, { operation: 'DeleteEventSourceMapping', uuid, changed: { source, functionArn } })
    return reply.code(202).send(mappingResponse(document))
  })
}
