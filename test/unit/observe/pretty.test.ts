import { describe, expect, it } from 'vitest'
import { createLogger, type Log } from '../../../src/observe/log.ts'
import { invocationFailed, invocationSucceeded, prettyLines } from '../../../src/observe/pretty.ts'

function people(showsDebug = false) {
  const lines: string[] = []
  let nowMs = 0
  const out = { write: (line: string) => void lines.push(line.replace(/^\d\d:\d\d:\d\d\.\d{3}/, 'TIME')) }
  const pretty = prettyLines(out, { colours: false, showsDebug, monoMs: () => nowMs })
  const log = createLogger('debug', { destination: pretty })
  return { lines, log, pass: (ms: number) => (nowMs += ms) }
}

function mappingOf(log: Log): Log {
  return log.child({
    mapping: 'u-1',
    source: 'arn:aws:sqs:us-east-1:000000000000:orders',
    function: 'arn:aws:lambda:us-east-1:000000000000:function:handler:live',
  })
}

describe('lines for people', () => {
  it('show each invocation with function, duration, records and source', () => {
    const { lines, log } = people()
    mappingOf(log).debug({ records: 1, durationMs: 12.34 }, invocationSucceeded)
    mappingOf(log).warn(
      { errorType: 'Error', reason: 'boom', records: 3, attempt: 2, next: 'retry', nextRetryMs: 1_500 },
      invocationFailed,
    )
    expect(lines).toEqual([
      'TIME  handler:live     12.3 ms  1 record of orders\n',
      'TIME  handler:live              ERROR Error: boom (3 records of orders, attempt 2, next: retry in 1.5 s)\n',
    ])
  })

  it('name streams and tables by their names', () => {
    const { lines, log } = people()
    const of = (source: string) =>
      log.child({ function: 'f', source }).debug({ records: 2, durationMs: 1 }, invocationSucceeded)
    of('arn:aws:kinesis:us-east-1:000000000000:stream/clicks')
    of('arn:aws:dynamodb:us-east-1:000000000000:table/users/stream/2026-11-28T00:00:00.000')
    of('dynamodb:users')
    expect(lines.map((line) => line.trim().split(' ').at(-1))).toEqual(['clicks', 'users', 'users'])
  })

  it('show everything else with its level and its fields, an error with its stack', () => {
    const { lines, log } = people()
    log.info({ endpoint: 'http://127.0.0.1:4570', mappings: 2 }, 'Millrace is ready.')
    log.error({ error: new Error('no space left'), mapping: 'u' }, 'The store cannot be written.')
    expect(lines[0]).toBe('TIME  info   Millrace is ready.  endpoint=http://127.0.0.1:4570  mappings=2\n')
    expect(lines[1]).toMatch(/^TIME {2}error {2}The store cannot be written\.\nError: no space left\n {4}at /)
  })

  it('let nothing that a stranger wrote move the cursor or pass for a line of ours', () => {
    const { lines, log } = people()
    const reason = 'a\n12:00:00.000  info   forged\u001b[2J\u009b31m\u202e'
    const shown = 'a\\n12:00:00.000  info   forged\\u001b[2J\\u009b31m\\u202e'
    mappingOf(log).warn({ errorType: 'E', reason, records: 1, attempt: 1, next: 'retry' }, invocationFailed)
    log.info({ caller: { userAgent: '\u009b2J' }, reason }, 'Changed.')
    log.error({ error: new Error('no\u001b[2J space') }, 'Failed.')
    expect(lines).toHaveLength(3)
    expect(lines[0]).toContain(`ERROR E: ${shown} (1 record of orders`)
    expect(lines[1]).toBe(`TIME  info   Changed.  caller={"userAgent":"\\u009b2J"}  reason=${shown}\n`)
    expect(lines[2]).toContain('\nError: no\\u001b[2J space\n')
  })

  it('leave other lines of debug out unless they are asked for', () => {
    for (const showsDebug of [false, true]) {
      const { lines, log } = people(showsDebug)
      log.debug({}, 'detail')
      expect(lines).toHaveLength(showsDebug ? 1 : 0)
    }
  })

  it('show twenty invocations a second, and how many more there were', () => {
    const { lines, log, pass } = people()
    for (let count = 0; count < 500; count += 1)
      mappingOf(log).debug({ records: 1, durationMs: 1 }, invocationSucceeded)
    expect(lines).toHaveLength(20)
    pass(1_000)
    mappingOf(log).debug({ records: 1, durationMs: 1 }, invocationSucceeded)
    expect(lines).toHaveLength(22)
    expect(lines[20]?.trim()).toBe('… and 480 more invocations')
  })
})
