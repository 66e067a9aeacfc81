export const megabyte = 1_048_576

/** More than this buys nothing: what is read ahead only waits. */
const budgetBytesMax = 96 * megabyte

/** A quarter of what the process may use: records are held once as text, once more in the event that is out, and copied on the way. */
export function defaultMemoryBytes(limitBytes: number): number {
  return Math.min(budgetBytesMax, Math.floor(limitBytes / 4))
}

/** What the process may hold in memory, for what belongs to no flow: replies on their way, the bodies of requests. */
export interface LendingMemory {
  readonly bytesMax: number
  borrow(): MemoryLoan
}

export interface MemoryLoan {
  /** What is held of it from now on; nothing is refused. */
  charge(heldBytes: number): void
}
