import { reasonOf } from '../async/sleep.ts'
import type { Clock } from '../ports.ts'

interface Place {
  readonly sinceMs: number
}

interface Member {
  /** The places it holds, the oldest first. */
  readonly places: Set<Place>
  readonly waiting: Set<Waiter>
  /** Places beyond its share that it has shown to give back soon. */
  earned: number
}

interface Waiter {
  grant(): void
}

/** A mapping that has held a place for long. */
export interface Holder {
  readonly mapping: string
  readonly places: number
  readonly heldMs: number
}

/** Who gives places back within this time may have more than its share: the others have them soon. */
const briskMs = 10_000

/**
 * Places for a limited number of invocations. Who holds a place cannot be made to give it back, so that nobody takes more than others can
 * do without, however long it then keeps it (architecture §5, Permits):
 *
 * - Each mapping has a share: the places divided by those that have work, and by one more as long as there are some that have none.
 *   So whoever comes finds a share that is free.
 * - Who gives places back soon earns one more for each, up to three quarters of all.
 * - Of what is free, as many as there are mappings without work are kept for their first places, a quarter of all at most.
 *
 * First places come first, then shares, then the rest; each in turn (MiniStack PR 1724).
 */
export class TurnGate {
  readonly placesMax: number
  readonly #keptMax: number
  readonly #clock: Clock
  readonly #members = new Map<string, Member>()
  /** Those with a waiter, in the order of their turns: who was served goes to the end. */
  readonly #asking = new Map<string, Member>()
  #running = 0
  #busy = 0

  constructor(placesMax: number, clock: Clock) {
    this.placesMax = placesMax
    this.#keptMax = Math.floor(placesMax / 4)
    this.#clock = clock
  }

  get running(): number {
    return this.#running
  }

  /** Mappings that wait for a place. */
  get waiting(): number {
    return this.#asking.size
  }

  /** Makes a mapping known before it first asks. */
  join(mapping: string): void {
    this.#member(mapping)
  }

  leave(mapping: string): void {
    const member = this.#members.get(mapping)
    if (member === undefined || isBusy(member)) return
    this.#members.delete(mapping)
    this.#admit()
  }

  /** Resolves with how to give the place back; rejects when the signal comes first. */
  acquire(mapping: string, signal: AbortSignal): Promise<() => void> {
    return new Promise((resolve, reject) => {
      if (signal.aborted) {
        reject(reasonOf(signal))
        return
      }
      const onAbort = (): void => {
        this.#withdraw(mapping, waiter)
        reject(reasonOf(signal))
      }
      const waiter: Waiter = {
        grant: () => {
          signal.removeEventListener('abort', onAbort)
          resolve(this.#placeOf(mapping))
        },
      }
      signal.addEventListener('abort', onAbort, { once: true })
      this.#ask(mapping, waiter)
    })
  }

  /** Those that have held a place for longer than `heldMsMin`, the longest first, while somebody else waits for one. */
  holders(heldMsMin: number): readonly Holder[] {
    const nowMs = this.#clock.monoMs()
    const holders: Holder[] = []
    for (const [mapping, { places }] of this.#members) {
      const [oldest] = places
      if (oldest === undefined || nowMs - oldest.sinceMs < heldMsMin || !this.#othersWait(mapping)) continue
      holders.push({ mapping, places: places.size, heldMs: nowMs - oldest.sinceMs })
    }
    return holders.toSorted((a, b) => b.heldMs - a.heldMs)
  }

  #othersWait(mapping: string): boolean {
    return this.#asking.size > (this.#asking.has(mapping) ? 1 : 0)
  }

  #member(mapping: string): Member {
    const known = this.#members.get(mapping)
    if (known !== undefined) return known
    const member: Member = { places: new Set(), waiting: new Set(), earned: 0 }
    this.#members.set(mapping, member)
    return member
  }

  #ask(mapping: string, waiter: Waiter): void {
    const member = this.#member(mapping)
    if (!isBusy(member)) this.#busy += 1
    member.waiting.add(waiter)
    if (!this.#asking.has(mapping)) this.#asking.set(mapping, member)
    this.#admit()
  }

  #withdraw(mapping: string, waiter: Waiter): void {
    const member = this.#member(mapping)
    member.waiting.delete(waiter)
    this.#rest(mapping, member)
    this.#admit()
  }

  /** It waits no more, and may have no work left. */
  #rest(mapping: string, member: Member): void {
    if (member.waiting.size === 0) this.#asking.delete(mapping)
    if (isBusy(member)) return
    this.#busy -= 1
    member.earned = 0
  }

  #placeOf(mapping: string): () => void {
    const place: Place = { sinceMs: this.#clock.monoMs() }
    this.#member(mapping).places.add(place)
    return () => this.#giveBack(mapping, place)
  }

  #giveBack(mapping: string, place: Place): void {
    const member = this.#member(mapping)
    const isFull = member.places.size >= this.#share() + member.earned
    if (!member.places.delete(place)) return
    this.#running -= 1
    const isBrisk = this.#clock.monoMs() - place.sinceMs <= briskMs
    if (isBrisk && isFull) member.earned = Math.min(this.placesMax, member.earned + 1)
    this.#rest(mapping, member)
    this.#admit()
  }

  #admit(): void {
    for (let next = this.#next(); next !== undefined; next = this.#next()) {
      const [mapping, member] = next
      const [waiter] = member.waiting
      if (waiter === undefined) return
      member.waiting.delete(waiter)
      this.#running += 1
      this.#asking.delete(mapping)
      if (member.waiting.size > 0) this.#asking.set(mapping, member)
      waiter.grant()
    }
  }

  #next(): readonly [string, Member] | undefined {
    const free = this.placesMax - this.#running
    if (free <= 0) return undefined
    const kept = Math.min(this.#members.size - this.#busy, this.#keptMax)
    const share = this.#share()
    let borrower: readonly [string, Member] | undefined
    let sharer: readonly [string, Member] | undefined
    for (const each of this.#asking) {
      const [, member] = each
      const { size } = member.places
      if (size === 0) return each
      if (size < share) sharer ??= each
      else if (sharer === undefined && borrower === undefined && size < share + this.#earned(member)) borrower = each
    }
    if (sharer !== undefined && free > kept) return sharer
    return free > Math.max(kept, this.#keptMax) ? borrower : undefined
  }

  #share(): number {
    const idle = this.#members.size > this.#busy ? 1 : 0
    return Math.max(1, Math.floor(this.placesMax / Math.max(1, this.#busy + idle)))
  }

  /** Nothing is earned by who keeps a place for long. */
  #earned(member: Member): number {
    const [oldest] = member.places
    if (oldest !== undefined && this.#clock.monoMs() - oldest.sinceMs > briskMs) member.earned = 0
    return member.earned
  }
}

function isBusy({ places, waiting }: Member): boolean {
  return places.size > 0 || waiting.size > 0
}
