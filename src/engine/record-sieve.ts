import { setImmediate } from 'node:timers/promises'
import { finished, type Unfinished } from '../events/filter.ts'
import type { FlowRecord, SourceRecord } from '../model/record.ts'
import type { Clock } from '../ports.ts'

/** Null: every record matches. */
export type RecordFilter = ((record: SourceRecord) => boolean | Unfinished) | null

/** Everything else in the process waits at most so long, and a slice of one match more, for a page to be held against filters. */
const heldUpMsMax = 5

/**
 * Marks the records of one flow matched or not. What takes long is done in slices, with turns for everybody else in between; what is
 * read meanwhile waits in line, so that records come to the flow in the order in which they were read.
 */
export class RecordSieve {
  readonly #clock: Clock
  readonly #filter: () => RecordFilter
  readonly #signal: AbortSignal
  readonly #turn: () => Promise<unknown>
  #last: Promise<unknown> | null = null

  /**
   * The filter of the moment is asked for, since a long poll may outlast an update. `turn` lets everybody else have one. Nothing is
   * finished after the signal.
   */
  constructor(
    clock: Clock,
    filter: () => RecordFilter,
    signal: AbortSignal,
    turn: () => Promise<unknown> = () => setImmediate(),
  ) {
    this.#clock = clock
    this.#filter = filter
    this.#signal = signal
    this.#turn = turn
  }

  mark(records: readonly SourceRecord[]): readonly FlowRecord[] | Promise<readonly FlowRecord[]> {
    const page = new Page(records, this.#filter)
    if (this.#last === null && page.mark(this.#clock)) return page.marked
    const marked = this.#finish(page, this.#last)
    this.#last = marked
    // Whoever asked for it hears what went wrong.
    const leave = (): void => {
      if (this.#last === marked) this.#last = null
    }
    marked.then(leave, leave)
    return marked
  }

  /** Of a record that the flow holds already, at once. */
  readonly passes = (record: SourceRecord): boolean => finished(this.#filter()?.(record) ?? true)

  async #finish(page: Page, before: Promise<unknown> | null): Promise<readonly FlowRecord[]> {
    await before
    do {
      await this.#turn()
      this.#signal.throwIfAborted()
    } while (!page.mark(this.#clock))
    return page.marked
  }
}

/** The records of one read. */
class Page {
  readonly #records: readonly SourceRecord[]
  readonly #filter: () => RecordFilter
  #asked: RecordFilter
  #marked: FlowRecord[] = []
  #match: Unfinished | null = null

  constructor(records: readonly SourceRecord[], filter: () => RecordFilter) {
    this.#records = records
    this.#filter = filter
    this.#asked = filter()
  }

  get marked(): readonly FlowRecord[] {
    return this.#marked
  }

  /** True: all are marked. False: others have waited long enough. */
  mark(clock: Clock): boolean {
    this.#renew()
    const startMs = clock.monoMs()
    for (let at = this.#marked.length; at < this.#records.length; at = this.#marked.length) {
      const record = this.#records[at]
      if (record !== undefined) this.#markOne(record)
      if (clock.monoMs() - startMs >= heldUpMsMax) break
    }
    return this.#marked.length === this.#records.length
  }

  /** An update came in between: the flow is told that its records were held against the new filters. */
  #renew(): void {
    const filter = this.#filter()
    if (filter === this.#asked) return
    this.#asked = filter
    this.#marked = []
    this.#match = null
  }

  #markOne(record: SourceRecord): void {
    const verdict = this.#match?.proceed() ?? (this.#match === null ? (this.#asked?.(record) ?? true) : null)
    if (verdict === null) return
    this.#match = typeof verdict === 'boolean' ? null : verdict
    if (typeof verdict === 'boolean') this.#marked.push({ ...record, matched: verdict })
  }
}
