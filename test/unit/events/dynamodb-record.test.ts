import { Buffer } from 'node:buffer'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { encodeDynamoRecord } from '../../../src/events/dynamodb-record.ts'

const arn = 'arn:aws:dynamodb:us-east-2:123456789012:table/T/stream/2015-06-27T00:48:05.899'
const context = { arn, region: 'us-east-2' }
const raw = {
  awsRegion: 'ddblocal',
  dynamodb: {
    ApproximateCreationDateTime: 1480642019.7,
    Keys: { Id: { N: '101' }, Sort: { S: 'a' } },
    NewImage: { Message: { S: 'New item!' }, Id: { N: '101' }, Sort: { S: 'a' }, Raw: { B: 'AAH/' } },
    SequenceNumber: '111',
    SizeBytes: 26,
    StreamViewType: 'NEW_AND_OLD_IMAGES',
  },
  eventID: 'c4ca4238a0b923820dcc509a6f75849b',
  eventName: 'INSERT',
  eventSource: 'aws:dynamodb',
  eventVersion: '1.1',
}

// proves: ddb.event
it('a DynamoDB record has the members and the order of AWS, its time in whole seconds with a fraction', () => {
  expect(encodeDynamoRecord(raw, context).fragment).toBe(
    '{"eventID":"c4ca4238a0b923820dcc509a6f75849b","eventName":"INSERT","eventVersion":"1.1",' +
      '"eventSource":"aws:dynamodb","awsRegion":"us-east-2","dynamodb":{"ApproximateCreationDateTime":1480642019.0,' +
      '"Keys":{"Id":{"N":"101"},"Sort":{"S":"a"}},"NewImage":{"Message":{"S":"New item!"},"Id":{"N":"101"},' +
      '"Sort":{"S":"a"},"Raw":{"B":"AAH/"}},"SequenceNumber":"111","SizeBytes":26,' +
      `"StreamViewType":"NEW_AND_OLD_IMAGES"},"eventSourceARN":"${arn}"}`,
  )
})

// proves: ddb.event.ttl
it('a deletion by TTL says so in lower camel case', () => {
  const userIdentity = { PrincipalId: 'dynamodb.amazonaws.com', Type: 'Service' }
  const record = encodeDynamoRecord({ ...raw, eventName: 'REMOVE', userIdentity }, context)
  expect(record.fragment).toContain('"userIdentity":{"type":"Service","principalId":"dynamodb.amazonaws.com"}')
})

// proves: stream.factor@DynamoDB
it('a DynamoDB record is named by its sequence number and ordered by its item', () => {
  const record = encodeDynamoRecord(raw, context)
  const keysWith = (Keys: object) => encodeDynamoRecord({ ...raw, dynamodb: { ...raw.dynamodb, Keys } }, context)
  expect(record).toMatchObject({ id: '111', position: '111', receipt: '', arrivedMs: 1480642019700 })
  expect(record.bytes).toBe(Buffer.byteLength(record.fragment))
  expect(keysWith({ Sort: { S: 'a' }, Id: { N: '101' } }).orderKey).toBe(record.orderKey)
  expect(keysWith({ Sort: { S: 'a' }, Id: { N: '101' } }).orderHash).toBe(record.orderHash)
  expect(keysWith({ Sort: { S: 'b' }, Id: { N: '101' } }).orderKey).not.toBe(record.orderKey)
  expect(keysWith({ Id: { N: '101' } }).orderKey).not.toBe(record.orderKey)
})

it.each([1e21, 1e-9, -1.5, 1e307])(
  'a time of %d seconds, as only an emulator could tell, leaves the event JSON',
  (seconds) => {
    const dynamodb = { ...raw.dynamodb, ApproximateCreationDateTime: seconds }
    const { fragment } = encodeDynamoRecord({ ...raw, dynamodb }, context)
    expect(JSON.parse(fragment).dynamodb.ApproximateCreationDateTime).toEqual(expect.any(Number))
  },
)

it('a reply of any shape is encoded without an exception', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.constantFrom(...Object.keys(raw), 'userIdentity'), fc.jsonValue()), (odd) => {
      expect(JSON.parse(encodeDynamoRecord(odd, context).fragment)).toHaveProperty('eventSource', 'aws:dynamodb')
    }),
  )
})
