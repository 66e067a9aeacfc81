import { describe, expect, it } from 'vitest'
import { createLogger } from '../../../src/observe/log.ts'
import { foldRepetitions } from '../../../src/observe/repetition.ts'

interface Line {
  readonly level: string
  readonly msg: string
  readonly mapping?: string
  readonly leftOut?: number
}

/** A log whose clock the test moves. */
function world(whole?: ReadonlySet<string>) {
  const lines: (Line & { readonly atMs: number })[] = []
  let nowMs = 0
  const destination = { write: (line: string) => void lines.push({ ...(JSON.parse(line) as Line), atMs: nowMs }) }
  const log = foldRepetitions(createLogger('debug', { destination }), () => nowMs, whole)
  return { lines, log, pass: (ms: number) => (nowMs += ms) }
}

const minuteMs = 60_000

// proves: log.bounded
describe('a fault that lasts', () => {
  it('is told three times, then at a growing pace with what was left out', () => {
    const { lines, log, pass } = world()
    const mapping = log.child({ mapping: 'a' })
    for (let second = 0; second < 3_600; second += 1) {
      mapping.warn({ errorType: 'Error', reason: 'boom' }, 'An invocation failed.')
      pass(1_000)
    }
    expect(lines.map(({ atMs }) => atMs / 1_000)).toEqual([
      0, 1, 2, 12, 32, 72, 152, 312, 632, 1_232, 1_832, 2_432, 3_032,
    ])
    expect(lines.map(({ leftOut }) => leftOut ?? 0)).toEqual([0, 0, 0, 9, 19, 39, 79, 159, 319, 599, 599, 599, 599])
  })

  it('of a source is one line for each change', () => {
    const { lines, log, pass } = world()
    const mapping = log.child({ mapping: 'a' })
    const look = (trouble: string) => {
      mapping.warn({ trouble, reason: 'no' }, `The source is ${trouble}.`)
      pass(500)
    }
    for (let count = 0; count < 10; count += 1) look('missing')
    for (let count = 0; count < 10; count += 1) look('denied')
    mapping.info({}, 'The source is there.')
    for (let count = 0; count < 10; count += 1) look('denied')
    expect(lines.map(({ msg }) => msg)).toEqual([
      'The source is missing.',
      'The source is denied.',
      'The source is there.',
      'The source is denied.',
    ])
  })

  it('of hundreds of mappings at once is fewer than 60 lines in each minute', () => {
    const { lines, log, pass } = world()
    const mappings = Array.from({ length: 200 }, (_, index) => log.child({ mapping: `m${index}` }))
    for (let tick = 0; tick < 600; tick += 1) {
      for (const mapping of mappings) {
        mapping.warn({ trouble: 'failed', reason: 'connect ECONNREFUSED' }, 'The source cannot be reached.')
        mapping.error({ error: new Error('no space left') }, 'The checkpoint cannot be written.')
      }
      pass(1_000)
    }
    const perMinute = Array.from({ length: 10 }, (_, minute) =>
      lines.filter(({ atMs }) => Math.floor(atMs / minuteMs) === minute),
    )
    expect(Math.max(...perMinute.map((of) => of.length))).toBeLessThan(60)
    expect(Math.min(...perMinute.map((of) => of.length))).toBeGreaterThan(0)
  })

  it('of a source that comes and goes does not fill the log either', () => {
    const { lines, log, pass } = world()
    const mapping = log.child({ mapping: 'a', shard: 's' })
    for (let second = 0; second < 600; second += 1) {
      mapping.warn({ trouble: 'failed', reason: 'no' }, 'The source cannot be read.')
      mapping.info({}, 'The source can be read again.')
      pass(1_000)
    }
    expect(lines.filter(({ atMs }) => atMs < minuteMs).length).toBeLessThan(60)
    expect(lines.filter(({ atMs }) => atMs >= 540_000).length).toBeLessThan(40)
  })

  it('does not hide another fault, a failure of another type, or what happens to another mapping', () => {
    const { lines, log } = world()
    const [a, b] = [log.child({ mapping: 'a' }), log.child({ mapping: 'b' })]
    for (let count = 0; count < 10; count += 1) a.warn({ errorType: 'Error' }, 'An invocation failed.')
    a.warn({ errorType: 'Function.TimedOut' }, 'An invocation failed.')
    a.error({}, 'Records were dropped.')
    b.warn({ errorType: 'Error' }, 'An invocation failed.')
    expect(lines.slice(3).map(({ level, mapping, msg }) => [level, mapping, msg])).toEqual([
      ['warn', 'a', 'An invocation failed.'],
      ['error', 'a', 'Records were dropped.'],
      ['warn', 'b', 'An invocation failed.'],
    ])
  })

  it('is news again when it was quiet for a while', () => {
    const { lines, log, pass } = world()
    const mapping = log.child({ mapping: 'a' })
    const fail = () => mapping.warn({ errorType: 'Error' }, 'An invocation failed.')
    for (let count = 0; count < 5; count += 1) fail()
    pass(2 * minuteMs)
    for (let count = 0; count < 5; count += 1) fail()
    expect(lines.map(({ leftOut }) => leftOut ?? 0)).toEqual([0, 0, 0, 2, 0, 0])
  })
})

describe('what is never left out', () => {
  it('are lines of debug, of no mapping, and those that are bounded elsewhere', () => {
    const { lines, log } = world(new Set(['whole']))
    for (let count = 0; count < 100; count += 1) {
      log.child({ mapping: 'a' }).debug({}, 'detail')
      log.child({ mapping: 'a' }).warn({}, 'whole')
      log.info({ uuid: 'a' }, 'Changed by a request of the API.')
    }
    expect(lines).toHaveLength(300)
  })

  it('are the states of hundreds of mappings', () => {
    const { lines, log } = world()
    for (let count = 0; count < 500; count += 1) log.child({ mapping: `m${count}` }).info({}, 'The mapping is Enabled.')
    expect(lines).toHaveLength(500)
  })
})
