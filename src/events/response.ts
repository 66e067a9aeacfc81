import { Buffer } from 'node:buffer'
import type { InvocationReply, Outcome, WindowState } from '../model/invocation.ts'
import { isStream, type SourceKind } from '../model/source.ts'
import { functionErrorOf } from './function-error.ts'
import { isJsonObject, parseJson } from './json-value.ts'
import { rawMember } from './raw-member.ts'

export interface ReplyToJudge {
  readonly reply: InvocationReply
  /** The response payload as text. */
  readonly payload: string
  /** Ids of the batch that was invoked, in its order. */
  readonly ids: readonly string[]
  readonly source: SourceKind
  /** FunctionResponseTypes names ReportBatchItemFailures. */
  readonly reportsFailures: boolean
  /** The batch belongs to a tumbling window: the function owes a state. `final`: its last invocation, which owes nothing. */
  readonly window: 'none' | 'open' | 'final'
  /**
   * Queues: take `{"batchItemFailures":[{}]}` for a success, as one capture of AWS shows; its documentation says failure,
   * which is the default because it loses nothing (behaviour §11.8).
   */
  readonly acknowledgesEmptyItem?: boolean | undefined
}

/** What the answer of a function means for the records of its batch (behaviour §2.4, §4.6, §4.7). */
export function judgeReply(input: ReplyToJudge): Outcome {
  const { reply, payload } = input
  if (reply.functionError !== null) {
    return { kind: 'failed', reply, ...functionErrorOf(payload, reply.functionError) }
  }
  if (reply.statusCode < 200 || reply.statusCode > 299) {
    return { kind: 'failed', reply, ...functionErrorOf(payload, `Status.${reply.statusCode}`) }
  }
  return owesNothing(input) ? { kind: 'succeeded', reply, state: null } : judgeResponse(input)
}

/**
 * A final invocation brings no records that could fail, and nobody reads its state any more: AWS's own samples end with the answer
 * of a database.
 */
function owesNothing({ reportsFailures, window }: ReplyToJudge): boolean {
  return window === 'final' || (!reportsFailures && window === 'none')
}

function judgeResponse(input: ReplyToJudge): Outcome {
  const { reply, payload } = input
  const response = payload.trim() === '' ? null : parseJson(payload)
  const state = input.window === 'open' ? windowStateOf(response, payload) : null
  if (typeof state === 'string') return { kind: 'failed', reply, errorType: 'InvalidWindowResponse', message: state }
  const failed = input.reportsFailures ? failedIndexes(response, input) : []
  if (typeof failed === 'string') return { kind: 'failed', reply, errorType: 'InvalidBatchResponse', message: failed }
  return failed.length === 0 ? { kind: 'succeeded', reply, state } : { kind: 'partial', reply, failed, state }
}

/** The state, or why there is none. */
function windowStateOf(response: unknown, payload: string): WindowState | string {
  if (!isJsonObject(response) || !isJsonObject(response['state'])) {
    return 'A function with a tumbling window must answer {"state":{…}}; this answer has no state object.'
  }
  const json = rawMember(payload, 'state') ?? '{}'
  return { json, bytes: Buffer.byteLength(json) }
}

/** The places in the batch that failed, ascending; or why the response cannot be understood: then the whole batch failed. */
function failedIndexes(response: unknown, input: ReplyToJudge): readonly number[] | string {
  const items = itemsOf(response)
  if (typeof items === 'string') return items
  const places = placesById(input.ids)
  const failed = new Set<number>()
  for (const item of items) {
    if (input.acknowledgesEmptyItem === true && !isStream(input.source) && isEmptyObject(item)) continue
    const id = isJsonObject(item) ? item['itemIdentifier'] : undefined
    if (typeof id !== 'string' || id === '') {
      return `An entry of batchItemFailures has no itemIdentifier that is a non-empty string: ${excerpt(item)}`
    }
    const indexes = places.get(id)
    if (indexes === undefined) return `itemIdentifier ${excerpt(id)} is not in the batch.`
    for (const index of indexes) failed.add(index)
  }
  return [...failed].sort((a, b) => a - b)
}

function itemsOf(response: unknown): readonly unknown[] | string {
  if (response === undefined) return 'The response is not JSON.'
  // AWS takes an empty list at the root for success on streams; for queues it is silent, and nothing is reported either.
  if (response === null || (Array.isArray(response) && response.length === 0)) return []
  if (!isJsonObject(response)) return 'The response is neither an object nor null.'
  const items = response['batchItemFailures'] ?? []
  return Array.isArray(items) ? items : 'batchItemFailures is not a list.'
}

/** A queue may deliver one message twice in a batch: an id then stands for both. */
function placesById(ids: readonly string[]): ReadonlyMap<string, readonly number[]> {
  const places = new Map<string, number[]>()
  ids.forEach((id, index) => {
    const known = places.get(id)
    if (known) known.push(index)
    else places.set(id, [index])
  })
  return places
}

function isEmptyObject(value: unknown): boolean {
  return isJsonObject(value) && Object.keys(value).length === 0
}

function excerpt(value: unknown): string {
  return JSON.stringify(value).slice(0, 200)
}
