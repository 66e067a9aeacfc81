/** What `why` can find, one name each: sentences are for people, these for programs and tests. */
export type Cause =
  | 'set-aside'
  | 'store-unwritable'
  | 'disabled'
  | 'changing'
  | 'deleting'
  | 'stopping'
  | 'source-missing'
  | 'source-denied'
  | 'source-throttled'
  | 'source-expired'
  | 'source-unreachable'
  | 'function-missing'
  | 'no-lambda'
  | 'function-unreachable'
  | 'function-throttled'
  | 'function-denied'
  | 'function-unavailable'
  | 'function-failing'
  | 'record-too-big'
  | 'shard-blocked'
  | 'shard-waits-for-parent'
  | 'message-waits-for-visibility'
  | 'group-held-back'
  | 'waits-for-invocation'
  | 'waits-for-destination'
  | 'waits-for-window'
  | 'messages-delayed'
  | 'messages-elsewhere'
  | 'messages-visible'
  | 'all-filtered'
  | 'some-filtered'
  | 'begins-at-latest'
  | 'behind'
  | 'running'
  | 'not-open'
  | 'nothing-wrong'
  | 'visibility-too-short'
  | 'no-redrive-policy'
  | 'not-looked-at'
  | 'last-error'

/** One thing that was found: what it is, since when, and what to do. */
export interface Finding {
  readonly cause: Cause
  readonly sentence: string
}

export function finding(cause: Cause, ...sentences: readonly string[]): Finding {
  return { cause, sentence: sentences.filter((sentence) => sentence !== '').join(' ') }
}
