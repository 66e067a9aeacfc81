import type { DropReason } from '../core/flow/messages.ts'

/** What one mapping counts. The names are those of behaviour §7; who shows them decides about units and labels. */
export interface MappingMeter {
  /** One read: how many records it brought (0 counts too), and how long it took. */
  polled(records: number, tookMs: number): void
  filteredOut(records: number): void
  /** An attempt goes out; what it answers is called once, when it comes back. Throttled ones count as well (behaviour §2.3). */
  invokeStarted(records: number): (result: InvokeMeasure) => void
  deleted(records: number): void
  delivered(records: number): void
  deliveryFailed(): void
  dropped(records: number, reason: DropReason): void
  /** A batch failed without being sent: its records had gone in a circle. */
  recursionDropped(): void
  positionLost(reason: 'trimmed' | 'recreated'): void
  flowCrashed(): void
  /** How old the last record of an event was when it was sent (streams). */
  iteratorAge(ms: number): void
}

export interface InvokeMeasure {
  readonly failedRecords: number
  readonly outcome: 'succeeded' | 'partial' | 'failed' | 'notRun' | 'cancelled'
  readonly throttled: boolean
  readonly tookMs: number
}

/** For tests and for embedders that count nothing. */
export const silentMeter: MappingMeter = {
  polled() {},
  filteredOut() {},
  invokeStarted: () => () => {},
  deleted() {},
  delivered() {},
  deliveryFailed() {},
  dropped() {},
  recursionDropped() {},
  positionLost() {},
  flowCrashed() {},
  iteratorAge() {},
}
