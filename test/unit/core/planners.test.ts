import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { backoffMs } from '../../../src/core/backoff.ts'
import { batchLength, isFull } from '../../../src/core/batch-size.ts'
import { createPace, paceAfterTrouble } from '../../../src/core/pace.ts'
import { planRetry } from '../../../src/core/retry-plan.ts'
import { ok, reported, thrown, throttled } from './scenario.ts'

const sized = (...bytes: number[]): { record: { bytes: number } }[] => bytes.map((one) => ({ record: { bytes: one } }))

describe('batches', () => {
  it('put one after the other are what came in, each within its limits unless a single record is too big', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 50 })),
        fc.integer({ min: 1, max: 10 }),
        fc.integer({ min: 1, max: 80 }),
        (all, records, bytes) => {
          const limits = { records, bytes }
          const list = sized(...all)
          for (let start = 0; start < list.length;) {
            const length = batchLength(list, start, limits)
            const weight = all.slice(start, start + length).reduce((sum, one) => sum + one + 1, -1)
            expect(length).toBeGreaterThan(0)
            expect(length).toBeLessThanOrEqual(records)
            if (length > 1) expect(weight).toBeLessThanOrEqual(bytes)
            start += length
          }
        },
      ),
    )
  })

  it('are full by count, or when the next record does not fit', () => {
    expect(isFull(sized(1, 1), 0, { records: 2, bytes: 100 })).toBe(true)
    expect(isFull(sized(60, 60), 0, { records: 9, bytes: 100 })).toBe(true)
    expect(isFull(sized(10, 10), 0, { records: 9, bytes: 100 })).toBe(false)
  })
})

describe('the plan after an attempt', () => {
  const limits = { retryAttemptsMax: 2, bisect: true }

  it.each([
    ['a success', { count: 3, attempts: 1 }, ok, { kind: 'done' }],
    ['a failure of several records', { count: 5, attempts: 1 }, thrown, { kind: 'split', first: 2 }],
    ['a failure of one record', { count: 1, attempts: 2 }, thrown, { kind: 'retry' }],
    [
      'the last failure of one record',
      { count: 1, attempts: 3 },
      thrown,
      { kind: 'discard', condition: 'RetryAttemptsExhausted' },
    ],
    ['a report that gets on', { count: 3, attempts: 3 }, reported(2), { kind: 'advance', done: 2 }],
    ['a report that does not', { count: 3, attempts: 1 }, reported(0, 2), { kind: 'split', first: 1 }],
    ['a throttle', { count: 3, attempts: 9 }, throttled, { kind: 'pause' }],
  ] as const)('of %s', (_, unit, outcome, plan) => {
    expect(planRetry(unit, outcome, limits)).toEqual(plan)
  })

  it('never gives up without a limit', () => {
    expect(planRetry({ count: 1, attempts: 1_000_000 }, thrown, { retryAttemptsMax: null, bisect: false })).toEqual({
      kind: 'retry',
    })
  })
})

describe('pauses', () => {
  it('double up to their cap, keep a floor against bad luck, and are whole milliseconds', () => {
    const backoff = { baseMs: 1_000, capMs: 30_000 }
    expect([1, 2, 3, 4, 5, 6, 7].map((failures) => backoffMs(failures, backoff, 1))).toEqual([
      1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000,
    ])
    expect(backoffMs(5, backoff, 0)).toBe(100)
    fc.assert(
      fc.property(fc.nat({ max: 5_000 }), fc.double({ min: 0, max: 1, noNaN: true }), (failures, jitter) => {
        const pauseMs = backoffMs(failures + 1, backoff, jitter)
        expect(Number.isInteger(pauseMs) && pauseMs >= 100 && pauseMs <= 30_000).toBe(true)
      }),
    )
  })

  const env = { monoMs: 0, sourceMs: 0, receiptMonoMs: 0, retentionSourceMs: 0, allowedBytes: 0, jitter: 1 }

  it('last as long as a throttled source asks', () => {
    expect(paceAfterTrouble(createPace(), { kind: 'throttled', message: '', retryAfterMs: 7_000 }, env)).toBe(7_000)
  })

  it('are short for what the next read mends, and long for a source that is not there', () => {
    expect(paceAfterTrouble(createPace(), { kind: 'expired', message: '' }, env)).toBe(1)
    expect(paceAfterTrouble(createPace(), { kind: 'missing', message: '' }, env)).toBe(1_000)
    const pace = createPace()
    const pauses = Array.from({ length: 6 }, () => paceAfterTrouble(pace, { kind: 'denied', message: '' }, env))
    expect(pauses).toEqual([1_000, 2_000, 4_000, 8_000, 10_000, 10_000])
  })
})
