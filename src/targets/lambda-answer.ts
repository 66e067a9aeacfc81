import { isJsonObject, parseJson, stringOf, type JsonObject } from '../events/json-value.ts'
import { interpretRieReply } from '../events/rie-reply.ts'
import type { InvokeResult } from '../ports.ts'

/** One HTTP answer of an Invoke API. */
export interface LambdaAnswer {
  readonly status: number
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string | undefined>>
  readonly body: string
}

/**
 * Decides whether the function ran (spec §11.26, DESIGN §5 Failures): an answer before the function costs no attempt,
 * an answer that may come from the function does. When in doubt the attempt counts, and nothing is acknowledged.
 */
export function interpretLambdaAnswer(answer: LambdaAnswer, madeRequestId: () => string): InvokeResult {
  if (answer.status === 200) return finished(answer, madeRequestId)
  const error = serviceErrorOf(answer)
  const message = describeAnswer(answer, error)
  if (error !== null && spentByErrorType.has(error.type)) return { kind: 'lost', errorType: error.type, message }
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
 * An endpoint without request id and version is no full Lambda: a Runtime Interface Emulator that was configured as the
 * Lambda endpoint hides failures in a bare 200, and those must not be acknowledged (spec §13.1).
 */
function finished(answer: LambdaAnswer, madeRequestId: () => string): InvokeResult {
  const { headers } = answer
  const functionError = headers['x-amz-function-error'] ?? null
  const full = functionError !== null || requestIdOf(answer) !== undefined || headers['x-amz-executed-version']
  return full
    ? answered(answer, madeRequestId, functionError)
    : interpretRieReply({ ...answer, requestId: madeRequestId() })
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
  const body = answer.body.trim()
  if (body === '') return `The Lambda endpoint answered ${answer.status} without a body.`
  const excerpt = body.length > excerptLengthMax ? `${body.slice(0, excerptLengthMax)}…` : body
  return `The Lambda endpoint answered ${answer.status}: ${excerpt}`
}

/** Seconds, as Lambda sends them. A date would depend on two clocks, so it is left to the usual backoff. */
function retryAfterMsOf(header: string | undefined): number | undefined {
  const seconds = header === undefined || header.trim() === '' ? Number.NaN : Number(header)
  return Number.isFinite(seconds) && seconds >= 0 ? Math.round(seconds * 1_000) : undefined
}
