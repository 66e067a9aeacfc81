import { describe, expect, it } from 'vitest'
import { createClockOffsetBook } from '../../src/access/clock-offsets.ts'

const endpoint = 'http://here'
const headerAt = (serverMs: number): string => new Date(serverMs).toUTCString()

/** Replies of a server whose clock is `offsetMs` ahead, one every 700 ms. */
function watch(offsetMs: number, roundTripMs: number, replies = 20): number {
  const book = createClockOffsetBook()
  for (let nth = 0; nth < replies; nth += 1) {
    const sentMs = 1_800_000_000_123 + nth * 700
    book.observe(endpoint, headerAt(sentMs + roundTripMs / 2 + offsetMs), sentMs, sentMs + roundTripMs)
  }
  return book.offsetMs(endpoint)
}

describe('the offset of the other clock', () => {
  it('is nothing before the first reply, and without a usable header', () => {
    const book = createClockOffsetBook()
    expect(book.offsetMs(endpoint)).toBe(0)
    book.observe(endpoint, undefined, 0, 1)
    book.observe(endpoint, 'yesterday', 0, 1)
    expect(book.offsetMs(endpoint)).toBe(0)
  })

  it.each([0, 400, -400, 1_200, -1_200])('does not take %i ms for a difference', (offsetMs) => {
    expect(watch(offsetMs, 4)).toBe(0)
  })

  it.each([5_000, -5_000, 3_600_000, -90_000])('finds %i ms to a fraction of a second', (offsetMs) => {
    expect(Math.abs(watch(offsetMs, 4) - offsetMs)).toBeLessThan(200)
  })

  it('is not misled by long polls, whose reply comes long after the request', () => {
    expect(watch(0, 20_000)).toBe(0)
  })

  it('follows a clock that was set', () => {
    const book = createClockOffsetBook()
    const sentMs = 1_800_000_000_500
    book.observe(endpoint, headerAt(sentMs), sentMs, sentMs + 2)
    expect(book.offsetMs(endpoint)).toBe(0)
    book.observe(endpoint, headerAt(sentMs + 60_000), sentMs, sentMs + 2)
    expect(book.offsetMs(endpoint)).toBeGreaterThan(58_000)
  })

  it('keeps endpoints apart', () => {
    const book = createClockOffsetBook()
    book.observe('http://there', headerAt(1_800_000_060_000), 1_800_000_000_000, 1_800_000_000_001)
    expect(book.offsetMs(endpoint)).toBe(0)
    expect(book.offsetMs('http://there')).not.toBe(0)
  })
})
