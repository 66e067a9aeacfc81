/** Leaves that belong together, directly or through others. */
export class Groups {
  readonly #nextOf = new Map<number, number>()

  /** The one that stands for the group. */
  of(leaf: number): number {
    let at = leaf
    for (let next = this.#nextOf.get(at); next !== undefined; next = this.#nextOf.get(at)) at = next
    // What was walked is not walked again.
    if (at !== leaf) this.#nextOf.set(leaf, at)
    return at
  }

  join(one: number, other: number): void {
    const [first, second] = [this.of(one), this.of(other)]
    if (first !== second) this.#nextOf.set(second, first)
  }
}
