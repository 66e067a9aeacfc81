/** A record as the source took it. `key` is its fragment, which no two records share. */
export interface PutFact {
  readonly key: string
  readonly incarnation: string
  readonly position: string
  /** Place in its incarnation, from 0. */
  readonly place: number
  readonly orderKey: string
  readonly poison: boolean
  /** Never invoked: it does not fit an event. */
  readonly oversize: boolean
  /** Older than the mapping's start: nobody owes it anything. */
  readonly beforeStart: boolean
}
