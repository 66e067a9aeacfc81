import { Buffer } from 'node:buffer'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { encodeDynamoRecord } from '../../../src/events/dynamodb-record.ts'
import { compileFilters, finished } from '../../../src/events/filter.ts'
import { encodeKinesisRecord } from '../../../src/events/kinesis-record.ts'
import { encodeSqsRecord } from '../../../src/events/sqs-record.ts'
import type { SourceKind } from '../../../src/model/source.ts'

function filterOf(kind: SourceKind, ...patterns: readonly (object | string)[]): (fragment: string) => boolean {
  const texts = patterns.map((pattern) => (typeof pattern === 'string' ? pattern : JSON.stringify(pattern)))
  const filter = compileFilters(kind, texts)
  if (filter.kind === 'refused') throw new Error(filter.detail)
  return (fragment) => finished(filter.matches(fragment))
}

function message(body: string, more: object = {}): string {
  const context = { arn: 'arn:aws:sqs:us-east-1:000000000000:q', region: 'us-east-1', withNullMd5: false }
  return encodeSqsRecord({ MessageId: 'm', ReceiptHandle: 'r', Body: body, ...more }, context).fragment
}

function streamRecord(data: string, partitionKey = '1'): string {
  const context = { arn: 'arn:aws:kinesis:r:0:stream/s', region: 'r', shardId: 'shardId-0', roleArn: 'role' }
  const raw = { SequenceNumber: '7', PartitionKey: partitionKey, Data: Buffer.from(data).toString('base64') }
  return encodeKinesisRecord({ ...raw, ApproximateArrivalTimestamp: 1_700_000_000.5 }, context).fragment
}

function change(record: object): string {
  return encodeDynamoRecord({ ...record }, { arn: 'arn:aws:dynamodb:r:0:table/T/stream/L', region: 'r' }).fragment
}

// proves: sqs.filter-body
describe('the body of a message', () => {
  it.each([
    ['text and a text pattern', 'hello', { body: ['hello'] }, true],
    ['text and a text pattern', 'hello', { body: ['other'] }, false],
    ['text and a text pattern', 'hello', { body: [{ prefix: 'he' }] }, true],
    ['text and a JSON pattern', 'hello', { body: { a: ['hello'] } }, false],
    ['text and a JSON pattern that names what is absent', 'hello', { body: { a: [{ exists: false }] } }, false],
    ['JSON and a text pattern', '{"a":"x"}', { body: ['{"a":"x"}'] }, false],
    ['JSON and a text pattern that names what is absent', '{"a":"x"}', { body: [{ exists: false }] }, false],
    ['a JSON list and a text pattern', '["x"]', { body: ['x'] }, false],
    ['JSON and a JSON pattern', '{"a":"x","n":5}', { body: { a: ['x'], n: [{ numeric: ['>', 4] }] } }, true],
    ['JSON and a JSON pattern', '{"a":"y","n":5}', { body: { a: ['x'], n: [{ numeric: ['>', 4] }] } }, false],
    ['JSON and a JSON pattern that names what is absent', '{"b":1}', { body: { a: [{ exists: false }] } }, true],
    ['JSON and a JSON pattern with dots', ' {"a":{"b":"x"}}', { 'body.a.b': ['x'] }, true],
    ['a JSON list and a JSON pattern', '[{"a":"w"},{"a":"x"}]', { body: { a: ['x'] } }, true],
    ['broken JSON and a JSON pattern', '{"a":"x"', { body: { a: ['x'] } }, false],
    ['broken JSON and a text pattern', '{"a":"x"', { body: ['{"a":"x"'] }, true],
    ['a JSON scalar and a text pattern', '123', { body: ['123'] }, true],
    ['a JSON scalar and a number pattern', '123', { body: [123] }, false],
    ['text and a pattern without a body', 'hello', { eventSource: ['aws:sqs'] }, true],
    ['JSON and a pattern without a body', '{"a":1}', { eventSource: ['aws:sns'] }, false],
    ['JSON and a pattern of body or metadata', 'hello', { $or: [{ body: { a: [1] } }, { messageId: ['m'] }] }, true],
  ])('%s: %s %j %s', (_kinds, body, pattern, expected) => {
    expect(filterOf('sqs', pattern)(message(body))).toBe(expected)
    expect(filterOf('sqs-fifo', pattern)(message(body))).toBe(expected)
  })

  // proves: sqs.filter-delivers-unchanged
  it('is delivered as it was, parsed or not', () => {
    const fragment = message('{ "a" : "x" }')
    expect(filterOf('sqs', { body: { a: ['x'] } })(fragment)).toBe(true)
    expect(JSON.parse(fragment).body).toBe('{ "a" : "x" }')
  })
})

// proves: sqs.filter-metadata
it('message attributes and other metadata of a message can be asked for', () => {
  const fragment = message('x', { MessageAttributes: { kind: { DataType: 'String', StringValue: 'order' } } })
  expect(filterOf('sqs', { messageAttributes: { kind: { stringValue: ['order'] } } })(fragment)).toBe(true)
  expect(filterOf('sqs', { messageAttributes: { kind: { stringValue: ['other'] } } })(fragment)).toBe(false)
})

describe('a Kinesis record', () => {
  // own reading: decoded data
  // proves: stream.filter.data
  it('is matched by its decoded data', () => {
    const matches = filterOf('kinesis', { data: { City: ['Seattle'], Temp: [{ numeric: ['<', 50] }] } })
    expect(matches(streamRecord('{"City":"Seattle","Temp":46}'))).toBe(true)
    expect(matches(streamRecord('{"City":"Seattle","Temp":56}'))).toBe(false)
    expect(matches(streamRecord('{"City":"Zürich"}'))).toBe(false)
    expect(filterOf('kinesis', { data: { City: ['Zürich'] } })(streamRecord('{"City":"Zürich"}'))).toBe(true)
  })

  // proves: stream.filter.data
  it.each(['plain', '', '12', 'null', '"x"', '{"a":', '\u0000ÿ'])('with the data %j meets no JSON pattern', (data) => {
    expect(filterOf('kinesis', { data: { a: [{ exists: false }] } })(streamRecord(data))).toBe(false)
  })

  // proves: stream.filter.metadata
  it('is matched by its metadata, flat and nested', () => {
    const fragment = streamRecord('plain', '1')
    expect(filterOf('kinesis', { partitionKey: ['1'] })(fragment)).toBe(true)
    expect(filterOf('kinesis', { kinesis: { partitionKey: ['1'] } })(fragment)).toBe(true)
    expect(filterOf('kinesis', { 'kinesis.partitionKey': ['2'] })(fragment)).toBe(false)
    expect(filterOf('kinesis', { eventName: ['aws:kinesis:record'], sequenceNumber: ['7'] })(fragment)).toBe(true)
    const recent = { approximateArrivalTimestamp: [{ numeric: ['>', 1_700_000_000, '<', 1_700_000_001] }] }
    expect(filterOf('kinesis', recent)(fragment)).toBe(true)
    expect(filterOf('kinesis', { partitionKey: ['1'], data: { a: [1] } })(streamRecord('{"a":1}'))).toBe(true)
  })

  it('is not asked for plain text', () => {
    expect(compileFilters('kinesis', ['{"data":["text"]}'])).toMatchObject({ kind: 'refused' })
    expect(compileFilters('kinesis', ['{"$or":[{"partitionKey":["1"]},{"data":["text"]}]}'])).toMatchObject({
      kind: 'refused',
    })
  })
})

// proves: ddb.filter
describe('a DynamoDB record', () => {
  const inserted = {
    eventName: 'INSERT',
    dynamodb: {
      ApproximateCreationDateTime: 1_700_000_000,
      Keys: { Id: { N: '101' } },
      NewImage: { Id: { N: '101' }, Tags: { L: [{ S: 'red' }, { S: 'blue' }] }, 'dotted.name': { S: 'x' } },
      SequenceNumber: '1',
    },
  }

  it.each([
    [{ eventName: ['INSERT'] }, true],
    [{ eventName: ['REMOVE'] }, false],
    [{ dynamodb: { NewImage: { Id: { N: ['101'] } } } }, true],
    [{ dynamodb: { NewImage: { Id: { N: [{ prefix: '1' }] } } } }, true],
    // Numbers are strings in an image: nothing numeric holds.
    [{ dynamodb: { NewImage: { Id: { N: [{ numeric: ['=', 101] }] } } } }, false],
    [{ dynamodb: { ApproximateCreationDateTime: [{ numeric: ['>', 1_600_000_000] }] } }, true],
    [{ dynamodb: { NewImage: { Tags: { L: { S: ['blue'] } } } } }, true],
    [{ dynamodb: { NewImage: { 'dotted.name': { S: ['x'] } } } }, true],
    [{ dynamodb: { NewImage: { Id: { N: [{ exists: true }] } } } }, true],
    [{ dynamodb: { NewImage: { Id: [{ exists: true }] } } }, false],
    [{ dynamodb: { NewImage: { Id: [{ exists: false }] } } }, true],
    [{ dynamodb: { OldImage: { Id: { N: [{ exists: false }] } } } }, true],
    [{ userIdentity: { type: [{ exists: false }] } }, true],
  ])('pattern %j: %s', (pattern, expected) => {
    expect(filterOf('dynamodb', pattern)(change(inserted))).toBe(expected)
  })

  it('that TTL deleted is found as the tutorial of AWS finds it', () => {
    const expired = { eventName: 'REMOVE', userIdentity: { Type: 'Service', PrincipalId: 'dynamodb.amazonaws.com' } }
    const matches = filterOf('dynamodb', {
      userIdentity: { type: ['Service'], principalId: ['dynamodb.amazonaws.com'] },
    })
    expect(matches(change(expired))).toBe(true)
    expect(matches(change(inserted))).toBe(false)
  })

  it('is not asked for plain text', () => {
    expect(compileFilters('dynamodb', ['{"dynamodb":["text"]}'])).toMatchObject({ kind: 'refused' })
  })
})

// proves: filter.structure
it('one filter of several is enough', () => {
  const matches = filterOf('sqs', { body: ['a'] }, { body: { n: [1] } })
  expect(matches(message('a'))).toBe(true)
  expect(matches(message('{"n":1}'))).toBe(true)
  expect(matches(message('b'))).toBe(false)
})

it('without filters every record matches', () => {
  expect(filterOf('sqs')(message('anything'))).toBe(true)
})

// proves: error.filter
it('a bad filter is refused in the words of AWS, with the reason beside them', () => {
  expect(compileFilters('sqs', ['{"body":["x"]}', '{"body":"x"}'])).toEqual({
    kind: 'refused',
    message: 'Invalid filter pattern definition.',
    detail: 'Filter 2: body: a value must be in a list.',
  })
})

// proves: filter.odd-data
it('odd data never throws', () => {
  const sources: readonly [SourceKind, object][] = [
    ['sqs', { body: { a: { b: ['x'] } } }],
    ['sqs', { body: [{ prefix: 'x' }] }],
    ['kinesis', { data: { a: ['x'] } }],
    ['kinesis', { partitionKey: ['x'] }],
    ['dynamodb', { dynamodb: { a: ['x'] } }],
  ]
  const members = fc.constantFrom('body', 'data', 'kinesis', 'dynamodb', 'a', '__proto__', 'toString')
  const fragment = fc.oneof(
    fc.string(),
    fc.json(),
    fc.dictionary(members, fc.jsonValue()).map((v) => JSON.stringify(v)),
  )
  fc.assert(
    fc.property(fragment, fc.constantFrom(...sources), (text, [kind, pattern]) => {
      expect(typeof filterOf(kind, pattern)(text)).toBe('boolean')
    }),
  )
})
