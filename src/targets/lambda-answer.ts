import { foreignSign, isJsonType, isXmlSign, type HttpAnswer } from '../events/foreign-answer.ts'
import { isJsonObject, parseJson, stringOf, type JsonObject } from '../events/json-value.ts'
import { interpretRieReply } from '../events/rie-reply.ts'
import { invokeReplyBytesMax } from '../model/limits.ts'
import type { InvokeResult } from '../ports.ts'

/** One HTTP answer of an Invoke API. */
export type LambdaAnswer = HttpAnswer

/**
 * Decides whether the function ran (behaviour §11.26, architecture §5, Failures): an answer before the function costs no attempt,
 * an answer that may come from the function does. When in doubt the attempt counts, and nothing is acknowledged.
 */
export function interpretLambdaAnswer(answer: LambdaAnswer, madeRequestId: () => string): InvokeResult {
  if (answer.status === 200) return finished(answer, madeRequestId)
  const error = serviceErrorOf(answer)
  const message = describeAnswer(answer, error)
  if (error !== null && spentByErrorType.has(error.type)) return { kind: 'lost', errorType: error.type, message }
  const sign = signOfNoLambda(answer, error)
  if (sign !== null) return noLambda(answer.status, sign)
  switch (answer.status) {
    case 429:
      return { kind: 'throttled', message, retryAfterMs: retryAfterMsOf(answer.headers['retry-after']) }
    case 401:
    case 403:
      return { kind: 'denied', message }
    case 404:
      return { kind: 'missing', message }
    default:
  }
  if (answer.status >= 500) return serverError(answer, error, madeRequestId)
  if (answer.status >= 300) {
    return { kind: error !== null && credentialErrors.has(error.type) ? 'denied' : 'unavailable', message }
  }
  // 202 and its like: somebody took the event, nobody tells what became of it. That must never acknowledge anything.
  return { kind: 'lost', errorType: 'Invoke.UnexpectedStatus', message }
}

/** A function that says more than Lambda passes on has failed, in the words of AWS. */
export function responseTooLarge(requestId: string): InvokeResult {
  return functionError(
    requestId,
    'Function.ResponseSizeTooLarge',
    `Response payload size exceeded maximum allowed payload size (${invokeReplyBytesMax} bytes).`,
  )
}

/** The failure of a function that is told here and not by its runtime. */
export function functionError(requestId: string, errorType: string, errorMessage: string): InvokeResult {
  return {
    kind: 'answered',
    reply: { requestId, statusCode: 200, executedVersion: '$LATEST', functionError: 'Unhandled' },
    payload: JSON.stringify({ errorType, errorMessage }),
  }
}

/** The function cannot get this event, now or later (API_Invoke): the same records fail again, so the attempt counts. */
const spentByErrorType: ReadonlySet<string> = new Set([
  'RequestTooLargeException',
  'RequestEntityTooLargeException',
  'SerializedRequestEntityTooLargeException',
  'InvalidRequestContentException',
  'RecursiveInvocationException',
])

/** AWS says 400 or 403 to a signature it does not accept; both mean that somebody has to act. */
const credentialErrors: ReadonlySet<string> = new Set([
  'UnrecognizedClientException',
  'InvalidSignatureException',
  'IncompleteSignatureException',
  'IncompleteSignature',
  'MissingAuthenticationTokenException',
  'MissingAuthenticationToken',
  'ExpiredTokenException',
  'AccessDeniedException',
])

/**
 * A 200 is an invocation only where it can have come from a Lambda: whatever is acknowledged by it is gone. The version and the
 * function's error are Lambda's own headers. serverless-offline, sam local, moto and a Runtime Interface Emulator send neither: theirs
 * is JSON, by its type or by its body. The emulator moreover hides failures in such a 200 (behaviour §13.1).
 */
function finished(answer: LambdaAnswer, madeRequestId: () => string): InvokeResult {
  const functionError = answer.headers['x-amz-function-error'] ?? null
  if (isMarked(answer)) return answered(answer, madeRequestId, functionError)
  const sign = foreignSign(answer)
  if (sign !== null) return noLambda(answer.status, sign)
  if (answer.headers['x-amzn-requestid']) return answered(answer, madeRequestId, null)
  const reply = interpretRieReply({ ...answer, requestId: madeRequestId() })
  const isText = reply.kind === 'answered' && reply.reply.functionError === null && !isResult(answer)
  return isText ? noLambda(answer.status, `a text that no function returns (${excerptOf(answer.body)})`) : reply
}

/** Only Lambda, and who speaks for it, sends these. */
function isMarked({ headers }: LambdaAnswer): boolean {
  return headers['x-amz-function-error'] !== undefined || headers['x-amz-executed-version'] !== undefined
}

/** JSON; nothing at all; or what serverless-offline makes of a string, quoted and not escaped. */
function isResult(answer: LambdaAnswer): boolean {
  const text = answer.body.trim()
  return text === '' || isJsonType(answer) || /^".*"$/s.test(text) || parseJson(text) !== undefined
}

/**
 * An empty 200 with nothing of a Lambda about it: serverless-offline answers so for a function that returns nothing, and so does a
 * server that says yes to everything.
 */
export function isDoubtful(answer: LambdaAnswer): boolean {
  const { body, headers, status } = answer
  if (status !== 200 || body.trim() !== '') return false
  return !isMarked(answer) && !isJsonType(answer) && !headers['x-amzn-requestid']
}

/** An answer other than 200. Proxies and gateways before a Lambda have pages of their own: those speak for nobody. */
function signOfNoLambda(answer: LambdaAnswer, error: ServiceError | null): string | null {
  const { status } = answer
  if (error !== null || isMarked(answer) || status >= 500) return null
  const sign = foreignSign(answer)
  if (status === 404) return sign ?? (parseJson(answer.body) === undefined ? 'what is no Lambda’s refusal' : null)
  if (isOfTheWay.has(status)) return isXmlSign(sign) ? sign : null
  return sign
}

const isOfTheWay: ReadonlySet<number> = new Set([401, 403, 407, 408, 429])

export function noLambda(status: number, sign: string): { readonly kind: 'noLambda'; readonly message: string } {
  return { kind: 'noLambda', message: `The Lambda endpoint answered ${status} with ${sign}, so no Lambda runs there.` }
}

function requestIdOf({ headers }: LambdaAnswer): string | undefined {
  return headers['x-amzn-requestid'] || headers['x-amz-request-id'] || undefined
}

function serverError(answer: LambdaAnswer, error: ServiceError | null, madeRequestId: () => string): InvokeResult {
  const message = describeAnswer(answer, error)
  const retryAfterMs = retryAfterMsOf(answer.headers['retry-after'])
  // First: an error of a function may have a code of its own (ENOENT), which is none of the service.
  if (isFunctionError(answer)) {
    return answered(answer, madeRequestId, answer.headers['x-amz-function-error'] ?? 'Unhandled')
  }
  if (error !== null || answer.body.trim() === '') return { kind: 'unavailable', message, retryAfterMs }
  // A gateway's own page: the function was not reached. After a gateway's timeout it may have been.
  if (answer.status === 502 || answer.status === 503) return { kind: 'unavailable', message, retryAfterMs }
  return { kind: 'lost', errorType: `Invoke.Status${answer.status}`, message }
}

/** Emulators that hand on what their runtime said: an error of the function under a status that is not 200. */
function isFunctionError(answer: LambdaAnswer): boolean {
  if (answer.headers['x-amz-function-error'] !== undefined) return true
  if (answer.headers['x-amzn-errortype'] !== undefined) return false
  const body = parseJson(answer.body)
  return isJsonObject(body) && (typeof body['errorType'] === 'string' || typeof body['errorMessage'] === 'string')
}

function answered(answer: LambdaAnswer, madeRequestId: () => string, functionError: string | null): InvokeResult {
  return {
    kind: 'answered',
    payload: answer.body,
    reply: {
      requestId: requestIdOf(answer) ?? madeRequestId(),
      // Lambda answers 200 for a failed function too, and failure records print it.
      statusCode: 200,
      executedVersion: answer.headers['x-amz-executed-version'] || '$LATEST',
      functionError: functionError === '' ? null : functionError,
    },
  }
}

export interface ServiceError {
  /** The exception's name without namespace. */
  readonly type: string
  readonly message: string
}

/** The exception of a Lambda-shaped error; null when the answer is anything else. */
export function serviceErrorOf(answer: LambdaAnswer): ServiceError | null {
  const parsed = parseJson(answer.body)
  const body: JsonObject = isJsonObject(parsed) ? parsed : {}
  const type = answer.headers['x-amzn-errortype'] || stringOf(body['__type']) || stringOf(body['code'])
  if (!type) return null
  return {
    type: (type.split(':')[0] ?? '').split('#').at(-1) ?? '',
    message: stringOf(body['message']) ?? stringOf(body['Message']) ?? '',
  }
}

const excerptLengthMax = 300

export function describeAnswer(answer: LambdaAnswer, error: ServiceError | null): string {
  if (error !== null) return error.message === '' ? error.type : `${error.type}: ${error.message}`
  if (answer.body.trim() === '') return `The Lambda endpoint answered ${answer.status} without a body.`
  return `The Lambda endpoint answered ${answer.status}: ${excerptOf(answer.body)}`
}

function excerptOf(text: string): string {
  const body = text.trim()
  return body.length > excerptLengthMax ? `${body.slice(0, excerptLengthMax)}…` : body
}

/** Seconds, as Lambda sends them. A date would depend on two clocks, so it is left to the usual backoff. */
function retryAfterMsOf(header: string | undefined): number | undefined {
  const seconds = header === undefined || header.trim() === '' ? Number.NaN : Number(header)
  return Number.isFinite(seconds) && seconds >= 0 ? Math.round(seconds * 1_000) : undefined
}
