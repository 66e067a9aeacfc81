import { describe, expect, it } from 'vitest'
import {
  functionArnOf,
  functionPlace,
  parseArn,
  parseFunctionName,
  partitionOf,
  sourceKindOf,
  sourceOf,
} from '../../../src/model/arn.ts'
import { ApiError } from '../../../src/model/api-error.ts'

const place = { region: 'eu-west-1', account: '000000000000' }

describe('an ARN', () => {
  it('is split into its parts, the resource with its colons and slashes', () => {
    expect(parseArn('arn:aws:lambda:us-east-1:123456789012:function:f:live')).toEqual({
      partition: 'aws',
      service: 'lambda',
      region: 'us-east-1',
      account: '123456789012',
      resource: 'function:f:live',
    })
    expect(parseArn('arn:aws:s3:::bucket')).toMatchObject({
      service: 's3',
      region: '',
      account: '',
      resource: 'bucket',
    })
  })

  it.each([
    '',
    'orders',
    'arn:aws:sqs',
    'arn:aws:sqs:us-east-1:1',
    'arn:aws:sqs:us-east-1:1:',
    'arn::sqs:r:a:q',
    'arn:aws::r:a:q',
    'urn:aws:sqs:r:a:q',
  ])('is not seen in %j', (text) => {
    expect(parseArn(text)).toBeUndefined()
  })
})

describe('the name of an event source', () => {
  it.each([
    [
      'arn:aws:sqs:us-east-1:000000000000:orders',
      { kind: 'sqs', region: 'us-east-1', account: '000000000000', resource: 'orders' },
    ],
    [
      'arn:aws:sqs:elasticmq:000000000000:orders.fifo',
      { kind: 'sqs-fifo', region: 'elasticmq', account: '000000000000', resource: 'orders.fifo' },
    ],
    [
      'arn:aws-cn:sqs:cn-north-1:123456789012:a_fifo',
      { kind: 'sqs', region: 'cn-north-1', account: '123456789012', resource: 'a_fifo' },
    ],
    [
      'arn:aws:kinesis:us-east-1:000000000000:stream/clicks',
      { kind: 'kinesis', region: 'us-east-1', account: '000000000000', resource: 'clicks' },
    ],
    [
      'arn:aws:kinesis:us-east-1:000000000000:stream/clicks/consumer/mine:1700000000',
      {
        kind: 'kinesis',
        region: 'us-east-1',
        account: '000000000000',
        resource: 'clicks',
        consumer: 'mine:1700000000',
      },
    ],
    [
      'arn:aws:dynamodb:ddblocal:000000000000:table/orders/stream/2026-11-21T07:40:21.000',
      {
        kind: 'dynamodb',
        region: 'ddblocal',
        account: '000000000000',
        resource: 'orders',
      },
    ],
    ['kinesis:clicks', { kind: 'kinesis', region: undefined, account: undefined, resource: 'clicks' }],
    ['dynamodb:orders', { kind: 'dynamodb', region: undefined, account: undefined, resource: 'orders' }],
  ])('%s', (text, expected) => {
    expect(sourceOf(text)).toEqual(expected)
    expect(sourceKindOf(text)).toBe(expected.kind)
  })

  it.each([
    'orders',
    'sqs:orders',
    'kinesis:',
    'kinesis:a b',
    'arn:aws:sqs:us-east-1:000000000000:orders.FIFO',
    'arn:aws:sqs::000000000000:orders',
    'arn:aws:sqs:us-east-1:000000000000:a/b',
    'arn:aws:kinesis:us-east-1:000000000000:clicks',
    'arn:aws:kinesis:us-east-1:000000000000:stream/',
    'arn:aws:dynamodb:us-east-1:000000000000:table/orders',
    'arn:aws:sns:us-east-1:000000000000:topic',
  ])('%j names no source', (text) => {
    expect(sourceOf(text)).toBeUndefined()
    expect(sourceKindOf(text)).toBeUndefined()
  })
})

// proves: param.function-name
describe('the name of a function', () => {
  const full = 'arn:aws:lambda:us-east-1:123456789012:function:orders'
  it.each([
    ['orders', { name: 'orders' }],
    ['orders:live', { name: 'orders', qualifier: 'live' }],
    ['orders:$LATEST', { name: 'orders', qualifier: '$LATEST' }],
    ['orders:$LATEST.PUBLISHED', { name: 'orders', qualifier: '$LATEST.PUBLISHED' }],
    ['function:orders', { name: 'orders' }],
    ['123456789012:function:orders', { name: 'orders', account: '123456789012' }],
    ['123456789012:function:orders:7', { name: 'orders', account: '123456789012', qualifier: '7' }],
    ['us-east-1:123456789012:function:orders', { name: 'orders', account: '123456789012', region: 'us-east-1' }],
    ['123456789012:live', { name: '123456789012', qualifier: 'live' }],
    [full, { name: 'orders', account: '123456789012', region: 'us-east-1', arn: full }],
    [`${full}:7`, { name: 'orders', qualifier: '7', account: '123456789012', region: 'us-east-1', arn: `${full}:7` }],
    [
      'arn:aws:lambda:local:000000000000:function:f',
      { name: 'f', account: '000000000000', region: 'local', arn: 'arn:aws:lambda:local:000000000000:function:f' },
    ],
  ])('%s', (text, expected) => {
    expect(parseFunctionName(text)).toEqual(expected)
  })

  it.each([
    '',
    'a b',
    'a:b:c',
    'a'.repeat(257),
    'a/b',
    'orders:$OLDEST',
    'arn:aws:lambda:us-east-1:123456789012:orders',
    'arn:aws:lambda:123456789012:function:orders',
    'arn:aws:lambda:us-east-1:123456789012:layer:orders',
    'arn:aws:sqs:us-east-1:123456789012:orders',
    'arn:aws:lambda:us-east-1:123456789012:function:a:b:c',
  ])('%j is none', (text) => {
    expect(parseFunctionName(text)).toBeUndefined()
  })

  it.each([
    ['orders', 'arn:aws:lambda:eu-west-1:000000000000:function:orders'],
    ['orders:live', 'arn:aws:lambda:eu-west-1:000000000000:function:orders:live'],
    ['123456789012:function:orders', 'arn:aws:lambda:eu-west-1:123456789012:function:orders'],
    ['us-gov-west-1:123456789012:function:orders', 'arn:aws-us-gov:lambda:us-gov-west-1:123456789012:function:orders'],
    [`${full}:7`, `${full}:7`],
  ])('%s becomes %s', (text, arn) => {
    expect(functionArnOf(text, place)).toBe(arn)
  })

  it('that cannot be read is refused by value', () => {
    expect(() => functionArnOf('a b', place)).toThrow(
      new ApiError('ValidationException', "'a b' is not a function name, a partial ARN or an ARN of a function."),
    )
  })
})

it.each([
  ['arn:aws:sqs:us-east-1:111122223333:q', '111122223333'],
  ['arn:aws:sqs:elasticmq::q', '000000000000'],
  ['arn:aws:sqs:us-east-1:local:q', '000000000000'],
  ['kinesis:clicks', '000000000000'],
])('a function without an ARN is in the configured region, and for %s in account %s', (source, account) => {
  expect(functionPlace(source, place)).toEqual({ region: 'eu-west-1', account })
})

it.each([
  ['us-east-1', 'aws'],
  ['elasticmq', 'aws'],
  ['cn-northwest-1', 'aws-cn'],
  ['us-gov-east-1', 'aws-us-gov'],
  ['us-iso-east-1', 'aws-iso'],
  ['us-isob-east-1', 'aws-iso-b'],
  ['eusc-de-east-1', 'aws-eusc'],
])('the region %s lies in %s', (region, partition) => {
  expect(partitionOf(region)).toBe(partition)
})
