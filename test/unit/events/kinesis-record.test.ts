import { Buffer } from 'node:buffer'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { encodeKinesisRecord } from '../../../src/events/kinesis-record.ts'

const context = {
  arn: 'arn:aws:kinesis:us-east-2:123456789012:stream/lambda-stream',
  region: 'us-east-2',
  shardId: 'shardId-000000000006',
  roleArn: 'arn:aws:iam::123456789012:role/lambda-role',
}
const raw = {
  SequenceNumber: '49590338271490256608559692538361571095921575989136588898',
  ApproximateArrivalTimestamp: 1545084650.987,
  Data: 'SGVsbG8sIHRoaXMgaXMgYSB0ZXN0Lg==',
  PartitionKey: '1',
  EncryptionType: 'NONE',
}

// proves: stream.event.kinesis
it('a Kinesis record has the members and the order of AWS, and no encryptionType', () => {
  expect(encodeKinesisRecord(raw, context).fragment).toBe(
    '{"kinesis":{"kinesisSchemaVersion":"1.0","partitionKey":"1",' +
      '"sequenceNumber":"49590338271490256608559692538361571095921575989136588898",' +
      '"data":"SGVsbG8sIHRoaXMgaXMgYSB0ZXN0Lg==","approximateArrivalTimestamp":1545084650.987},' +
      '"eventSource":"aws:kinesis","eventVersion":"1.0",' +
      '"eventID":"shardId-000000000006:49590338271490256608559692538361571095921575989136588898",' +
      '"eventName":"aws:kinesis:record","invokeIdentityArn":"arn:aws:iam::123456789012:role/lambda-role",' +
      '"awsRegion":"us-east-2","eventSourceARN":"arn:aws:kinesis:us-east-2:123456789012:stream/lambda-stream"}',
  )
})

// proves: stream.factor@Kinesis
it('a Kinesis record is named, placed and ordered by its sequence number and partition key', () => {
  const record = encodeKinesisRecord(raw, context)
  expect(record).toMatchObject({
    id: raw.SequenceNumber,
    position: raw.SequenceNumber,
    receipt: '',
    orderKey: '1',
    arrivedMs: 1545084650987,
    bytes: Buffer.byteLength(record.fragment),
  })
  expect(encodeKinesisRecord({ ...raw, SequenceNumber: '2' }, context).orderHash).toBe(record.orderHash)
})

// proves: stream.event.kinesis
it('arrival is printed in seconds with one to three decimals, also where it is a whole second', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 4_102_444_800_000 }), (ms) => {
      const record = encodeKinesisRecord({ ...raw, ApproximateArrivalTimestamp: ms / 1000 }, context)
      expect(record.arrivedMs).toBe(ms)
      expect(record.fragment).toMatch(/"approximateArrivalTimestamp":\d+\.\d{1,3}}/)
    }),
  )
  const whole = encodeKinesisRecord({ ...raw, ApproximateArrivalTimestamp: 1545084650 }, context)
  expect(whole.fragment).toContain('"approximateArrivalTimestamp":1545084650.0}')
})

it('arrival is a whole number of milliseconds, however finely an emulator measures', () => {
  const record = encodeKinesisRecord({ ...raw, ApproximateArrivalTimestamp: 1545084650.98765 }, context)
  expect(record.arrivedMs).toBe(1545084650988)
  expect(record.fragment).toContain('"approximateArrivalTimestamp":1545084650.988}')
})

it.each([1e21, 1e-9, -1.5, 1e307])(
  'a time of %d seconds, as only an emulator could tell, leaves the event JSON',
  (seconds) => {
    const { fragment } = encodeKinesisRecord({ ...raw, ApproximateArrivalTimestamp: seconds }, context)
    expect(JSON.parse(fragment).kinesis.approximateArrivalTimestamp).toEqual(expect.any(Number))
  },
)

it('a reply of any shape is encoded without an exception', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.constantFrom(...Object.keys(raw)), fc.jsonValue()), (odd) => {
      expect(JSON.parse(encodeKinesisRecord(odd, context).fragment)).toHaveProperty('eventSource', 'aws:kinesis')
    }),
  )
})
