import { describe, expect, it } from 'vitest'
import { compileFilters, finished } from '../../../src/events/filter.ts'
import { encodeSqsRecord } from '../../../src/events/sqs-record.ts'

const context = { arn: 'arn:aws:sqs:us-east-1:000000000000:q', region: 'us-east-1', withNullMd5: false }

/** Pattern and body as text: numbers keep their spelling. */
function matches(pattern: string, body: string): boolean {
  const filter = compileFilters('sqs', [`{"body":${pattern}}`])
  if (filter.kind === 'refused') throw new Error(filter.detail)
  return finished(filter.matches(encodeSqsRecord({ MessageId: 'm', ReceiptHandle: 'r', Body: body }, context).fragment))
}

function refusal(pattern: string): string | null {
  const filter = compileFilters('sqs', [pattern])
  return filter.kind === 'refused' ? filter.detail : null
}

const some = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, at) => [`f${at}`, [at]]))

// proves: filter.absence-order
describe('an absence is judged in the order of names, before an element of a list is chosen', () => {
  it.each([
    ['{"items":{"coupon":[{"exists":false}],"sku":["x"]}}', '{"items":[{"coupon":1,"sku":"y"},{"sku":"x"}]}', false],
    ['{"items":{"coupon":[{"exists":false}],"sku":["x"]}}', '{"items":[{"sku":"y"},{"sku":"x"}]}', true],
    ['{"items":{"sku":["x"],"voucher":[{"exists":false}]}}', '{"items":[{"sku":"y","voucher":1},{"sku":"x"}]}', true],
    ['{"items":{"voucher":[{"exists":false}],"sku":["x"]}}', '{"items":[{"sku":"y","voucher":1},{"sku":"x"}]}', true],
  ])('%s on %s: %s', (pattern, body, expected) => {
    expect(matches(pattern, body)).toBe(expected)
  })
})

// proves: filter.scalars-of-lists
describe('the scalars of a list belong to none of its elements', () => {
  it.each([
    ['{"a":[1],"a.b":[2]}', '{"a":[1,{"b":2}]}', true],
    ['{"a":[1],"a.b":[2]}', '{"a":[[1],{"b":2}]}', false],
    ['{"a":[1],"a.b":[2],"a.c":[3]}', '{"a":[1,{"b":2},{"c":3}]}', false],
  ])('%s on %s: %s', (pattern, body, expected) => {
    expect(matches(pattern, body)).toBe(expected)
  })
})

// proves: filter.dotted
describe('a dotted name joins what is in a list', () => {
  it.each([
    ['{"a":{"b":[1],"c":[2]}}', '{"a":[{"b":1}],"a.c":2}', true],
    ['{"a":{"b":[1],"c":[2]}}', '{"a":[{"b":1}],"a.c":3}', false],
  ])('%s on %s: %s', (pattern, body, expected) => {
    expect(matches(pattern, body)).toBe(expected)
  })
})

// proves: filter.long-numbers
describe('a number that a double cannot hold', () => {
  it.each([
    ['{"id":[12345678901234567890]}', '{"id":12345678901234567890}', true],
    ['{"id":[12345678901234567890]}', '{"id":12345678901234567891}', false],
    ['{"id":[12345678901234567890]}', '{"id":1.2345678901234567890e19}', false],
    ['{"id":[9007199254740992]}', '{"id":9007199254740993}', false],
    ['{"id":[9007199254740992]}', '{"id":9007199254740992.0}', true],
    ['{"id":[1e20]}', '{"id":100000000000000000000}', true],
    ['{"id":[1e999]}', '{"id":1e999}', true],
    ['{"id":[{"numeric":[">",0]}]}', '{"id":12345678901234567890}', false],
    ['{"id":[{"numeric":[">",0]}]}', '{"id":1234567890123456}', true],
    ['{"id":[{"anything-but":5}]}', '{"id":12345678901234567890}', true],
    ['{"id":[{"exists":true}]}', '{"id":0.1234567890123456789}', true],
  ])('has only its spelling: %s on %s: %s', (pattern, body, expected) => {
    expect(matches(pattern, body)).toBe(expected)
  })

  it.each([
    '{"body":{"a":[{"numeric":[">",12345678901234567890]}]}}',
    '{"body":{"a":[{"anything-but":12345678901234567890}]}}',
    '{"body":{"a":[{"anything-but":[1,12345678901234567890]}]}}',
  ])('is refused by %s', (pattern) => {
    expect(refusal(pattern)).toContain('12345678901234567890')
  })
})

// proves: filter.or-or-field
describe('a $or that is none', () => {
  it.each([
    ['{"$or":[{"prefix":"x"},{"suffix":"y"}]}', '{"$or":"xz"}', true],
    ['{"$or":[{"prefix":"x"},{"suffix":"y"}]}', '{"prefix":"x"}', false],
    ['{"$or":["x","y"],"a":[1]}', '{"$or":"y","a":1}', true],
    ['{"a":{"$or":[{"exists":true},"x"]}}', '{"a":{"$or":5}}', true],
  ])('makes a plain pattern: %s on %s: %s', (pattern, body, expected) => {
    expect(matches(pattern, body)).toBe(expected)
  })

  it.each([
    ['an operator deeper in a branch', '{"$or":[{"a":{"prefix":["x"]}},{"b":[1]}]}', '"prefix"'],
    ['a name that AWS reserves', '{"$or":[{"date-before":["x"]},{"b":[1]}]}', '"date-before"'],
    ['a comparison', '{"$or":[{">=":["x"]},{"b":[1]}]}', '">="'],
    ['one branch', '{"$or":[{"a":["x"]}]}', 'two or more'],
    [
      'a field in one place and a list of branches in another',
      '{"a":{"$or":["x"]},"$or":[{"b":[1]},{"c":[1]}]}',
      '$or',
    ],
  ])('is refused: %s', (_what, pattern, said) => {
    expect(refusal(pattern)).toContain(said)
  })
})

// proves: filter.fields-max
it('a pattern may name 256 fields, each way through $or for itself', () => {
  const half = (from: number) => Object.fromEntries(Array.from({ length: 128 }, (_, at) => [`f${from + at}`, [at]]))
  expect(refusal(JSON.stringify({ body: some(256) }))).toBeNull()
  expect(refusal(JSON.stringify({ body: some(257) }))).toContain('256')
  expect(refusal(JSON.stringify({ body: { ...half(0), $or: [half(128), half(256)] } }))).toBeNull()
  expect(refusal(JSON.stringify({ body: { ...half(0), $or: [half(128), { ...half(256), one: [1] }] } }))).toContain(
    '256',
  )
})
