import PQueue from 'p-queue'
import type { Clock } from '../ports.ts'
import { PlaceWatch } from './place-watch.ts'
import { TurnGate, type Holder } from './turn-gate.ts'
import { TurnQueue, type TurnOptions } from './turn-queue.ts'

/** The right to one attempt. Giving it back twice does no harm. */
export interface Permit {
  release(): void
}

export interface PermitRequest {
  /** UUID of the mapping: turns are by mapping. */
  readonly mapping: string
  readonly functionName: string
  /** Attempts that the function takes at once where Millrace hosts it; null: its endpoint decides. */
  readonly capacity: number | null
}

/**
 * Who may invoke. A function that Millrace hosts has a queue of its own, as wide as its URLs; all attempts of the process pass one
 * gate. The function comes first, so that nobody holds a place of the process while waiting for a busy function.
 */
export class Permits {
  readonly #gate: TurnGate
  readonly #watch: PlaceWatch
  readonly #functions = new Map<string, PQueue<TurnQueue, TurnOptions>>()

  /** `tell` hears of mappings that hold places for long while others wait. */
  constructor(invocationsMax: number, clock: Clock, tell: (holder: Holder) => void = () => {}) {
    this.#gate = new TurnGate(invocationsMax, clock)
    this.#watch = new PlaceWatch(this.#gate, clock, tell)
  }

  get inFlight(): number {
    return this.#gate.running
  }

  /** Mappings that have held a place for so long while others wait for one. */
  holders(heldMsMin: number): readonly Holder[] {
    return this.#gate.holders(heldMsMin)
  }

  join(mapping: string): void {
    this.#gate.join(mapping)
  }

  leave(mapping: string): void {
    this.#gate.leave(mapping)
  }

  /** Rejects when the signal comes before the permit. */
  async acquire(request: PermitRequest, signal: AbortSignal): Promise<Permit> {
    const leaveFunction = request.capacity === null ? null : await this.#enter(request, request.capacity, signal)
    try {
      const place = this.#gate.acquire(request.mapping, signal)
      this.#watch.begin()
      const leaveGate = await place
      return {
        release: () => {
          leaveGate()
          leaveFunction?.()
        },
      }
    } catch (error) {
      leaveFunction?.()
      throw error
    }
  }

  /** The queue's task lasts as long as the permit: it ends when the returned function is called. */
  #enter({ functionName, mapping }: PermitRequest, capacity: number, signal: AbortSignal): Promise<() => void> {
    const queue = this.#queueOf(functionName, capacity)
    // p-queue frees the place of a running task when its signal comes, so the task gets one that only lives while it waits.
    const waiting = new AbortController()
    const onAbort = (): void => waiting.abort(signal.reason)
    signal.addEventListener('abort', onAbort, { once: true })
    if (signal.aborted) onAbort()
    return new Promise((resolve, reject) => {
      const task = (): Promise<void> =>
        new Promise((leave) => {
          signal.removeEventListener('abort', onAbort)
          resolve(leave)
        })
      queue.add(task, { mapping, signal: waiting.signal }).catch(reject)
    })
  }

  #queueOf(functionName: string, capacity: number): PQueue<TurnQueue, TurnOptions> {
    const known = this.#functions.get(functionName)
    if (known !== undefined) {
      if (known.concurrency !== capacity) known.concurrency = capacity
      return known
    }
    const queue = new PQueue<TurnQueue, TurnOptions>({ concurrency: capacity, queueClass: TurnQueue })
    this.#functions.set(functionName, queue)
    return queue
  }
}
