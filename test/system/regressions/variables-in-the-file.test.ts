import { describe, expect, it } from 'vitest'
import { embeddedSettings } from '../../../src/config/embedded-settings.ts'
import { readSettings } from '../../../src/config/settings-reader.ts'

const read = (text: string, env: Readonly<Record<string, string>> = {}) =>
  readSettings({ argv: [], env: { ...env, MILLRACE_CONFIG: `${text}\n` }, cwd: '/' })

const orders = 'EventSourceArn: "arn:aws:sqs:us-east-1:${ACCOUNT:-000000000000}:orders", FunctionName: orders'

describe('a variable in a value of the file', () => {
  it('is put in as a text that is then read as the key wants', () => {
    const text = [
      'aws: { account: "${ACCOUNT}", endpoint: "http://${HOST}:${PORT}/" }',
      'server:',
      '  port: ${OWN_PORT}',
      'prune: ${PRUNE}',
      'functions:',
      '  audit: { url: "http://${HOST}/run", timeout: "${TIMEOUT}" }',
      `mappings: [{ ${orders}, BatchSize: "\${SIZE}", Enabled: "\${ENABLED}" }]`,
    ].join('\n')
    const env = {
      ...{ ACCOUNT: '000000000007', HOST: 'stack', PORT: '4566', OWN_PORT: '0', PRUNE: 'true', TIMEOUT: '2.5' },
      ...{ SIZE: '7', ENABLED: 'false' },
    }
    expect(read(text, env)).toMatchObject({
      aws: { account: '000000000007', endpoint: 'http://stack:4566/' },
      server: { port: 0 },
      prune: true,
      functions: [{ name: 'audit', urls: ['http://stack/run'], timeoutMs: 2_500 }],
      mappings: [
        { sourceName: 'arn:aws:sqs:us-east-1:000000000007:orders', parameters: { BatchSize: 7, Enabled: false } },
      ],
    })
  })

  it.each([
    ['${X}', { X: 'a' }, 'a'],
    ['${X:-b}', { X: 'a' }, 'a'],
    ['${X:-b}', { X: '' }, 'b'],
    ['${X:-b}${Y:-c}', {}, 'bc'],
    ['${X:-a:b {c}', {}, 'a:b {c'],
    ['$${X}', {}, '${X}'],
    ['$$${X}', { X: 'a' }, '$${X}'],
    ['$X $ $$ $or $LATEST', { X: 'a' }, '$X $ $$ $or $LATEST'],
    ['${X}', { X: '${Y}: {' }, '${Y}: {'],
  ])('%s with %j is %s', (value, env, expected) => {
    expect(read(`aws: { region: ${JSON.stringify(value)} }`, env).aws.region).toBe(expected)
  })

  it.each([
    ['${X}', 'needs the variable X, which is not set. ${X:-DEFAULT} has a default; $${X} is the text itself.'],
    ['a${}', 'has "${}", which is neither ${NAME} nor ${NAME:-DEFAULT}. Write $${ where ${ itself is meant.'],
    ['${X:?no}', 'has "${X:?no}", which is neither ${NAME} nor ${NAME:-DEFAULT}. Write $${ where ${ itself is meant.'],
    ['${X', 'has "${X", which is neither ${NAME} nor ${NAME:-DEFAULT}. Write $${ where ${ itself is meant.'],
  ])('%s is refused by name', (value, message) => {
    expect(() => read(`#\naws: { region: ${JSON.stringify(value)} }`)).toThrow(
      `MILLRACE_CONFIG:2: aws.region ${message}`,
    )
  })

  it('that does not fit is shown with what it stands for', () => {
    expect(() => read('server:\n  port: ${PORT}', { PORT: 'http' })).toThrow(
      'MILLRACE_CONFIG:2: server.port must be a whole number from 0 to 65535, not "http" (${PORT}).',
    )
  })

  it('between braces needs quotes, and that is said', () => {
    expect(() => read('aws: { region: ${X} }', { X: 'a' })).toThrow(
      'Between { } and [ ], a value with ${ in it needs quotes.',
    )
  })
})

it('a filter pattern keeps $or, takes variables, and keeps ${ where it is escaped', () => {
  const pattern = '{"$or":[{"body":{"kind":["${KIND}"]}},{"body":{"text":["$${KIND}"]}}]}'
  const text = `mappings: [{ ${orders}, FilterCriteria: { Filters: [{ Pattern: '${pattern}' }] } }]`
  expect(read(text, { KIND: 'gold' }).mappings[0]?.parameters.FilterCriteria).toEqual({
    Filters: [{ Pattern: '{"$or":[{"body":{"kind":["gold"]}},{"body":{"text":["${KIND}"]}}]}' }],
  })
})

it('options in the same process are taken as they are', () => {
  const settings = embeddedSettings({ aws: { region: '${X}' } }, { X: 'a' }, () => true)
  expect(settings.aws.region).toBe('${X}')
})

it('MILLRACE_ENDPOINT is known while starting: the other commands use it', () => {
  const warnings: string[] = []
  const warn = (message: string) => warnings.push(message)
  const env = { MILLRACE_ENDPOINT: 'http://127.0.0.1:4570', MILLRACE_ENDPONIT: 'x' }
  readSettings({ argv: [], env, cwd: '/nowhere', configPaths: [], warn })
  expect(warnings).toEqual([
    'The variable MILLRACE_ENDPONIT is not known and does nothing. Did you mean MILLRACE_ENDPOINT?',
  ])
})
