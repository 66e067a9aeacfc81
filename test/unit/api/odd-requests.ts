import { mappingOptions } from '../../../src/model/mapping-options.ts'

export const queue = 'arn:aws:sqs:us-east-1:000000000000:orders'
const stream = 'arn:aws:kinesis:us-east-1:000000000000:stream/clicks'
export const mappingsPath = '/2015-03-31/event-source-mappings'

/** One request, as it goes over the wire. */
export interface OddRequest {
  readonly method: string
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  /** null: none is sent. */
  readonly body: string | null
}

/** mulberry32: small, and the same everywhere. */
function createRandom(start: number) {
  let state = start >>> 0
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  const below = (max: number) => Math.floor(next() * max)
  function pick<T>(from: readonly T[]): T {
    const one = from[below(from.length)]
    if (one === undefined) throw new Error('nothing to pick from')
    return one
  }
  return { below, pick }
}

const oddStrings = [
  '',
  ' ',
  '0',
  '-1',
  '\u0000',
  '😀',
  'ÿ',
  '../..',
  '__proto__',
  'constructor',
  '$LATEST',
  'null',
  'x'.repeat(5_000),
  '%',
  queue,
  stream,
  `${queue}.fifo`,
  'arn:aws:lambda:us-east-1:000000000000:function:f',
  'TRIM_HORIZON',
]
const oddPatterns = [
  '{"a":[1]}',
  '{"body":{"a":["x",{"prefix":"y"}]}}',
  '{"data":[null]}',
  '[',
  `${'{"a":'.repeat(600)}[1]${'}'.repeat(600)}`,
  `{${Array.from({ length: 40 }, (_, index) => `"k${index}":{"$or":[{"a":[1]},{"b":[2]}]}`).join(',')}}`,
  '{"a":[{"numeric":[">",1e999]}]}',
  '{"__proto__":{"constructor":["x"]}}',
]
const oddNumbers = [0, -0, 1, -1, 10, 11, 1.5, 1e3, 1e9, 1e21, 1e308, -1e308, Number.MAX_SAFE_INTEGER, 2 ** 31, 2 ** 53]
const members = [
  'Filters',
  'Pattern',
  'OnFailure',
  'OnSuccess',
  'Destination',
  'MaximumConcurrency',
  'MinimumPollers',
  'Metrics',
  '__proto__',
  'toString',
]
const methods = ['GET', 'POST', 'PUT', 'DELETE', 'PATCH', 'HEAD', 'OPTIONS', 'PROPFIND'] as const

/** The parser of JSON refuses some of them, the reader of shapes others, the rules the rest; a few are right. */
export function createOddRequests(seed: number) {
  const { below, pick } = createRandom(seed)

  const oddKey = (): string => pick([...members, ...oddStrings.slice(0, 12)])

  function oddValue(depth = 0): unknown {
    switch (below(depth > 3 ? 4 : 7)) {
      case 0:
        return pick(oddStrings)
      case 1:
        return pick(oddNumbers)
      case 2:
        return pick([true, false])
      case 3:
        return null
      case 4:
        return Array.from({ length: below(4) }, () => oddValue(depth + 1))
      default:
        return Object.fromEntries(Array.from({ length: below(4) }, () => [oddKey(), oddValue(depth + 1)]))
    }
  }

  /** A body that is nearly right: some parameters, each right or odd. */
  function nearBody(): Record<string, unknown> {
    const body: Record<string, unknown> = {
      EventSourceArn: pick([queue, stream]),
      FunctionName: pick(['f', 'g:1', 'nothing']),
    }
    for (let count = below(6); count > 0; count -= 1) body[pick(mappingOptions).name] = oddValue()
    if (below(8) === 0) body['FilterCriteria'] = { Filters: [{ Pattern: pick(oddPatterns) }] }
    if (below(8) === 0) body['Tags'] = { [pick(oddStrings)]: pick(oddStrings) }
    return body
  }

  function oddBody(): string {
    switch (below(12)) {
      case 0:
        return ''
      case 1:
        return pick(['[', '{"a":', '"']).repeat(below(50_000))
      case 2:
        return `${'{"FilterCriteria":'.repeat(5_000)}1${'}'.repeat(5_000)}`
      case 3:
        return JSON.stringify(oddValue())
      case 4:
        return `{"BatchSize":${'9'.repeat(below(400) + 1)},"FunctionName":"f"}`
      case 5:
        return JSON.stringify(nearBody()).slice(0, below(60))
      case 6:
        return below(40) === 0
          ? 'x'.repeat(10 * 1_048_576)
          : String.fromCharCode(...Array.from({ length: 50 }, () => below(65_536)))
      default:
        return JSON.stringify(nearBody())
    }
  }

  function oddPath(uuid: string): string {
    const odd = () =>
      pick([encodeURIComponent(pick(oddStrings).slice(0, 300)), '..', '.', '%00', '%ff', '%', '%2e%2e%2f', 'a;b', uuid])
    const query = pick([
      '',
      '?',
      '?MaxItems=',
      '?MaxItems=99999999999',
      '?MaxItems=5&MaxItems=x',
      `?Marker=${odd()}`,
      `?FunctionName=${odd()}`,
      `?EventSourceArn=${odd()}`,
      '?tagKeys',
      '?tagKeys=a',
      '?__proto__=1',
      '?%',
      '?a[b]=c',
    ])
    const arn = pick([
      `arn:aws:lambda:us-east-1:000000000000:event-source-mapping:${uuid}`,
      'arn:aws:lambda:::x',
      odd(),
    ])
    const path = pick([
      mappingsPath,
      `${mappingsPath}/`,
      `${mappingsPath}/${uuid}`,
      `${mappingsPath}/${odd()}`,
      `${mappingsPath}//${odd()}/`,
      `/2015-03-31/./event-source-mappings/../event-source-mappings/${uuid}`,
      `/2017-03-31/tags/${pick([arn, encodeURIComponent(arn)])}`,
      `/2015-03-31/functions/${pick(['audit', odd()])}${pick(['', '/configuration', '/invocations', `/${odd()}`])}`,
      `/_millrace/${pick(['why', 'health', 'mappings', odd()])}/${pick(['', odd()])}`,
      `/${odd()}/${odd()}`,
    ])
    return path + query
  }

  const oddHeaders = (): Record<string, string> =>
    pick<Record<string, string>>([
      {},
      {},
      { 'content-type': 'application/json' },
      { 'content-type': ';;;' },
      { 'x-amz-invocation-type': pick(['Event', 'DryRun', 'odd', '']) },
      { 'x-amzn-trace-id': 'Root=1-x;Lineage=a:99' },
      { 'x-millrace-hop': 'a,,b' },
      { 'content-encoding': 'gzip' },
    ])

  return {
    below,
    pick,
    /** `uuid`: a mapping that there is. */
    next(uuid: string): OddRequest {
      const method = pick(methods)
      const body = oddBody()
      const bare = method === 'GET' || method === 'HEAD' || method === 'OPTIONS'
      return {
        method,
        path: oddPath(uuid),
        headers: oddHeaders(),
        body: bare && below(10) > 0 ? null : body,
      }
    },
  }
}
