/** What came back from one attempt to run a function, reduced to what batches and failure records need. */
export interface InvocationReply {
  /** undefined: the answer that would have told it was lost. */
  readonly requestId: string | undefined
  readonly statusCode: number
  readonly executedVersion: string
  /** "Unhandled" or "Handled"; null when the function itself reported the failure. */
  readonly functionError: string | null
}

/** The tumbling-window members of an event. */
export interface WindowFrame {
  readonly startMs: number
  readonly endMs: number
  /** JSON text, as the function returned it; `{}` for the first invocation of a window. */
  readonly state: string
  readonly isFinal: boolean
  readonly isTerminatedEarly: boolean
}

/** What one attempt means for the records of its batch. Indexes are places in the batch that was invoked. */
export type Outcome =
  | { readonly kind: 'succeeded'; readonly reply: InvocationReply; readonly state: WindowState | null }
  /** A well-formed partial batch response: these indexes (ascending, at least one) failed. */
  | {
      readonly kind: 'partial'
      readonly reply: InvocationReply
      readonly failed: readonly number[]
      readonly state: WindowState | null
    }
  /** The function ran, or may have run, and failed: counts as an attempt. `reply` is null when it was never sent. */
  | {
      readonly kind: 'failed'
      readonly reply: InvocationReply | null
      readonly errorType: string
      readonly message: string
    }
  /** The function never ran: a throttle, a refused connection, a missing function. Not counted, only paced. */
  | {
      readonly kind: 'notRun'
      readonly reason: NotRunReason
      readonly message: string
      readonly retryAfterMs?: number | undefined
    }

export type NotRunReason = 'throttled' | 'unreachable' | 'missing' | 'noLambda' | 'denied' | 'unavailable'

export interface WindowState {
  readonly json: string
  readonly bytes: number
}

/** Why records were given up, in the words of the failure record. */
export type DiscardCondition = 'RetryAttemptsExhausted' | 'RecordAgeExceeded'

/** What a look at a function says. `missing`: whoever answers does not know it, or is no Lambda. `unknown`: nothing of the function. */
export type FunctionLook = 'answers' | 'unreachable' | 'missing' | 'unknown'
