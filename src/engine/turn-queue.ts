/** What p-queue asks of a queue of its tasks. */
type Task = () => Promise<unknown>

export interface TurnOptions {
  readonly id?: string
  readonly priority?: number
  readonly timeout?: number
  readonly signal?: AbortSignal
  readonly mapping?: string
}

/** The waiting tasks of one function: the mappings that share it are served in turn, each in its own order. */
export class TurnQueue {
  readonly #turns = new Map<string, Map<string, Task>>()
  #size = 0

  get size(): number {
    return this.#size
  }

  enqueue(task: Task, options?: TurnOptions): void {
    const mapping = options?.mapping ?? ''
    const tasks = this.#turns.get(mapping) ?? new Map<string, Task>()
    this.#turns.set(mapping, tasks)
    tasks.set(options?.id ?? '', task)
    this.#size += 1
  }

  dequeue(): Task | undefined {
    const [turn] = this.#turns
    if (turn === undefined) return undefined
    const [mapping, tasks] = turn
    const [first] = tasks
    this.#turns.delete(mapping)
    if (first === undefined) return undefined
    const [id, task] = first
    tasks.delete(id)
    if (tasks.size > 0) this.#turns.set(mapping, tasks)
    this.#size -= 1
    return task
  }

  /** By the task's id. */
  remove(id: string): void {
    for (const [mapping, tasks] of this.#turns) {
      if (!tasks.delete(id)) continue
      if (tasks.size === 0) this.#turns.delete(mapping)
      this.#size -= 1
      return
    }
  }

  filter(): Task[] {
    return [...this.#turns.values()].flatMap((tasks) => [...tasks.values()])
  }

  /** There are no priorities among invocations. */
  setPriority(): void {}
}
