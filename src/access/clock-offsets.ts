import type { ClockOffsets } from './aws-access.ts'

/**
 * What the `Date` headers say about the other side's clock. The header has a resolution of one second and falls somewhere
 * between our sending and receiving, so a reply bounds the offset from both sides; the bounds of many replies narrow each
 * other, and replies that contradict them (the other clock was set) start anew.
 *
 * They are kept against the monotonic clock: when our own wall clock jumps, the other side's time is still known, and nobody is
 * judged by the jump before the next reply.
 */
export interface ClockOffsetBook extends ClockOffsets {
  /** One reply: its `Date` header, and when by the monotonic clock the request was sent and the reply arrived. */
  observe(endpoint: string, dateHeader: string | undefined, sentMonoMs: number, receivedMonoMs: number): void
  /** The offset as the last reply left it: after a pause of this machine its wall clock is right, and the monotonic one is behind. */
  repliedOffsetMs(endpoint: string): number
}

/** Below this a difference is taken for the resolution of the header, a slow reply, or a server that caches the date. */
const insignificantMs = 1_500

interface LocalClock {
  wallMs(): number
  monoMs(): number
}

const localClock: LocalClock = { wallMs: () => Date.now(), monoMs: () => performance.now() }

export function createClockOffsetBook(local: LocalClock = localClock): ClockOffsetBook {
  const books = new Map<string, Bounds & { readonly wallAheadMs: number }>()
  let lastHeader = ''
  let lastMs = 0
  const wallAheadMs = (): number => local.wallMs() - local.monoMs()
  return {
    observe(endpoint, dateHeader, sentMonoMs, receivedMonoMs) {
      if (dateHeader === undefined) return
      if (dateHeader !== lastHeader) {
        lastHeader = dateHeader
        lastMs = Date.parse(dateHeader)
      }
      if (Number.isNaN(lastMs)) return
      const seen = { low: lastMs - receivedMonoMs, high: lastMs + 1_000 - sentMonoMs }
      const known = books.get(endpoint)
      const bounds = known === undefined ? seen : narrow(known, seen)
      books.set(endpoint, { ...bounds, wallAheadMs: wallAheadMs() })
    },
    offsetMs(endpoint) {
      const book = books.get(endpoint)
      return book === undefined ? 0 : offsetOf(book, wallAheadMs())
    },
    repliedOffsetMs(endpoint) {
      const book = books.get(endpoint)
      return book === undefined ? 0 : offsetOf(book, book.wallAheadMs)
    },
  }
}

function offsetOf({ low, high }: Bounds, wallAheadMs: number): number {
  if (low - wallAheadMs < insignificantMs && high - wallAheadMs > -insignificantMs) return 0
  return Math.round((low + high) / 2 - wallAheadMs)
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
