import type { LendingMemory, MemoryLoan } from '../model/memory.ts'

/** One reply on its way in. */
export interface ReplySeat {
  /** Counts what has come. False: nothing more is to be taken before `goOn` was called. */
  take(bytes: number): boolean
  /** Once, however the reply ended. */
  leave(): void
}

interface Guest {
  readonly goOn: () => void
  bytes: number
}

/** A reply below this never waits: most are, and all of them together are few bytes. */
const smallBytesMax = 65_536
/** What a connection hands over at once. */
const chunkBytes = 65_536

/**
 * The replies that are being received, all connections of the process together. When they fill the room, only the one that came first
 * goes on, so that each ends in its turn; the others are left in their sockets meanwhile.
 */
export class ReplyRoom {
  readonly #bytesMax: number
  readonly #loan: MemoryLoan | null
  /** In the order in which they came. */
  readonly #guests = new Set<Guest>()
  readonly #paused = new Set<Guest>()
  #bytes = 0

  /** Replies have a quarter of what there is. */
  constructor(memory: LendingMemory | null = null) {
    this.#bytesMax = memory === null ? Number.POSITIVE_INFINITY : memory.bytesMax / 4
    this.#loan = memory?.borrow() ?? null
  }

  get bytes(): number {
    return this.#bytes
  }

  enter(goOn: () => void): ReplySeat {
    const guest: Guest = { goOn, bytes: 0 }
    this.#guests.add(guest)
    return {
      take: (bytes) => {
        guest.bytes += bytes
        this.#change(bytes)
        if (guest.bytes <= smallBytesMax || this.#bytes <= this.#bytesMax || guest === this.#first()) return true
        this.#paused.add(guest)
        return false
      },
      leave: () => {
        if (!this.#guests.delete(guest)) return
        this.#paused.delete(guest)
        this.#change(-guest.bytes)
        this.#wake()
      },
    }
  }

  #change(byBytes: number): void {
    this.#bytes += byBytes
    this.#loan?.charge(this.#bytes)
  }

  /** The first of those that are large: a small one, which may be a long poll, holds nobody up. */
  #first(): Guest | undefined {
    for (const guest of this.#guests) if (guest.bytes > smallBytesMax) return guest
    return undefined
  }

  /** As many as have room for what comes next. The first goes on in any case, so somebody always ends and wakes the others. */
  #wake(): void {
    let leftBytes = this.#bytesMax - this.#bytes
    const first = this.#first()
    for (const guest of this.#paused) {
      if (leftBytes < chunkBytes && guest !== first) continue
      leftBytes -= chunkBytes
      this.#paused.delete(guest)
      guest.goOn()
    }
  }
}
