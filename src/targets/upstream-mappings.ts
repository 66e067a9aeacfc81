import type { AwsAccess, AwsCaller, HttpResult } from '../access/aws-access.ts'
import { isJsonObject, parseJson, stringOf, type JsonObject } from '../events/json-value.ts'
import type { Clock, UpstreamChange, UpstreamList, UpstreamMapping, UpstreamMappings } from '../ports.ts'
import { startDeadline } from './attempt-deadline.ts'
import { describeAnswer, serviceErrorOf, type LambdaAnswer } from './lambda-answer.ts'

/** Nobody waits long for an endpoint that does not answer: the next look asks again. */
const answerMsMax = 5_000
/** The largest page that AWS gives (API_ListEventSourceMappings). */
const pageSize = 100
/** Against endpoints whose markers never end. */
const pagesMax = 1_000
const path = '/2015-03-31/event-source-mappings'

/** The mappings that the Lambda endpoint has itself, in the region and account of the configuration. */
export function createUpstreamMappings(access: AwsAccess, clock: Clock): UpstreamMappings {
  const caller = access.service('lambda', undefined, undefined)
  const ask = (request: Request, signal: AbortSignal) => inTime(caller, clock, request, signal)
  return {
    async list(signal) {
      const mappings: UpstreamMapping[] = []
      let marker: string | undefined
      for (let page = 0; page < pagesMax; page++) {
        const result = await ask({ method: 'GET', path: `${path}${queryOf(marker)}`, body: '' }, signal)
        const read = readPage(result)
        if (read.kind !== 'page') return read
        mappings.push(...read.mappings)
        marker = read.marker
        if (marker === undefined) return { kind: 'listed', mappings }
      }
      return { kind: 'failed', message: `The list of mappings at ${caller.endpoint} does not end.` }
    },

    async update(uuid, body, signal) {
      return changeOf(await ask({ method: 'PUT', path: pathOf(uuid), body: JSON.stringify(body) }, signal))
    },

    async delete(uuid, signal) {
      return changeOf(await ask({ method: 'DELETE', path: pathOf(uuid), body: '' }, signal))
    },
  }
}

interface Request {
  readonly method: 'GET' | 'PUT' | 'DELETE'
  readonly path: string
  readonly body: string
}

async function inTime(caller: AwsCaller, clock: Clock, request: Request, signal: AbortSignal): Promise<HttpResult> {
  const deadline = startDeadline(clock, answerMsMax, signal)
  const headers: Record<string, string> = request.body === '' ? {} : { 'content-type': 'application/json' }
  try {
    return await caller.http({ ...request, headers }, 'control', deadline.signal)
  } catch (error) {
    if (!deadline.expired()) throw error
    return {
      kind: 'unreachable',
      sent: true,
      message: `${caller.endpoint} gave no answer within ${answerMsMax / 1_000} s.`,
    }
  } finally {
    deadline.dispose()
  }
}

function pathOf(uuid: string): string {
  return `${path}/${encodeURIComponent(uuid)}`
}

function queryOf(marker: string | undefined): string {
  return `?MaxItems=${pageSize}${marker === undefined ? '' : `&Marker=${encodeURIComponent(marker)}`}`
}

interface Page {
  readonly kind: 'page'
  readonly mappings: readonly UpstreamMapping[]
  readonly marker: string | undefined
}

function readPage(result: HttpResult): Page | Exclude<UpstreamList, { kind: 'listed' }> {
  if (result.kind !== 'ok') return { kind: 'failed', message: result.message }
  const message = describeAnswer(result, serviceErrorOf(result))
  if (result.status !== 200) return { kind: isUnknown(result) ? 'unsupported' : 'failed', message }
  const body = parseJson(result.body)
  const listed = isJsonObject(body) ? body['EventSourceMappings'] : undefined
  if (!isJsonObject(body) || !Array.isArray(listed)) return { kind: 'unsupported', message }
  const items: readonly unknown[] = listed
  return { kind: 'page', mappings: items.flatMap(readMapping), marker: stringOf(body['NextMarker']) || undefined }
}

function readMapping(item: unknown): readonly UpstreamMapping[] {
  if (!isJsonObject(item)) return []
  const uuid = stringOf(item['UUID'])
  if (uuid === undefined) return []
  return [{ uuid, state: stringOf(item['State']) ?? '', modifiedMs: modifiedMsOf(item), members: item }]
}

/** Epoch seconds on AWS; some emulators write a date. */
function modifiedMsOf({ LastModified: modified }: JsonObject): number | null {
  const ms = typeof modified === 'number' ? Math.round(modified * 1_000) : Date.parse(stringOf(modified) ?? '')
  return Number.isFinite(ms) ? ms : null
}

function changeOf(result: HttpResult): UpstreamChange {
  if (result.kind !== 'ok') return { kind: 'failed', message: result.message }
  const error = serviceErrorOf(result)
  const message = describeAnswer(result, error)
  // Lambda answers with the mapping; anything else under 2xx was not said by one.
  if (result.status < 300) return isJsonObject(parseJson(result.body)) ? { kind: 'done' } : { kind: 'failed', message }
  if (result.status === 404 && error?.type === 'ResourceNotFoundException') return { kind: 'missing', message }
  if (result.status === 429 || error?.type === 'ResourceInUseException') return { kind: 'busy', message }
  if (result.status >= 500 && result.status !== 501) return { kind: 'failed', message }
  return { kind: 'refused', message }
}

/** The endpoint does not have the operation. */
function isUnknown({ status }: LambdaAnswer): boolean {
  return status === 404 || status === 405 || status === 501
}
