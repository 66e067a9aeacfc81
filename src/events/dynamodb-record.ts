import { Buffer } from 'node:buffer'
import type { SourceRecord } from '../model/record.ts'
import { epochSeconds } from './event-time.ts'
import { isJsonObject, objectOf, stringOf, type JsonObject } from './json-value.ts'
import { orderHash } from './order-hash.ts'

export interface DynamoRecordContext {
  /** ARN of the mapping's stream. */
  readonly arn: string
  readonly region: string
}

/** One record of a DynamoDB Streams GetRecords reply (JSON protocol) as the function gets it. Images pass through. */
export function encodeDynamoRecord(record: JsonObject, context: DynamoRecordContext): SourceRecord {
  const change = objectOf(record['dynamodb'])
  const sequenceNumber = stringOf(change['SequenceNumber']) ?? ''
  const createdSeconds = secondsOf(change['ApproximateCreationDateTime'])
  const head = JSON.stringify({
    eventID: stringOf(record['eventID']) ?? '',
    eventName: stringOf(record['eventName']) ?? '',
    eventVersion: stringOf(record['eventVersion']) ?? '1.1',
    eventSource: 'aws:dynamodb',
    awsRegion: context.region,
    userIdentity: userIdentity(record['userIdentity']),
  })
  const changed = JSON.stringify({
    Keys: change['Keys'],
    NewImage: change['NewImage'] ?? undefined,
    OldImage: change['OldImage'] ?? undefined,
    SequenceNumber: sequenceNumber,
    SizeBytes: change['SizeBytes'],
    StreamViewType: change['StreamViewType'],
  })
  // Whole seconds with a zero for a fraction, as on AWS, which JSON.stringify cannot write.
  const created = epochSeconds(Math.floor(createdSeconds) * 1000)
  const fragment =
    `${head.slice(0, -1)},"dynamodb":{"ApproximateCreationDateTime":${created},${changed.slice(1)}` +
    `,"eventSourceARN":${JSON.stringify(context.arn)}}`
  const orderKey = itemKey(objectOf(change['Keys']))
  return {
    id: sequenceNumber,
    position: sequenceNumber,
    receipt: '',
    fragment,
    bytes: Buffer.byteLength(fragment),
    orderKey,
    orderHash: orderHash(orderKey),
    arrivedMs: Math.round(createdSeconds * 1000),
  }
}

/** The service writes `Type` and `PrincipalId`, the event `type` and `principalId` (behaviour §5). Absent for ordinary writes. */
function userIdentity(raw: unknown): JsonObject | undefined {
  if (!isJsonObject(raw)) return undefined
  return { type: raw['Type'] ?? raw['type'], principalId: raw['PrincipalId'] ?? raw['principalId'] }
}

/** Partition and sort key as one text, whichever of the two the service names first. */
function itemKey(keys: JsonObject): string {
  const names = Object.keys(keys).sort()
  return JSON.stringify(names.map((name) => [name, keys[name]]))
}

function secondsOf(value: unknown): number {
  return typeof value === 'number' && Number.isFinite(value) ? value : 0
}
