import { expect, it } from 'vitest'
import { statusLines } from '../../../src/cli/status-table.ts'
import type { MappingOverview } from '../../../src/model/mapping-status.ts'
import { idleFlow } from '../api/why/evidence.ts'

const nowMs = 1_000_000_000

const report: MappingOverview = {
  uuid: '6da806ed-455d-4f6e-9956-301ca4489319',
  state: 'Enabled',
  source: 'arn:aws:sqs:us-east-1:000000000000:orders',
  functionArn: 'arn:aws:lambda:us-east-1:000000000000:function:orders:live',
  pauseReasons: [],
  lastProcessingResult: null,
  lastError: null,
  sourceTrouble: null,
  functionTrouble: null,
  activity: { lastInvokedMs: null, recordsPerSecond: 0 },
  backlog: null,
  flows: [{ ...idleFlow, invoking: 0, behindMs: null }],
}

const long = 'a-name-that-is-as-long-as-names-may-become-in-the-accounts-of-others'

it('a row says what waits, how old the oldest record is, how fast it goes, and when the function was last invoked', () => {
  const queue = {
    ...report,
    backlog: { visible: 120, inFlight: 3, delayed: 5 },
    activity: { lastInvokedMs: nowMs - 2_500, recordsPerSecond: 3.4 },
    flows: [
      { ...idleFlow, invoking: 1, behindMs: null },
      { ...idleFlow, invoking: 2, behindMs: null },
    ],
  }
  const stream = {
    ...report,
    source: 'arn:aws:dynamodb:us-east-1:000000000000:table/users/stream/2026-01-01T00:00:00.000',
    activity: { lastInvokedMs: nowMs - 7_300_000, recordsPerSecond: 0 },
    flows: [
      { ...idleFlow, invoking: 0, behindMs: 190_000 },
      { ...idleFlow, invoking: 0, behindMs: 0 },
    ],
  }
  expect(statusLines([queue, stream, report], nowMs, undefined)).toEqual([
    'SOURCE          FUNCTION     STATE    BACKLOG  OLDEST  RATE/S  NOW  LAST',
    'sqs:orders      orders:live  Enabled  125      -       3.4     3    2s',
    'dynamodb:users  orders:live  Enabled  -        3m      0       0    2h',
    'sqs:orders      orders:live  Enabled  -        -       0       0    -',
  ])
})

it('below it stands what troubles source and function, and the last error with its age', () => {
  const trouble = <Kind extends string>(kind: Kind, message: string) => ({ kind, message, sinceMs: nowMs - 185_000 })
  const of = (changed: Partial<MappingOverview>) => statusLines([{ ...report, ...changed }], nowMs, undefined).slice(2)
  expect(of({ functionTrouble: trouble('throttled', 'Rate Exceeded.') })).toEqual([
    '  function throttled for 3m: Rate Exceeded.',
  ])
  expect(
    of({
      sourceTrouble: trouble('missing', 'The queue does not exist.'),
      functionTrouble: trouble('failed', 'Error: boom'),
      lastError: { atMs: nowMs - 1_000, message: 'Error: boom' },
    }),
  ).toEqual(['  source missing for 3m: The queue does not exist.', '  function failing for 3m: Error: boom'])
  expect(of({ functionTrouble: trouble('noLambda', 'An XML page.') })).toEqual([
    '  function without a Lambda for 3m: An XML page.',
  ])
  expect(of({ lastError: { atMs: nowMs - 60_000, message: 'Error: boom\nat once' } })).toEqual([
    '  last error 1m ago: Error: boom at once',
  ])
  expect(of({ pauseReasons: ['disabled'], state: 'Disabled' })).toEqual([])
})

it('it fits 80 columns where nobody says how many there are, and as many as somebody says', () => {
  const wide = {
    ...report,
    source: `arn:aws:sqs:us-east-1:000000000000:${long}.fifo`,
    functionArn: `arn:aws:lambda:us-east-1:000000000000:function:${long}`,
    lastError: { atMs: nowMs, message: long.repeat(5) },
  }
  const widest = (columns?: number) =>
    Math.max(
      ...statusLines([wide, report], nowMs, columns === undefined ? undefined : { columns }).map((l) => l.length),
    )
  expect(widest()).toBe(80)
  expect(widest(66)).toBe(66)
  expect(statusLines([wide], nowMs, undefined)[1]).toMatch(/^sqs:a-\S+…\S*\.fifo {2}a-name-\S+…\S*others {2}Enabled/)
  expect(statusLines([report], nowMs, { columns: 119 })[0]).not.toContain('UUID')
  expect(statusLines([report], nowMs, { columns: 120 })[1]).toContain(report.uuid)
})

it('it fits the height: those in trouble are kept, the rest is counted', () => {
  const troubled = {
    ...report,
    functionTrouble: { kind: 'missing' as const, message: 'no such function', sinceMs: nowMs },
  }
  const healthy = Array.from({ length: 10 }, () => report)
  const lines = statusLines([...healthy, troubled], nowMs, { rows: 8 })
  expect(lines).toHaveLength(8)
  expect(lines.slice(-3)).toEqual([
    expect.stringMatching(/^sqs:orders/),
    '  function missing for 0s: no such function',
    'and 6 more mappings',
  ])
  expect(
    statusLines(
      Array.from({ length: 9 }, () => troubled),
      nowMs,
      { rows: 4 },
    ).at(-1),
  ).toBe('and 8 more mappings, 8 of them in trouble')
  expect(statusLines([...healthy, troubled], nowMs, undefined)).toHaveLength(13)
})
