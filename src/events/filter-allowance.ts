import type { Effort } from './effort.ts'

/**
 * Which elements of several lists go together is a puzzle that takes for ever where an event is made for it. A branch is given so many
 * looks for each node of the event.
 */
const looksPerNodeMax = 16
const looksMin = 10_000

/** The looks are used up. */
export class Puzzled extends Error {
  override readonly name = 'Puzzled'
}

/** What the search of one branch may look at. True from either: the slice is over. */
export class Allowance {
  readonly #effort: Effort
  #nodes = 0
  #looks = 0

  constructor(effort: Effort) {
    this.#effort = effort
  }

  /** Nodes of the event, each of which is met once. */
  meet(nodes: number): boolean {
    this.#nodes += nodes
    return this.#effort.spend(nodes)
  }

  /** At a leaf, an element or a list, as often as the search comes by. */
  look(looks: number): boolean {
    this.#looks += looks
    if (this.#looks > this.#nodes * looksPerNodeMax + looksMin) throw new Puzzled()
    return this.#effort.spend(looks)
  }
}
