import type { AwsCaller, SourceAccess } from '../access/aws-access.ts'
import { encodeDynamoRecord } from '../events/dynamodb-record.ts'
import { parseArn, sourceOf } from '../model/arn.ts'
import type { MappingDocument } from '../model/mapping.ts'
import type { Source } from '../ports.ts'
import { createDynamoStream } from './dynamodb-stream.ts'
import { createIteratorCalls, pageRecords } from './iterator-calls.ts'
import { troubleOf } from './service-errors.ts'
import type { CallFailure } from './service-errors.ts'
import type { ReadFrom, ShardProtocol, ShardRefusal } from './shard-iterators.ts'
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
  return createStreamSource(
    {
      describe: (signal, since) => stream.describe(signal, since),
      attachedTo: mapping.attachedArn ?? mapping.sourceArn ?? null,
      protocol,
      reader: streams,
      seeksByTime: false,
    },
    access,
  )
}

function dynamoProtocol(caller: AwsCaller): ShardProtocol {
  const calls = createIteratorCalls(caller, refusalOf)
  return {
    iterator: (life, ShardId, from, signal) =>
      calls.iterator({ StreamArn: life.arn, ShardId, ...startOf(from) }, signal),
    page: (_life, ShardIterator, recordsMax, signal) =>
      calls.page({ ShardIterator, Limit: pageRecords(recordsMax, 'dynamodb') }, signal),
    encoder(life) {
      const context = { arn: life.arn, region: parseArn(life.arn)?.region ?? '' }
      return (record) => encodeDynamoRecord(record, context)
    },
    // The service does not say how far behind a page is: an empty one may precede records, so the reader only slows down (behaviour §13.4).
    isTip: ({ count }) => count === 0,
  }
}

/** There is no seeking by time: what is older than the start is skipped by the reader. */
function startOf(from: ReadFrom): object {
  switch (from.at) {
    case 'after':
      return { ShardIteratorType: 'AFTER_SEQUENCE_NUMBER', SequenceNumber: from.position }
    case 'latest':
      return { ShardIteratorType: 'LATEST' }
    case 'horizon':
    case 'time':
      return { ShardIteratorType: 'TRIM_HORIZON' }
    default:
      throw new Error(`Unknown place ${JSON.stringify(from satisfies never)}.`)
  }
}

function refusalOf(failure: CallFailure): ShardRefusal {
  const code = failure.kind === 'error' ? failure.code : ''
  const message = `${code}: ${failure.message}`
  if (code === 'ExpiredIteratorException') return { kind: 'expired', message }
  if (code === 'TrimmedDataAccessException') return { kind: 'trimmed', message }
  // Anything else that is not valid says nothing against the position.
  if (code === 'ValidationException' && /sequence ?number/i.test(message)) return { kind: 'unknownPosition', message }
  return troubleOf(failure)
}
