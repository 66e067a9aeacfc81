import { expect, it } from 'vitest'
import { mappingFlagRows, readMappingArguments } from '../../../src/cli/mapping-flags.ts'

it('flags are the parameters of the Lambda API in the spelling of the AWS CLI', () => {
  const { parameters } = readMappingArguments([
    '--event-source-arn',
    'arn:aws:sqs:us-east-1:000000000000:orders',
    '--function-name=orders',
    '--batch-size',
    '100',
    '--maximum-batching-window-in-seconds=5',
    '--maximum-retry-attempts',
    '-1',
    '--function-response-types',
    'ReportBatchItemFailures',
    '--scaling-config',
    '{"MaximumConcurrency": 7}',
    '--kms-key-arn',
    'arn:aws:kms:us-east-1:000000000000:key/1',
  ])
  expect(parameters).toEqual({
    EventSourceArn: 'arn:aws:sqs:us-east-1:000000000000:orders',
    FunctionName: 'orders',
    BatchSize: 100,
    MaximumBatchingWindowInSeconds: 5,
    MaximumRetryAttempts: -1,
    FunctionResponseTypes: ['ReportBatchItemFailures'],
    ScalingConfig: { MaximumConcurrency: 7 },
    KMSKeyArn: 'arn:aws:kms:us-east-1:000000000000:key/1',
  })
})

it('a function whose name is a number stays a name', () => {
  expect(readMappingArguments(['--function-name', '007']).parameters).toEqual({ FunctionName: '007' })
})

it.each([
  [['--enabled'], true],
  [['--no-enabled'], false],
  [['--enabled', 'false'], false],
  [['--enabled=true'], true],
])('a switch can be written as %j', (argv, Enabled) => {
  expect(readMappingArguments(argv).parameters).toEqual({ Enabled })
})

it('a switch does not swallow the UUID behind it', () => {
  expect(readMappingArguments(['--enabled', 'some-uuid'])).toMatchObject({
    parameters: { Enabled: true },
    positionals: ['some-uuid'],
  })
})

it('an empty list clears, as in the API', () => {
  expect(readMappingArguments(['--function-response-types', '[]']).parameters).toEqual({ FunctionResponseTypes: [] })
})

it('tags are pairs or JSON', () => {
  expect(readMappingArguments(['--tags', 'team=a,env=b=c']).parameters).toEqual({ Tags: { team: 'a', env: 'b=c' } })
  expect(readMappingArguments(['--tags', '{"team":"a"}']).parameters).toEqual({ Tags: { team: 'a' } })
})

it('a timestamp is seconds or a date', () => {
  const read = (value: string) => readMappingArguments(['--starting-position-timestamp', value]).parameters
  expect(read('1700000000.5')).toEqual({ StartingPositionTimestamp: 1_700_000_000.5 })
  expect(read('2023-11-14T22:13:20Z')).toEqual({ StartingPositionTimestamp: 1_700_000_000 })
})

it.each([
  [['--bathc-size', '1'], '--bathc-size is not an option'],
  [['--no-batch-size'], '--no-batch-size is not an option'],
  [['--batch-size', 'ten'], '--batch-size ten: not a number'],
  [['--batch-size'], '--batch-size needs a value'],
  [['--function-name', '--batch-size', '1'], '--function-name needs a value'],
  [['--scaling-config', '{'], '--scaling-config: not JSON'],
  [['--tags', 'team'], 'team is not KEY=VALUE'],
])('%j is refused', (argv, message) => {
  expect(() => readMappingArguments(argv)).toThrow(message)
})

it('the help names every parameter once', () => {
  const names = mappingFlagRows().map(([flag]) => flag.trim().split(' ')[0])
  expect(names).toContain('--tumbling-window-in-seconds')
  expect(names).toContain('--kms-key-arn')
  expect(new Set(names).size).toBe(names.length)
})
