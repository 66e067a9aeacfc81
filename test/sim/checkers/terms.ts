/** What the checkers have to know of a scenario beside its trace. */
export interface Terms {
  readonly functionTimeoutMs: number
  /** The function fails exactly for poison, and nothing else goes wrong with an attempt. */
  readonly deterministic: boolean
  /** Poison stays poison to the end of the run. */
  readonly poisonStays: boolean
  /** A timer may come this much late. */
  readonly slackMs: number
}
