/** Below this part of the budget the pressure is off again: it must not flap with every batch. */
const relief = 0.8

/**
 * What all flows together may hold. Nobody is refused: a flow under pressure sends off what it gathers and reads no further than the
 * one read it may always hold, so the whole stays near the limit and nothing waits for anything.
 */
export class ByteBudget {
  readonly #bytesMax: number
  readonly #held = new Map<object, number>()
  readonly #listeners = new Map<object, (on: boolean) => void>()
  #total = 0
  #pressed = false

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax
  }

  get heldBytes(): number {
    return this.#total
  }

  /** `tell` hears of every change of the pressure. Answers whether it is on now. */
  join(flow: object, tell: (on: boolean) => void): boolean {
    this.#listeners.set(flow, tell)
    return this.#pressed
  }

  leave(flow: object): void {
    this.#listeners.delete(flow)
    this.hold(flow, 0)
    this.#held.delete(flow)
  }

  /** How much a flow holds from now on. */
  hold(flow: object, bytes: number): void {
    const before = this.#held.get(flow) ?? 0
    if (before === bytes) return
    this.#held.set(flow, bytes)
    this.#total += bytes - before
    const pressed = this.#pressed ? this.#total > this.#bytesMax * relief : this.#total > this.#bytesMax
    if (pressed === this.#pressed) return
    this.#pressed = pressed
    // A flow that is told may give bytes back at once: whoever hears last hears how it is then.
    for (const tell of this.#listeners.values()) tell(this.#pressed)
  }
}
