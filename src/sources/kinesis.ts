import type { AwsCaller, SourceAccess } from '../access/aws-access.ts'
import { encodeKinesisRecord } from '../events/kinesis-record.ts'
import { ApiError } from '../model/api-error.ts'
import { parseArn, sourceOf } from '../model/arn.ts'
import type { MappingDocument } from '../model/mapping.ts'
import type { Source } from '../ports.ts'
import { createIteratorCalls, pageRecords } from './iterator-calls.ts'
import { createKinesisStream } from './kinesis-stream.ts'
import { troubleOf } from './service-errors.ts'
import type { CallFailure } from './service-errors.ts'
import type { ReadFrom, ShardProtocol, ShardRefusal } from './shard-iterators.ts'
import { createStreamSource } from './stream-source.ts'

/** A Kinesis data stream, by its ARN or by `kinesis:NAME`, read by polling its shards. */
export function openKinesisSource(mapping: MappingDocument, access: SourceAccess): Source {
  const name = sourceOf(mapping.sourceName)
  if (name?.kind !== 'kinesis')
    throw new Error(`${mapping.sourceName} is neither the ARN nor the name of a Kinesis stream.`)
  if (name.consumer !== undefined) {
    throw new ApiError(
      'InvalidParameterValueException',
      `${mapping.sourceName} is a consumer of enhanced fan-out, which is not supported: name the stream itself.`,
    )
  }
  const caller = access.service('kinesis', name.region, name.account)
  const arn = parseArn(mapping.sourceName) === undefined ? null : mapping.sourceName
  const isAws = access.isAws('kinesis')
  const stream = createKinesisStream(caller, { name: name.resource, arn }, isAws)
  const protocol = kinesisProtocol(caller, name.resource, isAws)
  const describe = (signal: AbortSignal) => stream.describe(signal)
  return createStreamSource({ describe, attachedTo: null, protocol, reader: caller, seeksByTime: true }, access)
}

function kinesisProtocol(caller: AwsCaller, streamName: string, isAws: boolean): ShardProtocol {
  const calls = createIteratorCalls(caller, refusalOf)
  return {
    async iterator(life, ShardId, from, signal) {
      const shard = { ...(isAws ? {} : { StreamName: streamName }), StreamARN: life.arn, ShardId }
      let result = await calls.iterator({ ...shard, ...startOf(from) }, signal)
      if (from.at !== 'time' || from.orNow !== true) return result
      for (const start of nowOf(from.ms)) {
        if (result.kind !== 'unknownPosition') return result
        result = await calls.iterator({ ...shard, ...start }, signal)
      }
      return result
    },
    page: (life, ShardIterator, recordsMax, signal) =>
      calls.page(
        { ShardIterator, Limit: pageRecords(recordsMax, 'kinesis'), ...(isAws ? { StreamARN: life.arn } : {}) },
        signal,
      ),
    encoder(life, shardId) {
      const place = parseArn(life.arn)
      // Nobody assumes a role here; the event names one all the same, as on AWS.
      const roleArn = `arn:${place?.partition ?? 'aws'}:iam::${place?.account ?? ''}:role/millrace`
      const context = { arn: life.arn, region: place?.region ?? '', shardId, roleArn }
      return (record) => encodeKinesisRecord(record, context)
    },
    // An empty page that is behind only skipped a gap (behaviour §13.4); one with records that is not behind brought the newest of them.
    // Emulators that always say 0 are known by their full pages.
    isTip: ({ behindMs, count, full }) => (behindMs === null ? count === 0 : behindMs === 0 && (isAws || !full)),
  }
}

/** More than what is left of the difference between two clocks when their offset is known (`access/clock-offsets.ts`). */
const clockSpareMs = 2_000

/**
 * A time that Kinesis refuses lies ahead of its clock: ours is fast. What was written since the moment that was meant must not be
 * missed, so it begins a little early; where the clocks are further apart, only Kinesis knows what now is.
 */
function nowOf(ms: number): readonly object[] {
  return [startOf({ at: 'time', ms: ms - clockSpareMs }), { ShardIteratorType: 'LATEST' }]
}

function startOf(from: ReadFrom): object {
  switch (from.at) {
    case 'after':
      return { ShardIteratorType: 'AFTER_SEQUENCE_NUMBER', StartingSequenceNumber: from.position }
    case 'horizon':
      return { ShardIteratorType: 'TRIM_HORIZON' }
    case 'latest':
      return { ShardIteratorType: 'LATEST' }
    case 'time':
      return { ShardIteratorType: 'AT_TIMESTAMP', Timestamp: from.ms / 1_000 }
    default:
      throw new Error(`Unknown place ${JSON.stringify(from satisfies never)}.`)
  }
}

function refusalOf(failure: CallFailure): ShardRefusal {
  const code = failure.kind === 'error' ? failure.code : ''
  const message = `${code}: ${failure.message}`
  if (code === 'ExpiredIteratorException') return { kind: 'expired', message }
  // "… is invalid because it did not come from this stream", or an iterator of a service that has been restarted. Emulators
  // call a sequence number that they do not have a resource that is not found, as they do a stream.
  if (code === 'InvalidArgumentException' || (code === 'ResourceNotFoundException' && /SequenceNumber/.test(message))) {
    return { kind: 'unknownPosition', message }
  }
  return troubleOf(failure)
}
