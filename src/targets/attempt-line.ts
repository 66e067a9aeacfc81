/** One attempt that is out. */
export interface AttemptSpot {
  readonly sentMs: number
  /** Nothing was heard of the function for long: its environment has to be started, its image may have to be pulled. */
  readonly isCold: boolean
  /** The latest moment at which it may have begun: an endpoint that runs one at a time lets it wait for those before it. */
  beganMs(): number
  /** `answeredMs`: when there was an answer to it; null: there was none. */
  leave(nowMs: number, answeredMs: number | null): void
}

interface Link {
  readonly sentMs: number
  /** When somebody before it, and behind who is before it now, was answered. */
  clearedMs: number
  before: Link | null
  behind: Link | null
}

/** Environments are kept for so long by those who keep them (LocalStack 10 minutes, AWS about as long). */
const silenceMs = 600_000

/** The attempts of one function that are out, in the order in which they were sent. */
export class AttemptLine {
  #last: Link | null = null
  #count = 0
  #endedMs = Number.NEGATIVE_INFINITY

  get isEmpty(): boolean {
    return this.#count === 0
  }

  enter(sentMs: number): AttemptSpot {
    const link: Link = { sentMs, clearedMs: sentMs, before: this.#last, behind: null }
    if (this.#last !== null) this.#last.behind = link
    this.#last = link
    this.#count += 1
    return {
      sentMs,
      isCold: sentMs - this.#endedMs > silenceMs,
      beganMs: () => latest(link),
      leave: (nowMs, answeredMs) => {
        this.#endedMs = nowMs
        this.#leave(link, answeredMs ?? 0)
      },
    }
  }

  #leave(link: Link, answeredMs: number): void {
    const { before, behind } = link
    if (before !== null) before.behind = behind
    if (behind === null) this.#last = before
    else {
      behind.before = before
      behind.clearedMs = Math.max(behind.clearedMs, link.clearedMs, answeredMs)
    }
    this.#count -= 1
  }
}

function latest(link: Link): number {
  let ms = link.clearedMs
  for (let each = link.before; each !== null; each = each.before) ms = Math.max(ms, each.clearedMs)
  return ms
}
