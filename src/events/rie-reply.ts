import type { InvocationReply } from '../model/invocation.ts'
import { foreignSign, type HttpAnswer } from './foreign-answer.ts'
import { isJsonObject, parseJson, type JsonObject } from './json-value.ts'

/** One HTTP answer of a Runtime Interface Emulator. */
export interface RieAnswer extends HttpAnswer {
  /** The emulator names no request id: the caller makes one. */
  readonly requestId: string
}

/** What it means, in the terms of the Target port. */
export type RieReply =
  | { readonly kind: 'answered'; readonly reply: InvocationReply; readonly payload: string }
  | { readonly kind: 'lost'; readonly errorType: string; readonly message: string }
  | { readonly kind: 'throttled' | 'unavailable' | 'missing' | 'noLambda'; readonly message: string }

/**
 * Tells a failure from a success where the emulator itself hardly does (behaviour §13.1): an exception is a 200 without any
 * marker, a timeout a 200 with plain text. Read naively, failures would be acknowledged.
 */
export function interpretRieReply(answer: RieAnswer): RieReply {
  if (isBusy(answer)) return { kind: 'throttled', message: 'The emulator is busy with another invocation.' }
  const marked = markedError(answer)
  if (marked !== undefined) return marked
  switch (answer.status) {
    case 200:
      return succeededOrHidden(answer)
    case 400:
      // Nothing but a failed reservation is a bare 400: older builds say only that.
      return answer.body.trim() === ''
        ? { kind: 'throttled', message: 'The emulator refused the reservation.' }
        : { kind: 'unavailable', message: `The emulator refused the request: ${excerpt(answer.body)}` }
    case 404:
      return {
        kind: 'missing',
        message: 'No emulator answers at this path: the URL ends in /2015-03-31/functions/function/invocations.',
      }
    case 502:
      return functionError(answer, answer.body.trim() === '' ? runtimeExited : answer.body)
    case 504:
      return {
        kind: 'lost',
        errorType: 'Sandbox.Reset',
        message: 'The emulator reset the function while it may have run.',
      }
    default:
      return otherStatus(answer)
  }
}

function otherStatus(answer: RieAnswer): RieReply {
  const { status } = answer
  // Somebody took the event, and what became of it is not told: that must never acknowledge anything.
  if (status >= 200 && status <= 299) {
    const message = `The URL answered ${status}; only 200 says that the function returned.`
    return { kind: 'lost', errorType: 'Invoke.UnexpectedStatus', message }
  }
  const sign = status < 400 ? foreignSign(answer) : null
  if (sign !== null) return noEmulator(status, sign)
  return { kind: 'unavailable', message: `The emulator answered ${status}: ${excerpt(answer.body)}` }
}

function noEmulator(status: number, sign: string): RieReply {
  return { kind: 'noLambda', message: `The URL answered ${status} with ${sign}, so no function runs there.` }
}

const runtimeExited = JSON.stringify({
  errorType: 'Runtime.ExitError',
  errorMessage: 'The runtime exited without an answer.',
})

/** The members of an error as runtimes write it (`causes`: .NET, of an AggregateException); an object with any other is a result. */
const errorMembers = new Set(['errorType', 'errorMessage', 'stackTrace', 'trace', 'cause', 'causes', 'requestId'])

/** `Error-Type` values of the multi-concurrency build that come before the function is entered. */
const notEntered = /^(Client\.|Err[A-Z]|InvalidRequest$)/

const timedOut = /^(?:\S+ \S+ )?Task timed out after \d+(?:\.\d+)? seconds$/

function isBusy(answer: RieAnswer): boolean {
  if (answer.status === 429 || answer.headers['error-type'] === 'Runtime.Unavailable') return true
  return answer.status >= 400 && /already\s?reserved/i.test(answer.body)
}

function markedError(answer: RieAnswer): RieReply | undefined {
  const errorType = answer.headers['error-type']
  if (errorType !== undefined && notEntered.test(errorType)) {
    return { kind: 'unavailable', message: `The emulator answered ${errorType}: ${excerpt(answer.body)}` }
  }
  if (errorType === undefined && answer.headers['x-amz-function-error'] === undefined) return undefined
  return functionError(answer, answer.body.trim() === '' ? JSON.stringify({ errorType }) : answer.body)
}

function succeededOrHidden(answer: RieAnswer): RieReply {
  const sign = foreignSign(answer)
  if (sign !== null) return noEmulator(answer.status, sign)
  const text = answer.body.trim()
  if (timedOut.test(text)) {
    return functionError(answer, JSON.stringify({ errorType: 'Sandbox.Timedout', errorMessage: text }))
  }
  const parsed = parseJson(answer.body)
  if (isJsonObject(parsed) && isErrorObject(parsed)) return functionError(answer, answer.body)
  return { kind: 'answered', reply: replyOf(answer, null), payload: answer.body }
}

function isErrorObject(value: JsonObject): boolean {
  return typeof value['errorType'] === 'string' && Object.keys(value).every((name) => errorMembers.has(name))
}

function functionError(answer: RieAnswer, payload: string): RieReply {
  const marker = answer.headers['x-amz-function-error'] ?? 'Unhandled'
  return { kind: 'answered', reply: replyOf(answer, marker), payload }
}

/** Lambda answers 200 for a failed function too. The emulator names no version: it runs the one it was started with. */
function replyOf(answer: RieAnswer, functionErrorText: string | null): InvocationReply {
  return {
    requestId: answer.requestId,
    statusCode: 200,
    executedVersion: answer.headers['x-amz-executed-version'] ?? '$LATEST',
    functionError: functionErrorText,
  }
}

function excerpt(body: string): string {
  return body.trim().slice(0, 300)
}
