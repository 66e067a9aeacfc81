/** A record as its source took it. */
export interface Fact {
  /** Its number is its identity: no two records of a run share one. */
  readonly number: number
  /** What a partial batch response calls it. */
  readonly id: string
  readonly source: string
  /** Empty for a queue. */
  readonly shardId: string
  /** Which life of the stream it belongs to. */
  readonly incarnation: string
  readonly position: string
  /** Partition key or message group. */
  readonly key: string
  readonly putMs: number
  /** The filter of mappings that have one does not match it. */
  readonly skip: boolean
  readonly poison: boolean
}

export interface Body {
  readonly number: number
  readonly skip: boolean
}

export function bodyOf(text: string): Body {
  return JSON.parse(text) as Body
}

interface EventRecord {
  readonly body?: string
  readonly kinesis?: { readonly data: string }
}

/** The numbers of the records of one event, in its order. */
export function numbersOf(payload: string): readonly number[] {
  const { Records: records = [] } = JSON.parse(payload) as { readonly Records?: readonly EventRecord[] }
  return records.map((record) => numberOf(record))
}

export function numberOfFragment(fragment: string): number {
  return numberOf(JSON.parse(fragment) as EventRecord)
}

function numberOf(record: EventRecord): number {
  const text = record.body ?? Buffer.from(record.kinesis?.data ?? '', 'base64').toString()
  return bodyOf(text).number
}
