import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { runProgram } from '../../../src/cli/program.ts'
import { startMillrace } from '../../../src/service.ts'

let folder = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-mistakes-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

/** What a start with this file says, without the prefix, and its exit code. */
async function start(lines: readonly string[], env: Readonly<Record<string, string>> = {}) {
  writeFileSync(join(folder, 'millrace.yaml'), `${lines.join('\n')}\n`)
  const said: string[] = []
  const code = await runProgram({
    argv: ['start'],
    env,
    cwd: folder,
    terminal: { out: (line) => said.push(line), err: (line) => said.push(line.replace(/^millrace: /, '')) },
    onSignal: () => {},
  })
  return { code, said }
}

it('all mistakes of a file are told at once, each with its line and key, in the order of the file', async () => {
  const { code, said } = await start([
    'aws:',
    '  region: 1',
    'mappings:',
    '  - EventSourceArn: arn:aws:sqs:us-east-1:000000000000:q.fifo',
    '    FunctionName: "o o"',
    '    BatchSize: 20',
    '    MaximumBatchingWindowInSeconds: 3',
    '    ParallelizationFactor: 3',
    '    KMSKeyArn: nonsense',
    '  - FunctionName: orders',
    '    BatchSize: 0',
    'functions:',
    '  audit: { url: "ftp://x", timout: 3 }',
    '  "b c": { url: "http://x" }',
    'server: { prot: 3 }',
  ])
  expect(said).toEqual([
    'millrace.yaml:2: aws.region must be a text, not the number 1. Put it in quotes: "1".',
    expect.stringMatching(/^millrace.yaml:5: mappings\[0\].FunctionName: 1 validation error detected: Value 'o o' /),
    'millrace.yaml:6: mappings[0].BatchSize: Maximum batch size must be between 1 and 10 inclusive',
    'millrace.yaml:7: mappings[0].MaximumBatchingWindowInSeconds: Batching window is not supported for FIFO queues',
    'millrace.yaml:8: mappings[0].ParallelizationFactor: Unsupported ParallelizationFactor parameter for given event source mapping type.',
    expect.stringMatching(/^millrace.yaml:9: mappings\[0\].KMSKeyArn: 1 validation error detected: Value 'nonsense' /),
    'millrace.yaml:10: mappings[1] has no EventSourceArn.',
    'millrace.yaml:11: mappings[1].BatchSize must be a whole number from 1 to 10000, not the number 0.',
    'millrace.yaml:13: unknown key functions.audit.timout. Did you mean functions.audit.timeout?',
    'millrace.yaml:13: functions.audit.url must be an http or https URL, not "ftp://x".',
    "millrace.yaml:14: functions.b c: 'b c' is not a function name. Use NAME or NAME:QUALIFIER.",
    'millrace.yaml:15: unknown key server.prot. Did you mean server.port?',
  ])
  expect(code).toBe(2)
})

it('variables that cannot be used are told together with the file', async () => {
  const { code, said } = await start(['prune: maybe'], { MILLRACE_PORT: 'x', MILLRACE_ADOPT: 'true' })
  expect(said).toEqual([
    'MILLRACE_PORT must be a whole number from 0 to 65535, not "x".',
    'MILLRACE_ADOPT must be one of off, on, undo, not "true".',
    'millrace.yaml:1: prune must be true or false, not "maybe".',
  ])
  expect(code).toBe(2)
})

it('what is no YAML is told once a line', async () => {
  const { said } = await start(['a: b: c', 'd: !Ref Queue', 'e: { f: ${X} }'])
  expect(said.map((line) => line.slice(0, 15))).toEqual(['millrace.yaml:1', 'millrace.yaml:2', 'millrace.yaml:3'])
})

it('anchors that stand for a huge tree end the reading at once', async () => {
  const levels = Array.from({ length: 30 }, (_, level) => `l${level + 1}: &l${level + 1} [*l${level}, *l${level}]`)
  const { code, said } = await start(['l0: &l0 [x]', ...levels])
  expect(said).toEqual([expect.stringContaining('there are more than 100000 values')])
  expect(code).toBe(2)
})

it('the URL of a queue where its ARN belongs is answered with the ARN', async () => {
  const { said } = await start([
    'aws: { region: eu-west-1 }',
    'mappings:',
    '  - { EventSourceArn: "http://localhost:4566/000000000007/orders.fifo", FunctionName: f }',
    '  - { EventSourceArn: "https://sqs.us-west-2.amazonaws.com/123456789012/orders", FunctionName: f, BatchSize: 11 }',
  ])
  expect(said).toEqual([
    'millrace.yaml:3: mappings[0].EventSourceArn is the URL of a queue. A mapping takes its ARN: arn:aws:sqs:eu-west-1:000000000007:orders.fifo',
    'millrace.yaml:4: mappings[1].EventSourceArn is the URL of a queue. A mapping takes its ARN: arn:aws:sqs:us-west-2:123456789012:orders',
    'millrace.yaml:4: mappings[1]: Maximum batch window in seconds must be greater than 0 if maximum batch size is greater than 10',
  ])
})

it('options in the same process are named as they were given, all of them', async () => {
  const mapping = { EventSourceArn: 'arn:aws:sqs:us-east-1:000000000000:orders', FunctionName: 'orders' }
  const options = {
    port: 99_999,
    store: 'redis:',
    mappings: [
      { ...mapping, BatchSize: 0 },
      { ...mapping, Enabled: 1 },
    ],
  }
  await expect(startMillrace(options)).rejects.toThrow(
    [
      'store must be memory: or sqlite:PATH, not "redis:".',
      'port must be a whole number from 0 to 65535, not the number 99999.',
      'mappings[0].BatchSize must be a whole number from 1 to 10000, not the number 0.',
      'mappings[1].Enabled must be true or false, not the number 1.',
    ].join('\n'),
  )
  await expect(startMillrace({ server: { port: -1 } })).rejects.toThrow(/^server\.port must be /)
  await expect(startMillrace({ mappings: [mapping, mapping] })).rejects.toThrow(
    'mappings[1] maps the same source to the same function as mappings[0].',
  )
})
