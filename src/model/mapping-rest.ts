/** What keeps a mapping from being idle. All but `busy` can be left out of account by whoever waits. */
export type UnrestKind = 'busy' | 'delayed' | 'inFlight' | 'window' | 'unattached'

export interface Unrest {
  readonly kind: UnrestKind
  /** In plain words, without the name of the mapping. */
  readonly text: string
}

/** What a mapping knows of its own rest, at one moment. Moments are monotonic, by the real clock. */
export interface MappingRest {
  /** Goes up with whatever happens to a record. */
  readonly activity: number
  /** When it last went up. */
  readonly activeMs: number
  readonly reasons: readonly Unrest[]
  /** The running flows, by name. */
  readonly flows: ReadonlyMap<string, FlowTip>
  /** Shards that were read to their ends, and the life of the stream in which they were. */
  readonly done: ReadonlyMap<string, string>
}

/** How far a flow has read. */
export interface FlowTip {
  /** The life of the stream that it reads. */
  readonly incarnation: string
  /** When the newest of its reads began that found nothing more (streams); null: there was none. */
  readonly tipMs: number | null
}
