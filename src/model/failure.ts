import type { NotRunReason } from './invocation.ts'

/** What a failure means, in one table: LastProcessingResult and `why` are made from it. */
export interface Failure {
  /** What LastProcessingResult says (streams, behaviour §1.4); null: it stays as it is. */
  readonly result: 'function' | 'message' | null
  /** What a person can do about it. */
  readonly advice: string
}

export type FunctionFailure = NotRunReason | 'failed'
export type SourceFailure = 'throttled' | 'expired' | 'missing' | 'denied' | 'failed'

export const functionFailures: Readonly<Record<FunctionFailure, Failure>> = {
  failed: {
    result: 'function',
    advice: 'The function ran and failed, or its answer was lost: see its own log under the request id.',
  },
  throttled: {
    result: null,
    advice:
      'The function has no free concurrency: the batch waits. Raise its concurrency or lower that of the mapping.',
  },
  unreachable: {
    result: 'function',
    advice:
      'Nothing answers at the Lambda endpoint or the URL of the function: check that it runs and can be reached from here.',
  },
  missing: {
    result: 'function',
    advice: 'The endpoint knows no such function or qualifier: create it, or correct FunctionName.',
  },
  noLambda: {
    result: 'function',
    advice:
      'No Lambda answers there: set aws.endpoints.lambda or AWS_ENDPOINT_URL_LAMBDA to the endpoint that runs the function, or name the function, with its URL, under functions:.',
  },
  denied: {
    result: 'function',
    advice: 'The credentials lack lambda:InvokeFunction on this function.',
  },
  unavailable: {
    result: 'function',
    advice: 'The endpoint answered with an error of its own before the function ran.',
  },
}

export const sourceFailures: Readonly<Record<SourceFailure, Failure>> = {
  throttled: {
    result: null,
    advice: 'The source asks for fewer requests: reading goes on more slowly.',
  },
  expired: { result: null, advice: 'The iterator ran out: the same place is read again.' },
  missing: {
    result: 'message',
    advice:
      'The source does not exist at the endpoint: create it, or correct EventSourceArn. It is attached when it appears.',
  },
  denied: {
    result: 'message',
    advice: 'The credentials lack rights on the source. Reading goes on when they are granted.',
  },
  failed: {
    result: 'message',
    advice: 'The source could not be read: check that the endpoint runs and can be reached from here.',
  },
}

/** LastProcessingResult in AWS's words (behaviour §1.4). */
export const processingResults = {
  none: 'No records processed',
  ok: 'OK',
  functionFailed: 'PROBLEM: Function call failed',
} as const

/** What LastProcessingResult says after a failure; null: it stays as it is. */
export function resultOf(failure: Failure, message: string): string | null {
  if (failure.result === 'function') return processingResults.functionFailed
  return failure.result === 'message' ? `PROBLEM: ${message}` : null
}
