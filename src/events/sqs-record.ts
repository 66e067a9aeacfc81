import { Buffer } from 'node:buffer'
import type { SourceRecord } from '../model/record.ts'
import { isJsonObject, objectOf, stringOf, type JsonObject } from './json-value.ts'
import { orderHash } from './order-hash.ts'

export interface SqsRecordContext {
  /** ARN of the mapping's queue. */
  readonly arn: string
  readonly region: string
  /** AWS writes `"md5OfMessageAttributes":null` when there is a batching window and leaves it out otherwise (behaviour §2.6). */
  readonly withNullMd5: boolean
}

/** System attributes in the order of AWS's events; what a service adds beyond these follows in its own order. */
const attributeOrder = [
  'ApproximateReceiveCount',
  'AWSTraceHeader',
  'SentTimestamp',
  'SequenceNumber',
  'MessageGroupId',
  'SenderId',
  'MessageDeduplicationId',
  'ApproximateFirstReceiveTimestamp',
  'DeadLetterQueueSourceArn',
]

/** One message of a ReceiveMessage reply (JSON protocol) as the function gets it. */
export function encodeSqsRecord(message: JsonObject, context: SqsRecordContext): SourceRecord {
  const id = stringOf(message['MessageId']) ?? ''
  const receipt = stringOf(message['ReceiptHandle']) ?? ''
  const attributes = systemAttributes(objectOf(message['Attributes']))
  const fragment = JSON.stringify({
    messageId: id,
    receiptHandle: receipt,
    body: stringOf(message['Body']) ?? '',
    attributes,
    messageAttributes: messageAttributes(objectOf(message['MessageAttributes'])),
    md5OfMessageAttributes: stringOf(message['MD5OfMessageAttributes']) ?? (context.withNullMd5 ? null : undefined),
    md5OfBody: stringOf(message['MD5OfBody']),
    eventSource: 'aws:sqs',
    eventSourceARN: context.arn,
    awsRegion: context.region,
  })
  // A standard queue may carry a group as well (fair queues), which promises no order.
  const orderKey = context.arn.endsWith('.fifo') ? (attributes['MessageGroupId'] ?? '') : ''
  return {
    id,
    position: '',
    receipt,
    fragment,
    bytes: Buffer.byteLength(fragment),
    orderKey,
    orderHash: orderHash(orderKey),
    arrivedMs: Number(attributes['SentTimestamp'] ?? 0) || 0,
    traceHeader: attributes['AWSTraceHeader'],
  }
}

/** All values are strings in the event; some emulators answer numbers. */
function systemAttributes(raw: JsonObject): Readonly<Record<string, string>> {
  const attributes: Record<string, string> = {}
  for (const name of [...attributeOrder, ...Object.keys(raw)]) {
    const value = raw[name]
    if (typeof value === 'string' || typeof value === 'number') attributes[name] = String(value)
  }
  return attributes
}

function messageAttributes(raw: JsonObject): JsonObject {
  return Object.fromEntries(
    Object.entries(raw).flatMap(([name, value]) => (isJsonObject(value) ? [[name, messageAttribute(value)]] : [])),
  )
}

/** A binary value is base64 in the JSON protocol already. Lists are not implemented by SQS, yet always present. */
function messageAttribute(raw: JsonObject): JsonObject {
  const dataType = stringOf(raw['DataType']) ?? 'String'
  const isBinary = dataType === 'Binary' || dataType.startsWith('Binary.')
  const value = isBinary
    ? { binaryValue: stringOf(raw['BinaryValue']) ?? '' }
    : { stringValue: stringOf(raw['StringValue']) ?? '' }
  return { ...value, stringListValues: [], binaryListValues: [], dataType }
}
