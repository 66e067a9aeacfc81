import type { Clock } from '../ports.ts'

interface Turns<Event> {
  readonly clock: Clock
  /** One step of the machine, its commands carried out. */
  readonly step: (event: Event) => void
  /** When the machine wants a timer (monotonic); null: it only waits for answers. */
  readonly deadline: () => number | null
  /** The event that the timer is. */
  readonly timer: Event
  /** A step threw: a bug. */
  readonly failed: (error: unknown) => void
}

/**
 * Drives one machine: its events are taken one after the other in the order they came, also when a step itself causes one, and its one
 * timer follows its deadline. Both kinds of runner have one.
 */
export class MachineLoop<Event> {
  readonly #turns: Turns<Event>
  #events: Event[] = []
  #isStepping = false
  #isOver = false
  #timer: { readonly atMs: number; readonly cancel: () => void } | null = null

  constructor(turns: Turns<Event>) {
    this.#turns = turns
  }

  get isOver(): boolean {
    return this.#isOver
  }

  happen(event: Event): void {
    this.#events.push(event)
    if (this.#isStepping) return
    this.#isStepping = true
    try {
      for (let next = this.#events.shift(); next !== undefined && !this.#isOver; next = this.#events.shift()) {
        this.#turns.step(next)
        if (!this.#isOver) this.#setTimer()
      }
    } catch (error) {
      this.#turns.failed(error)
    } finally {
      this.#isStepping = false
    }
  }

  /** Nothing happens any more; what has not been taken yet is nobody's. False: that was so already. */
  end(): boolean {
    if (this.#isOver) return false
    this.#isOver = true
    this.#events = []
    this.#timer?.cancel()
    this.#timer = null
    return true
  }

  #setTimer(): void {
    const { clock, deadline, timer } = this.#turns
    const dueMs = deadline()
    if (dueMs === (this.#timer?.atMs ?? null)) return
    this.#timer?.cancel()
    this.#timer = null
    if (dueMs === null) return
    const cancel = clock.timer(dueMs, () => {
      this.#timer = null
      this.happen(timer)
    })
    this.#timer = { atMs: dueMs, cancel }
  }
}
