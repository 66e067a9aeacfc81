import type { LendingMemory, MemoryLoan } from '../model/memory.ts'

/**
 * The part of the budget that goes to whoever comes first; the rest is divided into floors, so that nobody is without any room
 * however much the others hold.
 */
const sharedPart = 0.75
/** One flow may hold so many times what is still free: one alone four fifths of the shared part, two that are stuck four ninths each. */
const greed = 4

/**
 * What the process may hold of records, payloads, replies and answers. Nobody is refused: each flow has an allowance, which is the
 * larger of its floor and a multiple of what is free, and reads only as much as fits it. So whoever holds much is the first
 * to be short of room, something is always free for the others, and a flow that holds nothing hears nothing of it.
 */
export class MemoryBudget implements LendingMemory {
  readonly bytesMax: number
  readonly #accounts = new Set<MemoryAccount>()
  /** Flows that would read and have no room, the one that waits longest first. */
  readonly #waiting = new Set<MemoryAccount>()
  #usedBytes = 0
  #waking = false
  /** Something was given back since the last round of waking. */
  #freed = false

  constructor(bytesMax: number) {
    this.bytesMax = bytesMax
  }

  /** Everything that is charged now. */
  get usedBytes(): number {
    return this.#usedBytes
  }

  borrow(): MemoryLoan {
    let lentBytes = 0
    return {
      charge: (heldBytes) => {
        const byBytes = heldBytes - lentBytes
        lentBytes = heldBytes
        this.#change(byBytes)
      },
    }
  }

  /** `wake` is called when a flow that waited may have room. */
  join(wake: () => void): MemoryAccount {
    const account: MemoryAccount = new MemoryAccount(wake, {
      allowedBytes: (heldBytes) => this.#allowedBytes(heldBytes),
      changed: (byBytes) => this.#change(byBytes),
      waits: (waits) => this.#wait(account, waits),
      left: () => this.#leave(account),
    })
    this.#accounts.add(account)
    return account
  }

  /** As much as keeps what it then holds below `greed` times what is then free. */
  #allowedBytes(heldBytes: number): number {
    const sharedBytes = this.bytesMax * sharedPart
    const floorBytes = (this.bytesMax - sharedBytes) / Math.max(1, this.#accounts.size)
    const moreBytes = (greed * (sharedBytes - this.usedBytes) - heldBytes) / (greed + 1)
    return Math.max(floorBytes, heldBytes + moreBytes)
  }

  #change(byBytes: number): void {
    this.#usedBytes += byBytes
    if (byBytes < 0) this.#wake()
  }

  #wait(account: MemoryAccount, waits: boolean): void {
    if (waits) this.#waiting.add(account)
    else this.#waiting.delete(account)
  }

  #leave(account: MemoryAccount): void {
    this.#accounts.delete(account)
    this.#waiting.delete(account)
  }

  /** In turn, and not one inside the other: whoever is woken reads, and waits at the end of the line for more. */
  #wake(): void {
    this.#freed = true
    if (this.#waking) return
    this.#waking = true
    try {
      while (this.#freed) {
        this.#freed = false
        for (const account of [...this.#waiting]) {
          if (!account.hasRoom() || !this.#waiting.delete(account)) continue
          account.wake()
        }
      }
    } finally {
      this.#waking = false
    }
  }
}

interface Ledger {
  readonly allowedBytes: (heldBytes: number) => number
  readonly changed: (byBytes: number) => void
  readonly waits: (waits: boolean) => void
  readonly left: () => void
}

/** What one flow is charged. */
export class MemoryAccount {
  readonly wake: () => void
  readonly #ledger: Ledger
  #heldBytes = 0
  #missingBytes = 0

  constructor(wake: () => void, ledger: Ledger) {
    this.wake = wake
    this.#ledger = ledger
  }

  /** How much the flow may be charged now; it moves with what the others hold. */
  get allowedBytes(): number {
    return this.#ledger.allowedBytes(this.#heldBytes)
  }

  get heldBytes(): number {
    return this.#heldBytes
  }

  /** Whether it has the room that it waits for. */
  hasRoom(): boolean {
    return this.#heldBytes + this.#missingBytes <= this.allowedBytes
  }

  /** What the flow is charged from now on, and how much it is short of for its next read (0: it is not). */
  charge(heldBytes: number, missingBytes: number): void {
    const before = this.#heldBytes
    this.#heldBytes = heldBytes
    this.#missingBytes = missingBytes
    this.#ledger.waits(missingBytes > 0)
    if (heldBytes !== before) this.#ledger.changed(heldBytes - before)
  }

  leave(): void {
    this.charge(0, 0)
    this.#ledger.left()
  }
}
