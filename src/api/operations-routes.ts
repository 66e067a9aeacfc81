import type { FastifyInstance, FastifyReply } from 'fastify'
import type { MappingOverview, MappingStatus } from '../model/mapping-status.ts'
import { ApiError } from '../model/api-error.ts'
import type { MappingDocument } from '../model/mapping.ts'
import { isStream } from '../model/source.ts'
import type { ApiDeps } from './api-deps.ts'
import { idle, withBacklogs } from './mapping-overview.ts'
import { pathValue, queryValue } from './request-body.ts'

/** What Millrace says of itself. Nothing here waits for a backend, but for the depth of queues where that is asked for. */
export function addOperationsRoutes(server: FastifyInstance, deps: ApiDeps): void {
  const { health, mappings, metrics } = deps

  const find = (uuid: string | undefined): MappingDocument => {
    const document = mappings.get(uuid ?? '')
    if (document !== undefined) return document
    throw new ApiError('ResourceNotFoundException', `No mapping has the UUID ${uuid ?? ''}.`)
  }
  const statusOf = (document: MappingDocument) => mappings.status(document.uuid) ?? notRunning(document)
  const nameless = (uuid = '') => mappings.nameless().find((status) => status.uuid === uuid)

  const open = { config: { open: true } }
  server.get('/healthz', open, async (_, reply) => reply.send({ status: 'alive' }))

  server.get('/readyz', open, async (_, reply) => sendReadiness(reply, health.notReady()))

  server.get('/metrics', async (_, reply) => {
    const text = await metrics.metrics()
    return reply.header('content-type', metrics.contentType).send(text)
  })

  server.get('/_millrace/health', async (_, reply) => {
    const reasons = health.notReady()
    const states = Object.groupBy(mappings.list(), (document) => document.state)
    const counted = Object.entries(states).map(([state, documents]) => [state, documents.length] as const)
    return reply.send({
      ready: reasons.length === 0,
      reasons,
      mappings: Object.fromEntries(counted),
      ...health.details(),
    })
  })

  const overviewOf = (status: MappingStatus): MappingOverview => ({
    ...status,
    activity: deps.activity(status.uuid) ?? idle,
  })

  server.get('/_millrace/mappings', async (request, reply) => {
    const listed = mappings.list().map((document) => ({ document, overview: overviewOf(statusOf(document)) }))
    const asksBacklog = queryValue(request, 'backlog') === 'true'
    const shown = asksBacklog ? await withBacklogs(deps, listed) : listed.map(({ overview }) => overview)
    return reply.send({ mappings: [...shown, ...mappings.nameless().map(overviewOf)] })
  })

  server.get('/_millrace/mappings/:uuid', async (request, reply) => {
    const uuid = pathValue(request, 'uuid')
    return reply.send(overviewOf(nameless(uuid) ?? statusOf(find(uuid))))
  })
}

/** A mapping that no engine runs: on its way in or out. */
function notRunning(document: MappingDocument): MappingStatus {
  const { functionArn, source, sourceName, state, uuid } = document
  const names = { uuid, state, source: sourceName, functionArn }
  const lastProcessingResult = isStream(source) ? document.lastProcessingResult : null
  const untroubled = { pauseReasons: [], lastError: null, sourceTrouble: null, functionTrouble: null }
  return { ...names, lastProcessingResult, ...untroubled, flows: [] }
}

function sendReadiness(reply: FastifyReply, reasons: readonly string[]): FastifyReply {
  return reply.code(reasons.length === 0 ? 200 : 503).send({ ready: reasons.length === 0, reasons })
}
