/** How one mapping counts. */
export interface MappingMeter {
  /** One read: how many records it brought (0 counts too), and how long it took. */
  polled(records: number, tookMs: number): void
  filteredOut(records: number): void
  /** An attempt goes out; what it answers is called once, when it comes back. Throttled ones count as well (behaviour §2.3). */
  invokeStarted(records: number): (result: InvocationMeasure) => void
  deleted(records: number): void
  delivered(records: number): void
  deliveryFailed(): void
  dropped(records: number, reason: DropLabel): void
  recursionDropped(): void
  positionLost(reason: 'trimmed' | 'recreated'): void
  flowCrashed(): void
  /** How old the last record of an event was when it was sent (streams). */
  iteratorAge(ms: number): void
}

export type DropLabel = 'undestined' | 'undeliverable' | 'retention' | 'visibility'

export interface InvocationMeasure {
  readonly failedRecords: number
  readonly outcome: 'succeeded' | 'partial' | 'failed' | 'notRun' | 'cancelled'
  readonly throttled: boolean
  readonly tookMs: number
}
