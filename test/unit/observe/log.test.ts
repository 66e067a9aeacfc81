import { expect, it } from 'vitest'
import { createLogger, silentLog, type LogLevel } from '../../../src/observe/log.ts'

function capture(level: LogLevel) {
  const lines: string[] = []
  const log = createLogger(level, { destination: { write: (line) => void lines.push(line) } })
  return { log, lines, objects: () => lines.map((line) => JSON.parse(line) as Record<string, unknown>) }
}

it('a line is one JSON object with level, time, fields and message, and no more', () => {
  const { log, lines, objects } = capture('info')
  log.info({ mapping: 'a', count: 2 }, 'mapping enabled')
  expect(lines).toHaveLength(1)
  expect(lines[0]?.endsWith('\n')).toBe(true)
  expect(objects()).toEqual([
    {
      level: 'info',
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/) as string,
      mapping: 'a',
      count: 2,
      msg: 'mapping enabled',
    },
  ])
})

it.each<[LogLevel, string[]]>([
  ['debug', ['debug', 'info', 'warn', 'error']],
  ['info', ['info', 'warn', 'error']],
  ['warn', ['warn', 'error']],
  ['error', ['error']],
  ['silent', []],
])('at level %s the log holds %j', (level, expected) => {
  const { log, objects } = capture(level)
  log.debug({}, 'd')
  log.info({}, 'i')
  log.warn({}, 'w')
  log.error({}, 'e')
  expect(objects().map((line) => line['level'])).toEqual(expected)
})

it('a child adds its fields to every line, its own children too', () => {
  const { log, objects } = capture('info')
  log.child({ mapping: 'a' }).child({ flow: 'queue' }).warn({ retryMs: 5 }, 'throttled')
  expect(objects()).toMatchObject([{ mapping: 'a', flow: 'queue', retryMs: 5, msg: 'throttled' }])
})

it('an error is written with type, message, stack and cause', () => {
  const { log, objects } = capture('error')
  log.error({ error: new TypeError('no', { cause: new Error('because') }) }, 'failed')
  expect(objects()).toMatchObject([
    {
      error: {
        type: 'TypeError',
        message: expect.stringContaining('no') as string,
        stack: expect.stringContaining('because') as string,
      },
    },
  ])
})

it('the silent log takes lines and writes none', () => {
  expect(() => silentLog.child({ a: 1 }).error({}, 'nobody hears')).not.toThrow()
})
