import { encodeDynamoRecord } from '../../../src/events/dynamodb-record.ts'
import { compileFilters } from '../../../src/events/filter.ts'
import { encodeKinesisRecord } from '../../../src/events/kinesis-record.ts'
import { encodeSqsRecord } from '../../../src/events/sqs-record.ts'
import type { SourceKind } from '../../../src/model/source.ts'
import type { Row } from './report.ts'

/** Three clauses as people write them: a prefix, one of two values, a number. */
const clauses = { kind: [{ prefix: 'order.' }], state: ['paid', 'shipped'], amount: [{ numeric: ['>', 100] }] }
const imageClauses = {
  kind: { S: [{ prefix: 'order.' }] },
  state: { S: ['paid', 'shipped'] },
  amount: { N: [{ 'anything-but': ['0'] }] },
}

/** Every second record matches; those that do not fail at the last clause. */
function orderOf(index: number) {
  const note = 'x'.repeat(880)
  return { id: index, kind: 'order.placed', state: 'paid', amount: index % 2 === 0 ? 150 : 50, customer: 'c-17', note }
}

function imageOf(index: number) {
  const { kind, state, note } = orderOf(index)
  return {
    id: { S: String(index) },
    kind: { S: kind },
    state: { S: state },
    amount: { N: String(index % 2) },
    note: { S: note },
  }
}

interface Case {
  readonly source: SourceKind
  readonly pattern: object
  readonly fragment: (index: number) => string
}

const region = 'us-east-1'
const cases: readonly Case[] = [
  {
    source: 'sqs',
    pattern: { body: clauses },
    fragment: (index) =>
      encodeSqsRecord(
        {
          MessageId: `m-${index}`,
          ReceiptHandle: 'r',
          Body: JSON.stringify(orderOf(index)),
          Attributes: { SentTimestamp: '1' },
        },
        { arn: 'arn:aws:sqs:us-east-1:000000000000:orders', region, withNullMd5: false },
      ).fragment,
  },
  {
    source: 'kinesis',
    pattern: { data: clauses },
    fragment: (index) =>
      encodeKinesisRecord(
        {
          SequenceNumber: String(index),
          PartitionKey: 'k',
          Data: Buffer.from(JSON.stringify(orderOf(index))).toString('base64'),
          ApproximateArrivalTimestamp: 1_700_000_000,
        },
        { arn: 'arn:aws:kinesis:us-east-1:000000000000:stream/s', region, shardId: 's', roleArn: 'r' },
      ).fragment,
  },
  {
    source: 'dynamodb',
    pattern: { dynamodb: { NewImage: imageClauses } },
    fragment: (index) =>
      encodeDynamoRecord(
        {
          eventID: 'e',
          eventName: 'INSERT',
          dynamodb: { SequenceNumber: String(index), Keys: { id: { S: '1' } }, NewImage: imageOf(index) },
        },
        { arn: 'arn:aws:dynamodb:us-east-1:000000000000:table/t/stream/1', region },
      ).fragment,
  },
]

/** What a filter costs: records by the processor time of this process, which does nothing else meanwhile. */
export function filters(filterMs: number): readonly Row[] {
  return cases.map(({ source, pattern, fragment }) => {
    const filter = compileFilters(source, [JSON.stringify(pattern)])
    if (filter.kind === 'refused') throw new Error(filter.detail)
    const fragments = Array.from({ length: 100 }, (_, index) => fragment(index))
    const round = (): number => fragments.filter((each) => filter.matches(each) === true).length
    for (let index = 0; index < 50; index += 1) round()
    let records = 0
    let matched = 0
    const before = process.cpuUsage()
    const began = performance.now()
    while (performance.now() - began < filterMs) {
      matched += round()
      records += fragments.length
    }
    const { user, system } = process.cpuUsage(before)
    const cpuUs = user + system
    return {
      name: source,
      values: {
        'records/s per core': (records / cpuUs) * 1e6,
        'CPU µs/record': cpuUs / records,
        'matched %': (matched / records) * 100,
        'bytes/record': Math.round(
          fragments.reduce((sum, each) => sum + Buffer.byteLength(each), 0) / fragments.length,
        ),
      },
    }
  })
}
