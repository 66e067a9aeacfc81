import type { ClockOffsets } from './aws-access.ts'

/**
 * What the `Date` headers say about the other side's clock. The header has a resolution of one second and falls somewhere
 * between our sending and receiving, so a reply bounds the offset from both sides; the bounds of many replies narrow each
 * other, and replies that contradict them (a clock was set) start anew.
 */
export interface ClockOffsetBook extends ClockOffsets {
  /** One reply: its `Date` header, and when by the local clock the request was sent and the reply arrived. */
  observe(endpoint: string, dateHeader: string | undefined, sentMs: number, receivedMs: number): void
}

/** Below this a difference is taken for the resolution of the header, a slow reply, or a server that caches the date. */
const insignificantMs = 1_500

export function createClockOffsetBook(): ClockOffsetBook {
  const books = new Map<string, Bounds>()
  let lastHeader = ''
  let lastMs = 0
  return {
    observe(endpoint, dateHeader, sentMs, receivedMs) {
      if (dateHeader === undefined) return
      if (dateHeader !== lastHeader) {
        lastHeader = dateHeader
        lastMs = Date.parse(dateHeader)
      }
      if (Number.isNaN(lastMs)) return
      const seen = { low: lastMs - receivedMs, high: lastMs + 1_000 - sentMs }
      const known = books.get(endpoint)
      books.set(endpoint, known === undefined ? seen : narrow(known, seen))
    },
    offsetMs(endpoint) {
      const book = books.get(endpoint)
      if (book === undefined) return 0
      if (book.low < insignificantMs && book.high > -insignificantMs) return 0
      return Math.round((book.low + book.high) / 2)
    },
  }
}

interface Bounds {
  readonly low: number
  readonly high: number
}

function narrow(known: Bounds, seen: Bounds): Bounds {
  const low = Math.max(known.low, seen.low)
  const high = Math.min(known.high, seen.high)
  return low <= high ? { low, high } : seen
}
