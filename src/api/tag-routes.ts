import type { FastifyInstance, FastifyRequest } from 'fastify'
import { ApiError } from '../model/api-error.ts'
import { parseArn } from '../model/arn.ts'
import type { MappingDocument } from '../model/mapping.ts'
import { tagsShape } from '../model/mapping-patterns.ts'
import { readStructure, refuse, violation, type Violation } from '../model/mapping-shape.ts'
import { validateTags } from '../model/mapping-validation.ts'
import type { ApiDeps } from './api-deps.ts'
import { createAudit } from './audit.ts'
import { mappingArn } from './mapping-response.ts'
import type { PassThrough } from './pass-through.ts'
import { pathValue, queryValues, readJson } from './request-body.ts'

const tagsPath = '/2017-03-31/tags/:arn'
const printedPattern = String.raw`arn:(aws[a-zA-Z-]*):lambda:(eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1}:\d{12}:(function:[a-zA-Z0-9-_]+(:(\$LATEST|[a-zA-Z0-9-_]+))?|code-signing-config:csc-[a-z0-9]{17}|event-source-mapping:[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}|(capacity-provider|network-connector):[a-zA-Z0-9-_]{1,64})`

/** Tags of mappings (API version 2017-03-31). Those of anything else live upstream. */
export function addTagRoutes(server: FastifyInstance, deps: ApiDeps, passThrough: PassThrough): void {
  const { mappings } = deps
  const audit = createAudit(deps.log)

  function find(arn: string): MappingDocument {
    const [, uuid = ''] = arn.split(':event-source-mapping:')
    const document = mappings.get(uuid)
    if (document !== undefined && mappingArn(document) === arn) return document
    throw new ApiError('ResourceNotFoundException', `Event source mapping not found: ${arn}`)
  }

  server.get(tagsPath, async (request, reply) => {
    const arn = mappingArnGiven(request)
    if (arn === undefined) return passThrough(request, reply)
    return reply.send({ Tags: find(arn).tags })
  })

  server.post(tagsPath, async (request, reply) => {
    const arn = mappingArnGiven(request)
    if (arn === undefined) return passThrough(request, reply)
    const added = readTags(await readJson(request, 'TagResource'))
    const { tags, uuid } = find(arn)
    validateTags({ ...tags, ...added })
    await mappings.tag(uuid, added)
    audit.record(request, { operation: 'TagResource', uuid, changed: added })
    return reply.code(204).send()
  })

  server.delete(tagsPath, async (request, reply) => {
    const arn = mappingArnGiven(request)
    if (arn === undefined) return passThrough(request, reply)
    const keys = queryValues(request, 'tagKeys')
    if (keys.length === 0) refuse([violation(null, 'tagKeys', 'Member must not be null')])
    const { uuid } = find(arn)
    await mappings.untag(uuid, keys)
    audit.record(request, { operation: 'UntagResource', uuid, changed: { tagKeys: keys } })
    return reply.code(204).send()
  })
}

/** AWS's pattern, its region widened: mappings live in the regions of emulators too. */
const mappingArnPattern =
  /^arn:aws[a-zA-Z-]*:lambda:[a-z0-9-]+:\d{12}:event-source-mapping:[a-f0-9]{8}-[a-f0-9]{4}-[a-f0-9]{4}-[a-f0-9]{4}-[a-f0-9]{12}$/i

/** What else of Lambda's has tags (TaggableResource of the API's model). */
const taggedUpstream: ReadonlySet<string> = new Set([
  'function',
  'code-signing-config',
  'capacity-provider',
  'network-connector',
])

/** The ARN of the path if it is one of a mapping; undefined: something else of Lambda's that may have tags. */
function mappingArnGiven(request: FastifyRequest): string | undefined {
  const given = pathValue(request, 'arn')
  const arn = parseArn(given)
  const [kind] = arn?.resource.split(':') ?? []
  if (mappingArnPattern.test(given)) return given
  if (arn?.service === 'lambda' && taggedUpstream.has(kind ?? '')) return undefined
  const text = `Member must satisfy regular expression pattern: ${printedPattern}`
  throw refusedArn(given, text)
}

function refusedArn(given: string, text: string): ApiError {
  return new ApiError('ValidationException', `1 validation error detected: ${violation(given, 'resource', text)}`)
}

function readTags(body: unknown): Readonly<Record<string, string>> {
  const violations: Violation[] = []
  const { Tags: tags } = readStructure(body, { Tags: tagsShape }, '', violations)
  if (tags === undefined) violations.push(violation(null, 'tags', 'Member must not be null'))
  refuse(violations)
  const read = validateTags(tags)
  if (Object.keys(read).length > 0) return read
  throw new ApiError('InvalidParameterValueException', 'An error occurred and the request cannot be processed.')
}
