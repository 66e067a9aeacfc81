import { describe, expect, it } from 'vitest'
import { knownNames, mappingsAbout } from '../../../../src/api/why/selection.ts'
import { queueDocument, streamDocument } from './evidence.ts'

const queue = { ...queueDocument, uuid: 'queue' }
const table = {
  ...streamDocument,
  uuid: 'table',
  source: 'dynamodb' as const,
  sourceName: 'dynamodb:items',
  sourceArn: 'arn:aws:dynamodb:us-east-1:000000000000:table/items/stream/2026-11-21T00:00:00.000',
  functionArn: 'arn:aws:lambda:us-east-1:000000000000:function:orders:live',
}
const all = [queue, table]
const meant = (text: string) => mappingsAbout(all, text).map(({ uuid }) => uuid)

describe('the mappings that a name means', () => {
  it.each([
    ['queue', ['queue']],
    ['orders', ['queue', 'table']],
    ['arn:aws:sqs:us-east-1:000000000000:orders', ['queue']],
    ['http://localhost:4566/000000000000/orders', ['queue']],
    ['sqs:orders', ['queue']],
    ['items', ['table']],
    ['dynamodb:items', ['table']],
    ['arn:aws:dynamodb:us-east-1:000000000000:table/items', ['table']],
    ['arn:aws:dynamodb:us-east-1:000000000000:table/items/stream/2026-11-21T00:00:00.000', ['table']],
    ['audit', ['queue']],
    ['arn:aws:lambda:us-east-1:000000000000:function:audit', ['queue']],
    ['orders:live', ['table']],
    ['orders:other', []],
    ['arn:aws:lambda:us-east-1:111111111111:function:audit', []],
    ['nothing', []],
  ])('%s', (text, expected) => {
    expect(meant(text)).toEqual(expected)
  })

  it('are named when there is none', () => {
    expect(knownNames(all)).toBe(
      'There are: queue orders to function audit, stream of table items to function orders:live.',
    )
    expect(knownNames([])).toBe('There are no mappings.')
    expect(knownNames(Array.from({ length: 7 }, () => queue))).toContain(', and 2 more.')
  })
})
