import type { Checkpoint } from '../../../src/model/checkpoint.ts'

/** Keeps one checkpoint behind a fence: whoever opened it last may write. */
export class FakeStore {
  checkpoint: Checkpoint | null = null
  #fence = 0

  open(): { fence: number; checkpoint: Checkpoint | null } {
    this.#fence += 1
    return { fence: this.#fence, checkpoint: this.checkpoint }
  }

  write(fence: number, checkpoint: Checkpoint): 'written' | 'fenced' {
    if (fence !== this.#fence) return 'fenced'
    this.checkpoint = checkpoint
    return 'written'
  }
}

/** So many attempts at once, whoever asks; first come, first served. */
export class FakePermits {
  #free: number
  readonly #waiting: { readonly owner: number; readonly grant: () => void; over: boolean }[] = []

  constructor(count: number) {
    this.#free = count
  }

  /** Returns how to call it off; false: it was granted already. */
  ask(owner: number, grant: () => void): () => boolean {
    const wish = { owner, grant, over: false }
    this.#waiting.push(wish)
    this.#serve()
    return () => {
      if (wish.over) return false
      wish.over = true
      return true
    }
  }

  back(): void {
    this.#free += 1
    this.#serve()
  }

  #serve(): void {
    while (this.#free > 0) {
      const wish = this.#waiting.shift()
      if (wish === undefined) return
      if (wish.over) continue
      wish.over = true
      this.#free -= 1
      wish.grant()
    }
  }
}
