import type { DiscardCondition, InvocationReply, WindowFrame } from '../model/invocation.ts'
import type { SourceRecord } from '../model/record.ts'
import type { SourceKind } from '../model/source.ts'
import { isoMilliseconds, isoSeconds } from './event-time.ts'
import type { JsonObject } from './json-value.ts'

/** Records that were given up, as a failure destination hears of them (behaviour §4.8, §5). */
export interface FailureRecord {
  readonly source: Extract<SourceKind, 'kinesis' | 'dynamodb'>
  /** The request id of the last attempt; one made up where the function never answered. */
  readonly requestId: string
  /** With the qualifier of the mapping. */
  readonly functionArn: string
  readonly condition: DiscardCondition
  readonly attempts: number
  /** null when the function never answered for these records (an oversize record, for one). */
  readonly reply: InvocationReply | null
  readonly timestampMs: number
  readonly shardId: string
  /** ARN of the mapping's source. */
  readonly streamArn: string
  /** Empty for the final invocation of a window. */
  readonly records: readonly Pick<SourceRecord, 'position' | 'arrivedMs'>[]
  readonly window: WindowFrame | null
}

export interface FailureObject {
  readonly mappingUuid: string
  readonly shardId: string
  readonly timestampMs: number
  readonly uuid: string
}

/** The body for SQS and SNS: where the records are, not what they hold. */
export function failureBody(failure: FailureRecord): string {
  return JSON.stringify({ ...contexts(failure), version: '1.0', ...whereabouts(failure) })
}

/** The body for S3: the same, with the whole event as a string. */
export function failureBodyWithPayload(failure: FailureRecord, payload: string): string {
  return JSON.stringify({ ...contexts(failure), version: '1.0', payload, ...whereabouts(failure) })
}

/** `aws/lambda/<mapping>/<shard>/YYYY/MM/DD/YYYY-MM-DDTHH.MM.SS-<uuid>`, in UTC. */
export function failureObjectKey(object: FailureObject): string {
  const second = isoSeconds(object.timestampMs).slice(0, 19)
  const day = second.slice(0, 10).replaceAll('-', '/')
  const name = `${second.replaceAll(':', '.')}-${object.uuid}`
  return `aws/lambda/${object.mappingUuid}/${object.shardId}/${day}/${name}`
}

/** AWS leaves responseContext out for records that grew too old, even when an attempt had been answered before. */
function contexts(failure: FailureRecord): JsonObject {
  const reply = failure.condition === 'RecordAgeExceeded' ? null : failure.reply
  return {
    requestContext: {
      requestId: failure.requestId,
      functionArn: failure.functionArn,
      condition: failure.condition,
      approximateInvokeCount: failure.attempts,
    },
    responseContext: reply
      ? { statusCode: reply.statusCode, executedVersion: reply.executedVersion, functionError: reply.functionError }
      : undefined,
  }
}

function whereabouts(failure: FailureRecord): JsonObject {
  const info = batchInfo(failure)
  return {
    timestamp: isoMilliseconds(failure.timestampMs),
    ...(failure.source === 'kinesis' ? { KinesisBatchInfo: info } : { DDBStreamBatchInfo: info }),
    timeWindowInfo: failure.window
      ? {
          window: { start: isoSeconds(failure.window.startMs), end: isoSeconds(failure.window.endMs) },
          isFinalInvokeForWindow: failure.window.isFinal,
          isWindowTerminatedEarly: failure.window.isTerminatedEarly,
        }
      : undefined,
  }
}

function batchInfo(failure: FailureRecord): JsonObject {
  const { shardId, streamArn, records } = failure
  const first = records[0]
  const last = records.at(-1)
  if (first === undefined || last === undefined) return { shardId, streamArn }
  // DynamoDB stamps its records to the second, Kinesis to the millisecond.
  const iso = failure.source === 'kinesis' ? isoMilliseconds : isoSeconds
  return {
    shardId,
    startSequenceNumber: first.position,
    endSequenceNumber: last.position,
    approximateArrivalOfFirstRecord: iso(first.arrivedMs),
    approximateArrivalOfLastRecord: iso(last.arrivedMs),
    batchSize: records.length,
    streamArn,
  }
}
