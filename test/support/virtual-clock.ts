/** Virtual time: a heap of things to do. Those of one moment happen in the order in which they were planned. */
export class VirtualClock {
  #nowMs = 0
  #order = 0
  readonly #heap: Task[] = []

  get nowMs(): number {
    return this.#nowMs
  }

  /** Whole milliseconds only: fractions would make runs differ between machines. */
  at(atMs: number, run: () => void): void {
    this.#plan(atMs, run)
  }

  after(delayMs: number, run: () => void): void {
    this.at(this.#nowMs + delayMs, run)
  }

  /** As a clock of the engine has it: returns how to call it off. Its moment comes all the same, and nothing happens in it. */
  timer(atMs: number, callback: () => void): () => void {
    const task = this.#plan(atMs, () => {
      if (!task.isOff) callback()
    })
    return () => {
      task.isOff = true
    }
  }

  /** When the next thing is planned for; undefined: there is none. */
  get nextMs(): number | undefined {
    return this.#heap[0]?.atMs
  }

  /** When the things are planned for that were not called off, the next one first. */
  planned(): readonly number[] {
    const tasks = this.#heap.filter(({ isOff }) => !isOff)
    return tasks.map(({ atMs }) => atMs).toSorted((a, b) => a - b)
  }

  /** Goes on to a moment before which nothing is planned. */
  moveTo(atMs: number): void {
    this.#nowMs = Math.max(this.#nowMs, atMs)
  }

  /** Does the next thing; false when there is none. */
  advance(): boolean {
    const next = this.#heap[0]
    if (next === undefined) return false
    const last = this.#heap.pop()
    if (this.#heap.length > 0 && last !== undefined) {
      this.#heap[0] = last
      this.#sink(0)
    }
    this.#nowMs = next.atMs
    next.run()
    return true
  }

  #plan(atMs: number, run: () => void): Task {
    this.#order += 1
    const task = { atMs: Math.max(this.#nowMs, Math.ceil(atMs)), order: this.#order, run, isOff: false }
    this.#heap.push(task)
    this.#rise(this.#heap.length - 1)
    return task
  }

  #rise(from: number): void {
    let index = from
    while (index > 0) {
      const parent = (index - 1) >> 1
      if (!this.#swapIfEarlier(index, parent)) return
      index = parent
    }
  }

  #sink(from: number): void {
    let index = from
    for (;;) {
      const left = 2 * index + 1
      const right = left + 1
      const child = right < this.#heap.length && this.#earlier(right, left) ? right : left
      if (child >= this.#heap.length || !this.#swapIfEarlier(child, index)) return
      index = child
    }
  }

  #earlier(one: number, other: number): boolean {
    const a = this.#heap[one]
    const b = this.#heap[other]
    if (a === undefined || b === undefined) return false
    return a.atMs === b.atMs ? a.order < b.order : a.atMs < b.atMs
  }

  #swapIfEarlier(child: number, parent: number): boolean {
    const a = this.#heap[child]
    const b = this.#heap[parent]
    if (a === undefined || b === undefined || !this.#earlier(child, parent)) return false
    this.#heap[child] = b
    this.#heap[parent] = a
    return true
  }
}

interface Task {
  readonly atMs: number
  readonly order: number
  readonly run: () => void
  isOff: boolean
}
