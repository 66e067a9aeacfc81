import type { FlowRequest } from '../core/flow/messages.ts'
import type { Clock } from '../ports.ts'

/** A FIFO queue repeats a receive for this long (behaviour §13.6). */
const keptMs = 300_000

/** Names the reads of one flow: a read that repeats a lost one carries its name, so that a FIFO queue answers with the same messages. */
export class AttemptIds {
  readonly #clock: Clock
  readonly #names = new Map<number, { readonly name: string; readonly sinceMs: number }>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  of(read: Pick<Extract<FlowRequest, { kind: 'read' }>, 'id' | 'repeats'>): string {
    const nowMs = this.#clock.monoMs()
    for (const [id, { sinceMs }] of this.#names) {
      if (nowMs - sinceMs <= keptMs) break
      this.#names.delete(id)
    }
    const repeated = read.repeats === null ? undefined : this.#names.get(read.repeats)
    const named = repeated ?? { name: this.#clock.uuid(), sinceMs: nowMs }
    this.#names.set(read.id, named)
    return named.name
  }

  /** An answered read is not repeated. */
  forget(id: number): void {
    this.#names.delete(id)
  }
}
