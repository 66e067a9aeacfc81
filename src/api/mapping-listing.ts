import { ApiError } from '../model/api-error.ts'
import { parseFunctionName } from '../model/arn.ts'
import { sourceNamesOf, type MappingDocument } from '../model/mapping.ts'
import { mappingOptions } from '../model/mapping-options.ts'
import type { Shape } from '../model/mapping-shape.ts'
import { readPageSize } from './page-size.ts'

export interface ListQuery {
  readonly eventSourceArn?: string | undefined
  readonly functionName?: string | undefined
  readonly marker?: string | undefined
  readonly maxItems?: string | undefined
}

export interface MappingPage {
  readonly mappings: readonly MappingDocument[]
  readonly nextMarker: string | null
}

/** A page holds at most this many, whatever MaxItems says (API_ListEventSourceMappings). */
const pageMax = 100

const shapeOf = (name: string): Shape => mappingOptions.find((option) => option.name === name)?.shape ?? { type: 'any' }
const listShapes: Readonly<Record<string, Shape>> = {
  EventSourceArn: shapeOf('EventSourceArn'),
  FunctionName: shapeOf('FunctionName'),
}

/** In the order of creation, then of UUIDs: a page boundary stays where it is while mappings come and go. */
export function listMappings(all: readonly MappingDocument[], query: ListQuery): MappingPage {
  const pageSize = pageSizeOf(query)
  const after = query.marker === undefined ? undefined : readMarker(query.marker)
  const matching = all
    .filter((document) => matches(document, query))
    .toSorted(compare)
    .filter((document) => after === undefined || compare(document, after) > 0)
  const page = matching.slice(0, pageSize)
  const last = page.at(-1)
  return { mappings: page, nextMarker: last && matching.length > page.length ? writeMarker(last) : null }
}

type Place = Pick<MappingDocument, 'createdMs' | 'uuid'>

function compare(a: Place, b: Place): number {
  if (a.createdMs !== b.createdMs) return a.createdMs - b.createdMs
  if (a.uuid === b.uuid) return 0
  return a.uuid < b.uuid ? -1 : 1
}

function pageSizeOf({ eventSourceArn, functionName, maxItems }: ListQuery): number {
  const given = { EventSourceArn: eventSourceArn, FunctionName: functionName, MaxItems: maxItems }
  return readPageSize(given, listShapes, pageMax)
}

function matches(document: MappingDocument, { eventSourceArn, functionName }: ListQuery): boolean {
  const named = [...sourceNamesOf(document), document.parameters.EventSourceArn]
  if (eventSourceArn !== undefined && !named.includes(eventSourceArn)) return false
  return functionName === undefined || meansFunction(functionName, document.functionArn)
}

/** The exact qualification counts: a bare name does not find the mappings of an alias. */
function meansFunction(wanted: string, functionArn: string): boolean {
  const name = parseFunctionName(wanted)
  const actual = parseFunctionName(functionArn)
  if (name === undefined || actual === undefined) return wanted === functionArn
  return (
    name.name === actual.name &&
    name.qualifier === actual.qualifier &&
    (name.account ?? actual.account) === actual.account &&
    (name.region ?? actual.region) === actual.region
  )
}

function writeMarker({ createdMs, uuid }: Place): string {
  return Buffer.from(`${createdMs}/${uuid}`).toString('base64')
}

function readMarker(marker: string): Place {
  const [, createdMs, uuid] = /^(\d{1,16})\/(.{1,64})$/.exec(Buffer.from(marker, 'base64').toString()) ?? []
  if (createdMs === undefined || uuid === undefined) {
    throw new ApiError('InvalidParameterValueException', 'Invalid marker: use the NextMarker of an earlier answer.')
  }
  return { createdMs: Number(createdMs), uuid }
}
