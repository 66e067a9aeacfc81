/** One look at an address that the service would use. */
export interface EndpointProbe {
  /** `endpoint` where one serves all, else `endpoint of sqs`, or `function NAME`. */
  readonly what: string
  readonly url: string
  /** null: it can be reached. */
  readonly failure: string | null
  /** Of a function: `waits` for an event, or `refuses` one before it was sent. */
  readonly look?: 'answers' | 'waits' | 'refuses' | 'unreachable'
}
