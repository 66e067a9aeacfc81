import type { Clock } from '../ports.ts'

interface Turns<Event> {
  /** One step of the machine, its commands carried out. */
  readonly step: (event: Event) => void
  /** When the machine wants a timer, by each of the clocks that it follows; null: it only waits for answers. */
  readonly deadlines: readonly { readonly clock: Clock; readonly dueMs: () => number | null }[]
  /** The event that the timer is. */
  readonly timer: Event
  /** A step threw: a bug. */
  readonly failed: (error: unknown) => void
}

/**
 * Drives one machine: its events are taken one after the other in the order they came, also when a step itself causes one, and its timers
 * follow its deadlines. Both kinds of runner have one.
 */
export class MachineLoop<Event> {
  readonly #turns: Turns<Event>
  #events: Event[] = []
  #isStepping = false
  #isOver = false
  /** One for each clock that has one. */
  readonly #timers = new Map<Clock, { readonly atMs: number; readonly cancel: () => void }>()

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
        if (!this.#isOver) this.#setTimers()
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
    for (const { cancel } of this.#timers.values()) cancel()
    this.#timers.clear()
    return true
  }

  #setTimers(): void {
    for (const { clock, dueMs } of this.#turns.deadlines) this.#setTimer(clock, dueMs())
  }

  #setTimer(clock: Clock, dueMs: number | null): void {
    const set = this.#timers.get(clock)
    if (dueMs === (set?.atMs ?? null)) return
    set?.cancel()
    this.#timers.delete(clock)
    if (dueMs === null) return
    const cancel = clock.timer(dueMs, () => {
      this.#timers.delete(clock)
      this.happen(this.#turns.timer)
    })
    this.#timers.set(clock, { atMs: dueMs, cancel })
  }
}
