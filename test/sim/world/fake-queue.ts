import type { SourceRecord } from '../../../src/model/record.ts'
import type { Prng } from '../prng.ts'
import type { VirtualClock } from '../../support/virtual-clock.ts'

export interface Message {
  readonly key: string
  readonly record: SourceRecord
  receipt: string
  receives: number
  receivedMs: number
  /** Not given to anybody before this moment. */
  hiddenUntilMs: number
  state: 'there' | 'deleted' | 'dlq'
}

export interface QueueTraits {
  readonly fifo: boolean
  readonly maxReceives: number
  readonly duplicateRate: number
  /** How long a message is hidden in all after a receive. */
  readonly receiptMsMax: number
}

/** An SQS queue: visibility, receive counts with redrive, group locks, several copies of a message on a standard queue. */
export class FakeQueue {
  readonly messages: Message[] = []
  readonly #traits: QueueTraits
  readonly #clock: VirtualClock
  readonly #prng: Prng
  readonly #onGone: (message: Message, how: 'deleted' | 'dlq') => void
  #receipts = 0
  duplicateRate: number

  constructor(
    traits: QueueTraits,
    tools: { clock: VirtualClock; prng: Prng; onGone: (message: Message, how: 'deleted' | 'dlq') => void },
  ) {
    this.#traits = traits
    this.#clock = tools.clock
    this.#prng = tools.prng
    this.#onGone = tools.onGone
    this.duplicateRate = traits.duplicateRate
  }

  put(key: string, record: SourceRecord, hiddenUntilMs: number): void {
    this.messages.push({ key, record, receipt: '', receives: 0, receivedMs: 0, hiddenUntilMs, state: 'there' })
  }

  receive(most: number, visibilityMs: number): SourceRecord[] {
    const taken: SourceRecord[] = []
    const locked = this.#lockedGroups()
    for (const message of this.messages) {
      if (taken.length === most) break
      if (!this.#isVisible(message) || locked.has(message.record.orderKey)) {
        if (this.#traits.fifo && message.state === 'there') locked.add(message.record.orderKey)
        continue
      }
      if (message.receives >= this.#traits.maxReceives) {
        this.#end(message, 'dlq')
        continue
      }
      if (!this.#traits.fifo && this.#prng.chance(0.2)) continue
      taken.push(this.#take(message, visibilityMs))
    }
    return taken
  }

  /** The same messages under the same receipts, as a repeated ReceiveRequestAttemptId gets them; null when that is over. */
  repeat(receipts: readonly string[], visibilityMs: number): SourceRecord[] | null {
    const same = this.messages.filter((message) => receipts.includes(message.receipt))
    const intact = same.every((message) => message.state === 'there' && message.hiddenUntilMs > this.#clock.nowMs)
    if (same.length !== receipts.length || same.length === 0 || !intact) return null
    for (const message of same) message.hiddenUntilMs = this.#clock.nowMs + visibilityMs
    return same.map((message) => ({ ...message.record, receipt: message.receipt }))
  }

  /** True when the queue accepts the receipt. */
  delete(receipt: string): boolean {
    const message = this.#byReceipt(receipt)
    // An old receipt of a standard queue is accepted and may do nothing.
    if (message === undefined) return !this.#traits.fifo
    if (message.state !== 'there') return true
    if (this.#traits.fifo && message.hiddenUntilMs <= this.#clock.nowMs) return false
    this.#end(message, 'deleted')
    return true
  }

  release(receipt: string): void {
    const message = this.#byReceipt(receipt)
    if (message !== undefined && message.hiddenUntilMs > this.#clock.nowMs) message.hiddenUntilMs = this.#clock.nowMs
  }

  /** True when the queue hides it for so long from now on: only what is hidden, and for so long in all. */
  extend(receipt: string, visibilityMs: number): boolean {
    const message = this.#byReceipt(receipt)
    const { nowMs } = this.#clock
    if (message === undefined || message.state !== 'there' || message.hiddenUntilMs <= nowMs) return false
    if (nowMs + visibilityMs > message.receivedMs + this.#traits.receiptMsMax) return false
    message.hiddenUntilMs = nowMs + visibilityMs
    return true
  }

  isEmpty(): boolean {
    return this.messages.every((message) => message.state !== 'there')
  }

  /** The next moment at which a message becomes visible by itself. */
  nextVisibleMs(): number | null {
    let next: number | null = null
    for (const message of this.messages) {
      if (message.state !== 'there' || message.hiddenUntilMs <= this.#clock.nowMs) continue
      if (next === null || message.hiddenUntilMs < next) next = message.hiddenUntilMs
    }
    return next
  }

  #take(message: Message, visibilityMs: number): SourceRecord {
    this.#receipts += 1
    message.receipt = `receipt-${String(this.#receipts)}`
    message.receives += 1
    message.receivedMs = this.#clock.nowMs
    // A standard queue sometimes hands out another copy at once.
    const again = !this.#traits.fifo && this.#prng.chance(this.duplicateRate)
    message.hiddenUntilMs = this.#clock.nowMs + (again ? 0 : visibilityMs)
    return { ...message.record, receipt: message.receipt }
  }

  #lockedGroups(): Set<string> {
    const locked = new Set<string>()
    if (!this.#traits.fifo) return locked
    for (const message of this.messages) {
      const inFlight = message.receipt !== '' && message.hiddenUntilMs > this.#clock.nowMs
      if (message.state === 'there' && inFlight) locked.add(message.record.orderKey)
    }
    return locked
  }

  #isVisible(message: Message): boolean {
    return message.state === 'there' && message.hiddenUntilMs <= this.#clock.nowMs
  }

  #byReceipt(receipt: string): Message | undefined {
    return this.messages.find((message) => message.receipt === receipt)
  }

  #end(message: Message, how: 'deleted' | 'dlq'): void {
    message.state = how
    this.#onGone(message, how)
  }
}
