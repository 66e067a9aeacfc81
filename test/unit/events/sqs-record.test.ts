import { Buffer } from 'node:buffer'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { encodeSqsRecord } from '../../../src/events/sqs-record.ts'

const context = { arn: 'arn:aws:sqs:us-east-1:000000000000:orders', region: 'us-east-1', withNullMd5: false }
const fifo = { ...context, arn: `${context.arn}.fifo` }
const message = {
  MessageId: '059f36b4-87a3-44ab-83d2-661975830a7d',
  ReceiptHandle: 'AQEBwJnKyrHigUMZj6rYigCgxlaS3SLy0a',
  Body: 'Test message.',
  MD5OfBody: 'e4e68fb7bd0e697a0ae8f1bb342846b3',
  Attributes: {
    SenderId: 'AIDAIENQZJOLO23YVJ4VO',
    ApproximateFirstReceiveTimestamp: '1545082649185',
    ApproximateReceiveCount: '1',
    SentTimestamp: '1545082649183',
  },
}

describe('a message of a standard queue', () => {
  // proves: sqs.event
  it('has the members and the order of AWS', () => {
    expect(encodeSqsRecord(message, context).fragment).toBe(
      '{"messageId":"059f36b4-87a3-44ab-83d2-661975830a7d","receiptHandle":"AQEBwJnKyrHigUMZj6rYigCgxlaS3SLy0a",' +
        '"body":"Test message.","attributes":{"ApproximateReceiveCount":"1","SentTimestamp":"1545082649183",' +
        '"SenderId":"AIDAIENQZJOLO23YVJ4VO","ApproximateFirstReceiveTimestamp":"1545082649185"},"messageAttributes":{},' +
        '"md5OfBody":"e4e68fb7bd0e697a0ae8f1bb342846b3","eventSource":"aws:sqs",' +
        '"eventSourceARN":"arn:aws:sqs:us-east-1:000000000000:orders","awsRegion":"us-east-1"}',
    )
  })

  it('gives the machine what it needs beside the fragment', () => {
    const record = encodeSqsRecord({ ...message, Body: 'ä€😀' }, context)
    expect(record).toMatchObject({
      id: message.MessageId,
      position: '',
      receipt: message.ReceiptHandle,
      orderKey: '',
      arrivedMs: 1545082649183,
      traceHeader: undefined,
    })
    expect(record.bytes).toBe(Buffer.byteLength(record.fragment))
  })

  // proves: sqs.event.attributes
  it('writes messageAttributes in camel case with empty lists and base64 as it came (floci#1526, floci#1422, floci#1548)', () => {
    const attributes = {
      A: { StringValue: 'x', DataType: 'String' },
      B: { BinaryValue: 'AAH/', DataType: 'Binary' },
      C: { StringValue: '12', DataType: 'Number.int' },
      D: { BinaryValue: 'eA==', StringValue: '', DataType: 'Binary.png' },
      E: { StringValue: 'y', BinaryValue: '', DataType: 'String.id' },
    }
    const raw = {
      ...message,
      MessageAttributes: attributes,
      MD5OfMessageAttributes: 'c48838208d2b4e14e3ca0093a8443f09',
    }
    const { fragment } = encodeSqsRecord(raw, context)
    expect(fragment).toContain(
      '"messageAttributes":{"A":{"stringValue":"x","stringListValues":[],"binaryListValues":[],"dataType":"String"},' +
        '"B":{"binaryValue":"AAH/","stringListValues":[],"binaryListValues":[],"dataType":"Binary"},' +
        '"C":{"stringValue":"12","stringListValues":[],"binaryListValues":[],"dataType":"Number.int"},' +
        '"D":{"binaryValue":"eA==","stringListValues":[],"binaryListValues":[],"dataType":"Binary.png"},' +
        '"E":{"stringValue":"y","stringListValues":[],"binaryListValues":[],"dataType":"String.id"}},' +
        '"md5OfMessageAttributes":"c48838208d2b4e14e3ca0093a8443f09","md5OfBody":',
    )
  })

  // proves: sqs.event.md5
  it('says null for the MD5 of no attributes only where a batching window is set', () => {
    expect(JSON.parse(encodeSqsRecord(message, { ...context, withNullMd5: true }).fragment)).toHaveProperty(
      'md5OfMessageAttributes',
      null,
    )
    expect(JSON.parse(encodeSqsRecord(message, context).fragment)).not.toHaveProperty('md5OfMessageAttributes')
  })

  // proves: sqs.event.redriven
  it('shows the tenant of a fair queue, which is no order', () => {
    const raw = { ...message, Attributes: { ...message.Attributes, MessageGroupId: 'tenant-1' } }
    const record = encodeSqsRecord(raw, context)
    expect(JSON.parse(record.fragment).attributes.MessageGroupId).toBe('tenant-1')
    expect(record.orderKey).toBe('')
  })

  // proves: sqs.event.redriven
  it('shows where a redriven message came from, and hands on its trace', () => {
    const extra = {
      AWSTraceHeader: 'Root=1-5759e988-bd862e3fe1be46a994272793',
      DeadLetterQueueSourceArn: 'arn:aws:sqs:x',
    }
    const record = encodeSqsRecord({ ...message, Attributes: { ...message.Attributes, ...extra } }, context)
    expect(JSON.parse(record.fragment).attributes).toMatchObject(extra)
    expect(record.traceHeader).toBe(extra.AWSTraceHeader)
  })

  // proves: sqs.event
  it('turns attributes that an emulator answers as numbers into strings, and keeps those it does not know', () => {
    const raw = { ...message, Attributes: { ApproximateReceiveCount: 2, SentTimestamp: 5, Novelty: 'n', Odd: null } }
    const record = encodeSqsRecord(raw, context)
    expect(JSON.parse(record.fragment).attributes).toEqual({
      ApproximateReceiveCount: '2',
      SentTimestamp: '5',
      Novelty: 'n',
    })
    expect(record.arrivedMs).toBe(5)
  })
})

// proves: fifo.attributes
it('a message of a FIFO queue is ordered by its group and carries the FIFO attributes', () => {
  const extra = {
    MessageGroupId: 'g1',
    SequenceNumber: '18849496460467696128',
    MessageDeduplicationId: '1',
  }
  const raw = { ...message, Attributes: { ...message.Attributes, ...extra } }
  const record = encodeSqsRecord(raw, fifo)
  const same = encodeSqsRecord({ ...raw, MessageId: 'other' }, fifo)
  const other = encodeSqsRecord({ ...raw, Attributes: { ...raw.Attributes, MessageGroupId: 'g2' } }, fifo)
  expect(Object.keys(JSON.parse(record.fragment).attributes)).toEqual([
    'ApproximateReceiveCount',
    'SentTimestamp',
    'SequenceNumber',
    'MessageGroupId',
    'SenderId',
    'MessageDeduplicationId',
    'ApproximateFirstReceiveTimestamp',
  ])
  expect(record.orderKey).toBe('g1')
  expect(same.orderHash).toBe(record.orderHash)
  expect(other.orderHash).not.toBe(record.orderHash)
})

it('the body is the string that was sent, whatever UTF-16 it holds', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 0xffff })), (units) => {
      const body = String.fromCharCode(...units)
      const record = encodeSqsRecord({ ...message, Body: body }, context)
      expect(JSON.parse(record.fragment).body).toBe(body)
      expect(JSON.parse(Buffer.from(record.fragment).toString()).body).toBe(body)
      expect(record.bytes).toBe(Buffer.byteLength(record.fragment))
    }),
  )
})

it('a reply of any shape is encoded without an exception', () => {
  fc.assert(
    fc.property(
      fc.record(
        {
          MessageId: fc.jsonValue(),
          Body: fc.jsonValue(),
          Attributes: fc.jsonValue(),
          MessageAttributes: fc.jsonValue(),
        },
        { requiredKeys: [] },
      ),
      (raw) => {
        expect(JSON.parse(encodeSqsRecord(raw, context).fragment)).toHaveProperty('eventSource', 'aws:sqs')
      },
    ),
  )
})
