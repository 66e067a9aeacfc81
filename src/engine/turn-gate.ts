import { reasonOf } from '../async/sleep.ts'

interface Member {
  running: number
  readonly waiting: Set<Waiter>
}

interface Waiter {
  grant(): void
}

/**
 * Places for a limited number of invocations, given to the mappings in turn. As long as others that hold no place are around,
 * a quarter of the places at most is kept free for them: a mapping whose function takes minutes must not make the rest wait for one
 * to end (MiniStack PR 1724).
 */
export class TurnGate {
  readonly #placesMax: number
  readonly #keptMax: number
  /** In the order of their turns: who was served goes to the end. */
  readonly #members = new Map<string, Member>()
  #running = 0
  #idle = 0

  constructor(placesMax: number) {
    this.#placesMax = placesMax
    this.#keptMax = Math.floor(placesMax / 4)
  }

  get running(): number {
    return this.#running
  }

  /** Makes a mapping known before it first asks. */
  join(mapping: string): void {
    this.#member(mapping)
  }

  leave(mapping: string): void {
    const member = this.#members.get(mapping)
    if (member === undefined || member.running > 0 || member.waiting.size > 0) return
    this.#members.delete(mapping)
    this.#idle -= 1
    this.#admit()
  }

  /** Resolves with how to give the place back; rejects when the signal comes first. */
  acquire(mapping: string, signal: AbortSignal): Promise<() => void> {
    return new Promise((resolve, reject) => {
      if (signal.aborted) {
        reject(reasonOf(signal))
        return
      }
      const { waiting } = this.#member(mapping)
      const onAbort = (): void => {
        waiting.delete(waiter)
        reject(reasonOf(signal))
      }
      const waiter: Waiter = {
        grant: () => {
          signal.removeEventListener('abort', onAbort)
          resolve(this.#placeOf(mapping))
        },
      }
      signal.addEventListener('abort', onAbort, { once: true })
      waiting.add(waiter)
      this.#admit()
    })
  }

  #member(mapping: string): Member {
    const known = this.#members.get(mapping)
    if (known !== undefined) return known
    const member: Member = { running: 0, waiting: new Set() }
    this.#members.set(mapping, member)
    this.#idle += 1
    return member
  }

  #placeOf(mapping: string): () => void {
    let held = true
    return () => {
      if (!held) return
      held = false
      this.#running -= 1
      const member = this.#member(mapping)
      member.running -= 1
      if (member.running === 0) this.#idle += 1
      this.#admit()
    }
  }

  #admit(): void {
    for (let next = this.#next(); next !== undefined; next = this.#next()) {
      const [mapping, member, waiter] = next
      member.waiting.delete(waiter)
      if (member.running === 0) this.#idle -= 1
      member.running += 1
      this.#running += 1
      this.#members.delete(mapping)
      this.#members.set(mapping, member)
      waiter.grant()
    }
  }

  #next(): readonly [string, Member, Waiter] | undefined {
    const free = this.#placesMax - this.#running
    if (free <= 0) return undefined
    for (const [mapping, member] of this.#members) {
      const [waiter] = member.waiting
      if (waiter === undefined) continue
      const kept = member.running === 0 ? 0 : Math.min(this.#idle, this.#keptMax)
      if (free > kept) return [mapping, member, waiter]
    }
    return undefined
  }
}
