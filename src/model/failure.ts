import type { NotRunReason } from './invocation.ts'

/**
 * What a failure means, in one table: `before` the function (not counted, only paced, the permit goes back), `during` it (counted),
 * `pacing` (the source asks for time), `absent` (missing or denied: shown, tried again slowly, attached when it comes back),
 * `fatal` to one flow. LastProcessingResult and `why` are made from it.
 */
export interface Failure {
  readonly phase: 'before' | 'during' | 'pacing' | 'absent' | 'fatal'
  /** What LastProcessingResult says (streams, behaviour §1.4); null: it stays as it is. */
  readonly result: 'function' | 'message' | null
  /** What a person can do about it. */
  readonly advice: string
}

export type FunctionFailure = NotRunReason | 'failed'
export type SourceFailure = 'throttled' | 'expired' | 'missing' | 'denied' | 'failed'

export const functionFailures: Readonly<Record<FunctionFailure, Failure>> = {
  failed: {
    phase: 'during',
    result: 'function',
    advice: 'The function ran and failed, or its answer was lost: see its own log under the request id.',
  },
  throttled: {
    phase: 'before',
    result: null,
    advice:
      'The function has no free concurrency: the batch waits. Raise its concurrency or lower that of the mapping.',
  },
  unreachable: {
    phase: 'before',
    result: 'function',
    advice:
      'Nothing answers at the Lambda endpoint or the URL of the function: check that it runs and can be reached from here.',
  },
  missing: {
    phase: 'before',
    result: 'function',
    advice: 'The endpoint knows no such function or qualifier: create it, or correct FunctionName.',
  },
  noLambda: {
    phase: 'before',
    result: 'function',
    advice:
      'No Lambda answers there: set aws.endpoints.lambda or AWS_ENDPOINT_URL_LAMBDA to the endpoint that runs the function, or name the function, with its URL, under functions:.',
  },
  denied: {
    phase: 'before',
    result: 'function',
    advice: 'The credentials lack lambda:InvokeFunction on this function.',
  },
  unavailable: {
    phase: 'before',
    result: 'function',
    advice: 'The endpoint answered with an error of its own before the function ran.',
  },
}

export const sourceFailures: Readonly<Record<SourceFailure, Failure>> = {
  throttled: {
    phase: 'pacing',
    result: null,
    advice: 'The source asks for fewer requests: reading goes on more slowly.',
  },
  expired: { phase: 'pacing', result: null, advice: 'The iterator ran out: the same place is read again.' },
  missing: {
    phase: 'absent',
    result: 'message',
    advice:
      'The source does not exist at the endpoint: create it, or correct EventSourceArn. It is attached when it appears.',
  },
  denied: {
    phase: 'absent',
    result: 'message',
    advice: 'The credentials lack rights on the source. Reading goes on when they are granted.',
  },
  failed: {
    phase: 'pacing',
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
