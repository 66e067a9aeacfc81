import type { ReadFrom } from '../../../src/core/flow/messages.ts'
import type { SourceRecord } from '../../../src/model/record.ts'

/** A shard of a stream: positions that only it can compare, a horizon that moves, an end, and lives that begin anew. */
export class FakeShard {
  incarnation = 'life-1'
  closed = false
  readonly isSilent: boolean
  #records: SourceRecord[] = []
  #trimmed = 0
  #lives = 1

  /** `silent`: a place older than the horizon is read from the horizon without a word, as Kinesis does. */
  constructor(silent: boolean) {
    this.isSilent = silent
  }

  get records(): readonly SourceRecord[] {
    return this.#records
  }

  put(record: SourceRecord): void {
    this.#records.push(record)
  }

  /** Drops the oldest; answers with what is gone. */
  trim(count: number): readonly SourceRecord[] {
    return this.trimTo(this.#trimmed + count)
  }

  trimTo(place: number): readonly SourceRecord[] {
    const before = this.#trimmed
    this.#trimmed = Math.max(before, Math.min(this.#records.length, place))
    return this.#records.slice(before, this.#trimmed)
  }

  /** The stream is deleted and made again; answers with what was lost. */
  recreate(): readonly SourceRecord[] {
    const lost = this.#records.slice(this.#trimmed)
    this.#lives += 1
    this.incarnation = `life-${String(this.#lives)}`
    this.#records = []
    this.#trimmed = 0
    this.closed = false
    return lost
  }

  read(from: ReadFrom, most: number): { records: readonly SourceRecord[]; end: boolean; tip: boolean } | 'trimmed' {
    const start = this.#startOf(from)
    if (start < this.#trimmed && !this.isSilent && from.at === 'after') return 'trimmed'
    const first = Math.max(start, this.#trimmed)
    const records = this.#records.slice(first, first + most)
    const tip = first + records.length >= this.#records.length
    return { records, end: tip && this.closed, tip }
  }

  #startOf(from: ReadFrom): number {
    switch (from.at) {
      case 'after':
        return this.#firstWhere((record) => Number(record.position) > Number(from.position))
      case 'time':
        return this.#firstWhere((record) => record.arrivedMs >= from.ms)
      case 'horizon':
      case 'latest':
        return this.#trimmed
      default:
        return from satisfies never
    }
  }

  #firstWhere(holds: (record: SourceRecord) => boolean): number {
    const index = this.#records.findIndex(holds)
    return index < 0 ? this.#records.length : index
  }
}
