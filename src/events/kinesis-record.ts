import { Buffer } from 'node:buffer'
import type { SourceRecord } from '../model/record.ts'
import { epochSeconds } from './event-time.ts'
import { stringOf, type JsonObject } from './json-value.ts'
import { orderHash } from './order-hash.ts'

export interface KinesisRecordContext {
  /** ARN of the mapping's source: the stream, or the consumer of enhanced fan-out. */
  readonly arn: string
  readonly region: string
  readonly shardId: string
  /** The execution role that records name as `invokeIdentityArn`. */
  readonly roleArn: string
}

/** One record of a GetRecords reply (JSON protocol) as the function gets it. Data stays the base64 it came as. */
export function encodeKinesisRecord(record: JsonObject, context: KinesisRecordContext): SourceRecord {
  const sequenceNumber = stringOf(record['SequenceNumber']) ?? ''
  const partitionKey = stringOf(record['PartitionKey']) ?? ''
  const arrivedMs = arrivalMs(record['ApproximateArrivalTimestamp'])
  const head = JSON.stringify({
    kinesisSchemaVersion: '1.0',
    partitionKey,
    sequenceNumber,
    data: stringOf(record['Data']) ?? '',
  })
  const tail = JSON.stringify({
    eventSource: 'aws:kinesis',
    eventVersion: '1.0',
    eventID: `${context.shardId}:${sequenceNumber}`,
    eventName: 'aws:kinesis:record',
    invokeIdentityArn: context.roleArn,
    awsRegion: context.region,
    eventSourceARN: context.arn,
  })
  const arrived = epochSeconds(arrivedMs)
  const fragment = `{"kinesis":${head.slice(0, -1)},"approximateArrivalTimestamp":${arrived}},${tail.slice(1)}`
  return {
    id: sequenceNumber,
    position: sequenceNumber,
    receipt: '',
    fragment,
    bytes: Buffer.byteLength(fragment),
    orderKey: partitionKey,
    orderHash: orderHash(partitionKey),
    arrivedMs,
  }
}

function arrivalMs(seconds: unknown): number {
  return typeof seconds === 'number' && Number.isFinite(seconds) ? Math.round(seconds * 1000) : 0
}
