import { isJsonObject, parseJson, stringOf } from './json-value.ts'

export interface FunctionError {
  readonly errorType: string
  readonly message: string
}

/** A message goes to the log in full up to here; a function may put anything into it. */
const messageLengthMax = 1_000

/** What the payload of a failed invocation says about the failure; the kind of failure where it says nothing. */
export function functionErrorOf(payload: string, functionError: string): FunctionError {
  const parsed = parseJson(payload)
  const error = isJsonObject(parsed) ? parsed : undefined
  const message = error === undefined ? payload.trim() : (stringOf(error['errorMessage']) ?? '')
  return {
    errorType: stringOf(error?.['errorType']) || functionError,
    message: message.length > messageLengthMax ? `${message.slice(0, messageLengthMax)}…` : message,
  }
}
