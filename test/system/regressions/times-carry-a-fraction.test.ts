import { expect, it } from 'vitest'
import { batchEvent } from '../../../src/events/batch-event.ts'
import { encodeDynamoRecord } from '../../../src/events/dynamodb-record.ts'
import { compileFilters } from '../../../src/events/filter.ts'
import { encodeKinesisRecord } from '../../../src/events/kinesis-record.ts'

const dynamo = encodeDynamoRecord(
  {
    eventID: 'c4ca4238a0b923820dcc509a6f75849b',
    eventName: 'INSERT',
    dynamodb: { ApproximateCreationDateTime: 1795817318, Keys: { Id: { N: '1' } }, SequenceNumber: '1', SizeBytes: 7 },
  },
  { arn: 'arn:aws:dynamodb:us-east-1:123456789012:table/T/stream/L', region: 'us-east-1' },
)
const kinesis = encodeKinesisRecord(
  { SequenceNumber: '1', PartitionKey: 'k', Data: 'eA==', ApproximateArrivalTimestamp: 1795817318 },
  { arn: 'arn:aws:kinesis:us-east-1:123456789012:stream/s', region: 'us-east-1', shardId: 'shardId-0', roleArn: 'r' },
)

// proves: ddb.event
it('the time of a change reaches the function as 1795817318.0, every other number as it is', () => {
  const numbers = batchEvent([dynamo.fragment], null).match(/(?<=":)[\d.]+(?=[,}])/g)
  expect(numbers).toEqual(['1795817318.0', '7'])
  expect(dynamo.bytes).toBe(dynamo.fragment.length)
})

// proves: stream.event.kinesis
it('the arrival of a Kinesis record in a whole second has a fraction too', () => {
  const numbers = batchEvent([kinesis.fragment], null).match(/(?<=":)[\d.]+(?=[,}])/g)
  expect(numbers).toEqual(['1795817318.0'])
})

// proves: ddb.filter
it('numeric filters compare such times as numbers', () => {
  const accepts = (kind: 'dynamodb' | 'kinesis', pattern: object, fragment: string) => {
    const filter = compileFilters(kind, [JSON.stringify(pattern)])
    return filter.kind === 'filter' && filter.matches(fragment)
  }
  const at = (terms: readonly unknown[]) => ({ dynamodb: { ApproximateCreationDateTime: terms } })
  expect(accepts('dynamodb', at([{ numeric: ['=', 1795817318] }]), dynamo.fragment)).toBe(true)
  expect(accepts('dynamodb', at([1795817318]), dynamo.fragment)).toBe(true)
  expect(accepts('dynamodb', at([{ numeric: ['>', 1795817318] }]), dynamo.fragment)).toBe(false)
  const arrived = { approximateArrivalTimestamp: [{ numeric: ['>=', 1795817318, '<', 1795817319] }] }
  expect(accepts('kinesis', arrived, kinesis.fragment)).toBe(true)
})
