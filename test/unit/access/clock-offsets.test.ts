import { describe, expect, it } from 'vitest'
import { createClockOffsetBook } from '../../../src/access/clock-offsets.ts'

const endpoint = 'http://here'
const headerAt = (serverMs: number): string => new Date(serverMs).toUTCString()

/** A local clock that was started at some moment; its wall clock can be set. */
function localClock() {
  const clock = {
    nowMs: 123,
    epochMs: 1_800_000_000_000,
    wallMs: () => clock.epochMs + clock.nowMs,
    monoMs: () => clock.nowMs,
  }
  return clock
}

/** Replies of a server whose clock is `offsetMs` ahead, one every 700 ms. */
function watch(offsetMs: number, roundTripMs: number, replies = 20) {
  const clock = localClock()
  const book = createClockOffsetBook(clock)
  const reply = (): void => {
    const sentMs = clock.nowMs
    const header = headerAt(clock.wallMs() + roundTripMs / 2 + offsetMs)
    clock.nowMs += roundTripMs
    book.observe(endpoint, header, sentMs, clock.nowMs)
    clock.nowMs += 700
  }
  for (let nth = 0; nth < replies; nth += 1) reply()
  return { book, clock }
}

const offsetOf = (offsetMs: number, roundTripMs: number): number => watch(offsetMs, roundTripMs).book.offsetMs(endpoint)

describe('the offset of the other clock', () => {
  it('is nothing before the first reply, and without a usable header', () => {
    const book = createClockOffsetBook()
    expect(book.offsetMs(endpoint)).toBe(0)
    book.observe(endpoint, undefined, 0, 1)
    book.observe(endpoint, 'yesterday', 0, 1)
    expect(book.offsetMs(endpoint)).toBe(0)
  })

  it.each([0, 400, -400, 1_200, -1_200])('does not take %i ms for a difference', (offsetMs) => {
    expect(offsetOf(offsetMs, 4)).toBe(0)
  })

  it.each([5_000, -5_000, 3_600_000, -90_000])('finds %i ms to a fraction of a second', (offsetMs) => {
    expect(Math.abs(offsetOf(offsetMs, 4) - offsetMs)).toBeLessThan(200)
  })

  it('is not misled by long polls, whose reply comes long after the request', () => {
    expect(offsetOf(0, 20_000)).toBe(0)
  })

  it('follows a clock that was set there', () => {
    const { book, clock } = watch(0, 4)
    book.observe(endpoint, headerAt(clock.wallMs() + 60_000), clock.nowMs - 2, clock.nowMs)
    expect(book.offsetMs(endpoint)).toBeGreaterThan(58_000)
  })

  // proves: stream.clock-jump
  it.each([3_600_000, -3_600_000])(
    'knows the time there although our own clock jumps by %i ms, before any reply',
    (jumpMs) => {
      for (const offsetMs of [0, 90_000]) {
        const { book, clock } = watch(offsetMs, 4)
        const right = offsetMs - jumpMs
        clock.epochMs += jumpMs
        expect(Math.abs(book.offsetMs(endpoint) - right)).toBeLessThan(1_000)
        // The server did not jump: what it says is no news.
        const header = headerAt(clock.wallMs() + right)
        book.observe(endpoint, header, clock.nowMs, clock.nowMs + 4)
        expect(Math.abs(book.offsetMs(endpoint) - right)).toBeLessThan(1_000)
      }
    },
  )

  it('is told as the last reply left it to who signs: our machine may have slept', () => {
    const { book, clock } = watch(0, 4)
    clock.epochMs += 3_600_000
    expect(book.repliedOffsetMs(endpoint)).toBe(0)
    expect(book.offsetMs(endpoint)).toBeLessThan(-3_590_000)
    book.observe(endpoint, headerAt(clock.wallMs()), clock.nowMs, clock.nowMs + 4)
    expect([book.offsetMs(endpoint), book.repliedOffsetMs(endpoint)]).toEqual([0, 0])
  })

  it('keeps endpoints apart', () => {
    const book = createClockOffsetBook(localClock())
    book.observe('http://there', headerAt(1_800_000_060_000), 0, 1)
    expect(book.offsetMs(endpoint)).toBe(0)
    expect(book.offsetMs('http://there')).not.toBe(0)
  })
})
