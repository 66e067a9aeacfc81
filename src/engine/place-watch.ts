import type { Clock } from '../ports.ts'
import type { Holder, TurnGate } from './turn-gate.ts'

/** What is held for longer than this is told while others wait. */
export const longHeldMs = 60_000
const lookEveryMs = 10_000

/** Looks from time to time, as long as somebody waits for a place, and tells once of each mapping that has held some for long. */
export class PlaceWatch {
  readonly #gate: TurnGate
  readonly #clock: Clock
  readonly #tell: (holder: Holder) => void
  #told: ReadonlySet<string> = new Set()
  #isOn = false

  constructor(gate: TurnGate, clock: Clock, tell: (holder: Holder) => void) {
    this.#gate = gate
    this.#clock = clock
    this.#tell = tell
  }

  /** Somebody may wait now. */
  begin(): void {
    if (this.#isOn || this.#gate.waiting === 0) return
    this.#isOn = true
    this.#clock.timer(this.#clock.monoMs() + lookEveryMs, () => {
      this.#isOn = false
      this.#look()
      this.begin()
    })
  }

  #look(): void {
    const holders = this.#gate.holders(longHeldMs)
    for (const holder of holders) if (!this.#told.has(holder.mapping)) this.#tell(holder)
    this.#told = new Set(holders.map(({ mapping }) => mapping))
  }
}
