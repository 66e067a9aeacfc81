import type { AwsCaller } from '../access/aws-access.ts'
import { encodeDynamoRecord } from '../events/dynamodb-record.ts'
import { isJsonObject, objectOf, stringOf } from '../events/json-value.ts'
import { parseArn, sourceOf } from '../model/arn.ts'
import type { MappingDocument } from '../model/mapping.ts'
import { sourceTraits } from '../model/source.ts'
import type { Source } from '../ports.ts'
import { createDynamoStream } from './dynamodb-stream.ts'
import { troubleOf } from './service-errors.ts'
import type { CallFailure } from './service-errors.ts'
import type { ReadFrom, ShardProtocol, ShardRefusal } from './shard-iterators.ts'
import type { SourceAccess } from './source-access.ts'
import { createStreamSource } from './stream-source.ts'

/** The stream of a DynamoDB table, by its own ARN or, as `dynamodb:TABLE`, whichever the table has at the time. */
export function openDynamoSource(mapping: MappingDocument, access: SourceAccess): Source {
  const name = sourceOf(mapping.sourceName)
  if (name?.kind !== 'dynamodb') {
    throw new Error(`${mapping.sourceName} is neither the ARN of a DynamoDB stream nor the name of a table.`)
  }
  const streams = access.service('dynamodbstreams', name.region, name.account)
  const tables = access.service('dynamodb', name.region, name.account)
  const arn = parseArn(mapping.sourceName) === undefined ? null : mapping.sourceName
  const stream = createDynamoStream({ streams, tables }, { table: name.resource, arn })
  const protocol = dynamoProtocol(streams)
  return createStreamSource({ describe: (signal) => stream.describe(signal), protocol, reader: streams }, access)
}

function dynamoProtocol(caller: AwsCaller): ShardProtocol {
  return {
    async iterator(life, shardId, from, signal) {
      const input = { StreamArn: life.arn, ShardId: shardId, ...startOf(from) }
      const result = await caller.json('GetShardIterator', input, 'control', signal)
      if (result.kind !== 'ok') return refusalOf(result)
      const iterator = stringOf(objectOf(result.output)['ShardIterator'])
      return iterator === undefined
        ? { kind: 'failed', message: `GetShardIterator of ${shardId} was answered without an iterator.` }
        : { kind: 'iterator', iterator }
    },
    async page(_life, iterator, recordsMax, signal) {
      const Limit = Math.max(1, Math.min(recordsMax, sourceTraits.dynamodb.readRecordsMax))
      const result = await caller.json('GetRecords', { ShardIterator: iterator, Limit }, 'receive', signal)
      if (result.kind !== 'ok') return refusalOf(result)
      const output = objectOf(result.output)
      const records = Array.isArray(output['Records']) ? output['Records'].filter(isJsonObject) : []
      return { kind: 'page', records, next: stringOf(output['NextShardIterator']) ?? null, behindMs: null }
    },
    encoder(life) {
      const context = { arn: life.arn, region: parseArn(life.arn)?.region ?? '' }
      return (record) => encodeDynamoRecord(record, context)
    },
    // The service does not say how far behind a page is: an empty one may precede records, so the reader only slows down (spec 13.4).
    isTip: () => true,
  }
}

/** There is no seeking by time: what is older than the start is skipped by the reader. */
function startOf(from: ReadFrom): object {
  return from.at === 'after'
    ? { ShardIteratorType: 'AFTER_SEQUENCE_NUMBER', SequenceNumber: from.position }
    : { ShardIteratorType: 'TRIM_HORIZON' }
}

function refusalOf(failure: CallFailure): ShardRefusal {
  const code = failure.kind === 'error' ? failure.code : ''
  const message = `${code}: ${failure.message}`
  if (code === 'ExpiredIteratorException') return { kind: 'expired', message }
  if (code === 'TrimmedDataAccessException') return { kind: 'trimmed', message }
  if (code === 'ValidationException') return { kind: 'unknownPosition', message }
  return troubleOf(failure)
}
