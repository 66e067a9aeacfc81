import { describe, expect, it } from 'vitest'
import { ConfigError } from '../../../src/config/config-error.ts'
import { readSettings, type SettingsInput } from '../../../src/config/settings-reader.ts'
import { mappingOptions } from '../../../src/model/mapping-options.ts'
import type { Shape } from '../../../src/model/mapping-shape.ts'

const read = (text: string, input: Partial<SettingsInput> = {}) =>
  readSettings({ argv: [], env: { MILLRACE_CONFIG: `${text}\n` }, cwd: '/', ...input }).mappings

function refusal(text: string, input: Partial<SettingsInput> = {}): string {
  try {
    read(text, input)
  } catch (error) {
    if (error instanceof ConfigError) return error.message.replace(/^MILLRACE_CONFIG:/, '')
    throw error
  }
  return 'nothing was refused'
}

const queue = 'arn:aws:sqs:us-east-1:000000000000:orders'
const stream = 'arn:aws:kinesis:us-east-1:000000000000:stream/clicks'

/** One mapping that begins in line 2, its further keys from line 4 on. */
const queueMapping = (...lines: string[]) =>
  ['mappings:', `  - EventSourceArn: ${queue}`, '    FunctionName: orders', ...lines.map((line) => `    ${line}`)].join(
    '\n',
  )
const streamMapping = (...lines: string[]) => queueMapping('StartingPosition: LATEST', ...lines).replace(queue, stream)

describe('mappings of the file', () => {
  it('are read with what the file names and nothing else', () => {
    expect(
      read(
        queueMapping(
          'BatchSize: 100',
          'MaximumBatchingWindowInSeconds: 1',
          'FunctionResponseTypes: [ReportBatchItemFailures]',
        ),
      ),
    ).toEqual([
      {
        sourceName: queue,
        source: 'sqs',
        parameters: {
          EventSourceArn: queue,
          FunctionName: 'orders',
          BatchSize: 100,
          MaximumBatchingWindowInSeconds: 1,
          FunctionResponseTypes: ['ReportBatchItemFailures'],
        },
        tags: {},
        where: 'MILLRACE_CONFIG:2',
      },
    ])
  })

  it('keep the empty values that take a parameter back', () => {
    const text = streamMapping(
      'FilterCriteria: { Filters: [] }',
      'DestinationConfig: { OnFailure: { Destination: "" } }',
      'KMSKeyArn: ""',
    )
    expect(read(text)[0]?.parameters).toEqual({
      EventSourceArn: stream,
      FunctionName: 'orders',
      StartingPosition: 'LATEST',
      FilterCriteria: { Filters: [] },
      DestinationConfig: { OnFailure: { Destination: '' } },
      KMSKeyArn: '',
    })
  })

  it('have their tags apart', () => {
    const [mapping] = read(queueMapping('Tags: { team: shop, "a:b": "" }'))
    expect(mapping?.tags).toEqual({ team: 'shop', 'a:b': '' })
    expect(mapping?.parameters).not.toHaveProperty('Tags')
  })

  it.each([
    ['kinesis:clicks', 'kinesis'],
    ['dynamodb:orders', 'dynamodb'],
  ])('may name a stream: %s', (name, source) => {
    const [mapping] = read(`mappings:\n- { EventSourceArn: "${name}", FunctionName: f, StartingPosition: LATEST }`)
    expect(mapping).toMatchObject({ sourceName: name, source })
  })

  it('share what an anchor holds', () => {
    const text = `${queueMapping()}\n    <<: &small { BatchSize: 5 }\n  - EventSourceArn: ${queue}.fifo\n    FunctionName: orders\n    <<: *small`
    expect(read(text).map(({ source, parameters }) => [source, parameters.BatchSize])).toEqual([
      ['sqs', 5],
      ['sqs-fifo', 5],
    ])
  })

  it('may be none', () => {
    expect(read('mappings: []')).toEqual([])
    expect(read('{ "mappings": null }')).toEqual([])
  })
})

describe('a mapping of the file is refused in its line', () => {
  it.each([
    ['mappings: { a: 1 }', '1: mappings must be a list, not a map.'],
    ['mappings: 5', '1: mappings must be a list, not the number 5.'],
    ['mappings:\n  - text', '2: mappings[0] must be a map, not "text".'],
    ['mappings:\n  -', '2: mappings[0] must be a map, not empty.'],
    ['mappings:\n  - FunctionName: a', '2: mappings[0] has no EventSourceArn.'],
    [`mappings:\n  - EventSourceArn: ${queue}`, '2: mappings[0] has no FunctionName.'],
    [queueMapping('BatchSzie: 5'), '4: unknown key mappings[0].BatchSzie. Did you mean mappings[0].BatchSize?'],
    [queueMapping('batch_size: 5'), '4: unknown key mappings[0].batch_size. Did you mean mappings[0].BatchSize?'],
    [
      queueMapping('FilterCriteria:', '  Filters:', '    - Patern: "{}"'),
      '6: unknown key mappings[0].FilterCriteria.Filters[0].Patern. Did you mean mappings[0].FilterCriteria.Filters[0].Pattern?',
    ],
    [queueMapping('BatchSize: "10"'), '4: mappings[0].BatchSize must be a whole number from 1 to 10000, not "10".'],
    [
      queueMapping('BatchSize: 0'),
      '4: mappings[0].BatchSize must be a whole number from 1 to 10000, not the number 0.',
    ],
    [queueMapping('Enabled: yes'), '4: mappings[0].Enabled must be true or false, not "yes".'],
    [
      queueMapping('ScalingConfig:', '  MaximumConcurrency: 1'),
      '5: mappings[0].ScalingConfig.MaximumConcurrency must be a whole number from 2 to 1000, not the number 1.',
    ],
    [
      queueMapping('FunctionResponseTypes:', '  - ReportBatchItemFailure'),
      '5: mappings[0].FunctionResponseTypes[0] must be one of ReportBatchItemFailures, not "ReportBatchItemFailure".',
    ],
    [
      queueMapping('FunctionResponseTypes: ReportBatchItemFailures'),
      '4: mappings[0].FunctionResponseTypes must be a list, not "ReportBatchItemFailures".',
    ],
    [
      queueMapping('Tags:', '  build: 5'),
      '5: mappings[0].Tags.build must be a text, not the number 5. Put it in quotes: "5".',
    ],
    [
      streamMapping('StartingPositionTimestamp: .inf'),
      '5: mappings[0].StartingPositionTimestamp must be a number, not the number .inf.',
    ],
    [queueMapping('Tags: [a]'), '4: mappings[0].Tags must be a map, not a list.'],
    [
      streamMapping('FilterCriteria:', '  Filters:', '    - Pattern: { a: [1] }'),
      '7: mappings[0].FilterCriteria.Filters[0].Pattern must be a text, not a map.',
    ],
    [
      queueMapping().replace('FunctionName: orders', 'FunctionName: 123'),
      '3: mappings[0].FunctionName must be a text, not the number 123. Put it in quotes: "123".',
    ],
  ])('%j', (text, message) => {
    expect(refusal(text)).toBe(message)
  })

  it.each([
    [
      queueMapping('BatchSize: 100'),
      '2: mappings[0]: Maximum batch window in seconds must be greater than 0 if maximum batch size is greater than 10',
    ],
    [
      queueMapping('# a stream', 'BisectBatchOnFunctionError: true'),
      '5: mappings[0].BisectBatchOnFunctionError: Unsupported BisectBatchOnFunctionError parameter for given event source mapping type.',
    ],
    [
      queueMapping('Topics: [a]'),
      '4: mappings[0].Topics: Unsupported Topics parameter for given event source mapping type.',
    ],
    [
      streamMapping('DestinationConfig:', '  OnSuccess: { Destination: arn:aws:sqs:us-east-1:000000000000:q }'),
      '5: mappings[0].DestinationConfig: Unsupported DestinationConfig.OnSuccess parameter for given event source mapping type.',
    ],
    [
      streamMapping('ParallelizationFactor: 2', 'TumblingWindowInSeconds: 5'),
      '5: mappings[0].ParallelizationFactor: Parallelization factor must be equal to 1 when tumbling window period is configured',
    ],
    [
      queueMapping().replace(queue, 'orders'),
      /^2: mappings\[0\]\.EventSourceArn: 1 validation error detected: Value 'orders' at 'eventSourceArn' failed/,
    ],
    [
      queueMapping().replace('orders\n    F', 'orders\n    F').replace('FunctionName: orders', 'FunctionName: a b'),
      /^3: mappings\[0\]\.FunctionName: 1 validation error/,
    ],
    [
      queueMapping().replace(queue, stream),
      "2: mappings[0]: 1 validation error detected: Value null at 'startingPosition' failed to satisfy constraint: Member must not be null.",
    ],
  ])('in the words of the API: %j', (text, message) => {
    if (typeof message === 'string') expect(refusal(text)).toBe(message)
    else expect(refusal(text)).toMatch(message)
  })

  it('where its pattern is not understood, if the caller can tell', () => {
    const text = queueMapping('FilterCriteria: { Filters: [{ Pattern: "nonsense" }] }')
    expect(read(text)).toHaveLength(1)
    const seen: unknown[] = []
    const checkPattern = (...args: unknown[]) => seen.push(args) === 0
    expect(refusal(text, { checkPattern })).toMatch(/^\d: mappings\[0\].*Invalid filter pattern definition\.$/)
    expect(seen).toEqual([['sqs', 'nonsense']])
  })

  it.each([
    ['orders', 'orders'],
    ['orders', '000000000000:function:orders'],
    ['orders', 'arn:aws:lambda:eu-west-1:000000000000:function:orders'],
    ['orders:live', 'arn:aws:lambda:eu-west-1:000000000000:function:orders:live'],
  ])('where source and function are those of another: %s and %s', (first, second) => {
    const one = (name: string) => `  - EventSourceArn: ${queue}\n    FunctionName: ${name}`
    const text = `aws: { region: eu-west-1, account: "111111111111" }\nmappings:\n${one(first)}\n${one(second)}`
    expect(refusal(text)).toBe('5: mappings[1] maps the same source to the same function as mappings[0] in line 3.')
  })

  it('where the account of the source is none, and the one of the file completes the name', () => {
    const one = (name: string) => `  - EventSourceArn: arn:aws:sqs:elasticmq::orders\n    FunctionName: ${name}`
    const text = `aws: { account: "111111111111" }\nmappings:\n${one('orders')}\n${one('111111111111:function:orders')}`
    expect(refusal(text)).toContain('5: mappings[1] maps the same source')
  })

  it('where the region of the environment completes the name', () => {
    const one = (name: string) => `  - EventSourceArn: ${queue}\n    FunctionName: ${name}`
    const text = `mappings:\n${one('orders')}\n${one('arn:aws:lambda:eu-west-1:000000000000:function:orders')}\n`
    expect(refusal(text, { env: { AWS_REGION: 'eu-west-1', MILLRACE_CONFIG: text } })).toContain('4: mappings[1] maps')
    expect(read(text, { env: { AWS_REGION: 'eu-west-2', MILLRACE_CONFIG: text } })).toHaveLength(2)
  })

  it('but not where only the qualifier differs', () => {
    const one = (name: string) => `  - EventSourceArn: ${queue}\n    FunctionName: ${name}`
    expect(read(`mappings:\n${one('orders')}\n${one('orders:live')}\n${one('orders:$LATEST')}`)).toHaveLength(3)
  })
})

describe('every parameter', () => {
  /** Values that no value of the shape is. */
  const wrong = (shape: Shape): readonly string[] => {
    switch (shape.type) {
      case 'string':
        return ['5', 'true', '[a]', '{ a: 1 }', '']
      case 'integer':
      case 'timestamp':
        return ['"5"', 'true', '[1]', '{ a: 1 }', '']
      case 'boolean':
        return ['"true"', '1', '[true]', '{ a: 1 }', '']
      case 'list':
        return ['a', '1', '{ a: 1 }', '']
      case 'map':
      case 'structure':
        return ['a', '1', '[a]', '']
      case 'any':
        return ['a', '1', '[a]', '{ a: 1 }']
    }
  }
  const given = mappingOptions.flatMap(({ name, shape }) => wrong(shape).map((value) => [name, value] as const))

  it.each(given)('%s: %s is refused with file, line and key', (name, value) => {
    const base = name === 'StartingPosition' ? queueMapping().replace(queue, stream) : streamMapping()
    const lines = base.split('\n').filter((line) => !line.includes(`${name}:`))
    // The mapping begins with a dash, whichever key is first.
    if (name === 'EventSourceArn') lines[1] = lines[1]?.replace('    ', '  - ') ?? ''
    const text = [...lines, `    ${name}: ${value}`].join('\n')
    expect(refusal(text)).toMatch(
      new RegExp(`^${lines.length + 1}: mappings\\[0\\]\\.${name}(:| must be| has no value)`),
    )
  })
})
