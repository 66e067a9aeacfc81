import { describe, expect, it } from 'vitest'
import { listMappings, type ListQuery } from '../../../src/api/mapping-listing.ts'
import { mappingResponse } from '../../../src/api/mapping-response.ts'
import { ApiError } from '../../../src/model/api-error.ts'
import type { MappingDocument } from '../../../src/model/mapping.ts'
import { createApiWorld } from '../../support/api.ts'

const arn = (name: string) => `arn:aws:sqs:us-east-1:000000000000:${name}`
const functionArn = (name: string) => `arn:aws:lambda:us-east-1:000000000000:function:${name}`

function mapping(uuid: string, createdMs: number, names: { queue?: string; run?: string } = {}): MappingDocument {
  const sourceName = arn(names.queue ?? 'orders')
  return {
    uuid,
    origin: 'api',
    source: 'sqs',
    sourceName,
    functionArn: functionArn(names.run ?? 'f'),
    state: 'Enabled',
    stateTransitionReason: '',
    createdMs,
    lastModifiedMs: createdMs,
    lastProcessingResult: '',
    tags: {},
    parameters: {
      EventSourceArn: sourceName,
      FunctionName: names.run ?? 'f',
      Enabled: true,
      BatchSize: 10,
      MaximumBatchingWindowInSeconds: 0,
      FunctionResponseTypes: [],
    },
  }
}

const uuids = (all: readonly MappingDocument[], query: ListQuery = {}) =>
  listMappings(all, query).mappings.map((document) => document.uuid)

// proves: list.pages
describe('the order and the pages of a listing', () => {
  const many = Array.from({ length: 250 }, (_, index) =>
    mapping(`u${String((index * 7) % 250).padStart(3, '0')}`, 1_000 + Math.floor(((index * 7) % 250) / 3)),
  )

  it('goes by creation, then by UUID', () => {
    expect(uuids([mapping('b', 2), mapping('c', 1), mapping('a', 2)])).toEqual(['c', 'a', 'b'])
  })

  it.each([
    [undefined, 100],
    ['10000', 100],
    ['7', 7],
    ['100', 100],
  ])('MaxItems %s gives pages of %i', (maxItems, size) => {
    const seen: string[] = []
    let marker: string | null | undefined
    let pages = 0
    while (marker !== null) {
      const page = listMappings(many, { maxItems, marker: marker ?? undefined })
      expect(page.mappings.length).toBeLessThanOrEqual(size)
      seen.push(...page.mappings.map((document) => document.uuid))
      marker = page.nextMarker
      pages += 1
    }
    expect(seen).toEqual(many.map((document) => document.uuid).toSorted())
    expect(pages).toBe(Math.ceil(250 / size))
  })

  it('a page that ends the list has no marker', () => {
    expect(listMappings(many.slice(0, 100), {}).nextMarker).toBeNull()
    expect(listMappings(many.slice(0, 101), {}).nextMarker).not.toBeNull()
  })

  it('a mapping that is deleted between pages hides no other', () => {
    const first = listMappings(many, { maxItems: '10' })
    const last = first.mappings.at(-1)
    const left = many.filter((document) => document !== last)
    expect(uuids(left, { maxItems: '1', marker: first.nextMarker ?? '' })).toEqual(['u010'])
  })

  it.each(['nonsense', '!!!', Buffer.from('1/').toString('base64'), Buffer.from('x/y').toString('base64')])(
    'refuses the marker %j',
    (marker) => {
      expect(() => listMappings(many, { marker })).toThrow(ApiError)
    },
  )

  it.each([
    ['0', "Value '0' at 'maxItems' failed to satisfy constraint: Member must have value greater than or equal to 1"],
    [
      '10001',
      "Value '10001' at 'maxItems' failed to satisfy constraint: Member must have value less than or equal to 10000",
    ],
    ['-1', "Value '-1' at 'maxItems'"],
    ['many', 'STRING_VALUE can not be converted to an Integer'],
    ['1.5', 'STRING_VALUE can not be converted to an Integer'],
  ])('refuses MaxItems %s', (maxItems, text) => {
    expect(() => listMappings(many, { maxItems })).toThrow(text)
  })
})

// proves: list.filters
describe('the filters of a listing', () => {
  const all = [
    mapping('plain', 1, { run: 'f' }),
    mapping('latest', 2, { run: 'f:$LATEST' }),
    mapping('live', 3, { run: 'f:live' }),
    mapping('other', 4, { run: 'g' }),
    mapping('elsewhere', 5, { run: 'f', queue: 'second' }),
  ]

  it.each([
    [{ functionName: 'f' }, ['plain', 'elsewhere']],
    [{ functionName: 'f:live' }, ['live']],
    [{ functionName: 'f:$LATEST' }, ['latest']],
    [{ functionName: functionArn('f') }, ['plain', 'elsewhere']],
    [{ functionName: functionArn('f:live') }, ['live']],
    [{ functionName: '000000000000:function:f' }, ['plain', 'elsewhere']],
    [{ functionName: '999999999999:function:f' }, []],
    [{ functionName: 'arn:aws:lambda:eu-west-1:000000000000:function:f' }, []],
    [{ functionName: 'unknown' }, []],
    [{ eventSourceArn: arn('second') }, ['elsewhere']],
    [{ eventSourceArn: arn('unknown') }, []],
    [{ eventSourceArn: arn('orders'), functionName: 'f' }, ['plain']],
    [{ eventSourceArn: arn('second'), functionName: 'g' }, []],
  ])('%j', (query, expected) => {
    expect(uuids(all, query)).toEqual(expected)
  })

  it('finds a stream that is followed by its name by its ARN, once that is known', () => {
    const stream = 'arn:aws:kinesis:us-east-1:000000000000:stream/clicks'
    const named = { ...mapping('named', 6, { run: 'f' }), sourceName: 'kinesis:clicks' }
    expect(uuids([named], { eventSourceArn: stream })).toEqual([])
    expect(uuids([{ ...named, sourceArn: stream }], { eventSourceArn: stream })).toEqual(['named'])
    expect(mappingResponse({ ...named, sourceArn: stream }).EventSourceArn).toBe(stream)
  })

  it('refuses a function name that can be none', () => {
    expect(() => listMappings(all, { functionName: 'a b' })).toThrow("Value 'a b' at 'functionName'")
  })

  it('refuses a source that is no ARN, and takes the name of a stream that the file uses', () => {
    expect(() => listMappings(all, { eventSourceArn: 'no arn' })).toThrow(
      "Value 'no arn' at 'eventSourceArn' failed to satisfy constraint: Member must satisfy regular expression pattern: arn:",
    )
    expect(uuids(all, { eventSourceArn: 'kinesis:clicks' })).toEqual([])
  })
})

describe('the route', () => {
  // proves: list.pages
  it('answers with the page and a null marker at the end', async () => {
    const { api } = createApiWorld()
    const answer = await api.inject({ method: 'GET', url: '/2015-03-31/event-source-mappings/?Marker=&FunctionName=' })
    expect(JSON.parse(answer.body)).toEqual({ NextMarker: null, EventSourceMappings: [] })
  })
})
