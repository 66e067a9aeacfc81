import type { FastifyReply } from 'fastify'
import type { ApiError, ApiErrorType } from '../model/api-error.ts'

/** Any refusal in Lambda's form, also of types that the mapping operations do not have. */
export interface ErrorResponse {
  readonly status: number
  readonly type: string
  readonly message: string
  /** Stays the same from version to version; AWS has none. */
  readonly code?: string
}

/** These write `Message`, the others `message` (the API's model). */
const capitalised: ReadonlySet<string> = new Set<ApiErrorType>([
  'ResourceNotFoundException',
  'ResourceInUseException',
  'ServiceException',
])

/** Its retryAfterSeconds is a header. */
const throttled = 'TooManyRequestsException'

/** Answers of Lambda's front, before the operation: they have no `Type`. */
const ofTheFront: ReadonlySet<string> = new Set(['ValidationException', 'SerializationException'])

export function errorResponse(error: ApiError): ErrorResponse {
  const { code, message, status, type } = error
  return { status, type, message, ...(code !== undefined && { code }) }
}

/** Why the caller is throttled (ThrottleReason of the API's model), where the message says it. */
function reasonOf(message: string): string {
  return /\b[A-Z]\w+(?:Limit|Rate)Exceeded\b/.exec(message)?.[0] ?? 'CallerRateLimitExceeded'
}

function errorBody({ code, type, message }: ErrorResponse): string {
  if (ofTheFront.has(type)) return JSON.stringify({ message })
  const Type = type === 'ServiceException' ? 'Service' : 'User'
  if (capitalised.has(type)) return JSON.stringify({ Type, Message: message })
  const throttle = type === throttled ? { Reason: reasonOf(message) } : {}
  return JSON.stringify({ Type, message, ...throttle, ...(code !== undefined && { code }) })
}

export function sendError(reply: FastifyReply, error: ErrorResponse): FastifyReply {
  if (error.type === throttled) reply.header('retry-after', '1')
  return reply
    .code(error.status)
    .header('x-amzn-errortype', error.type)
    .header('content-type', 'application/json')
    .send(errorBody(error))
}

/** A path or method that the Lambda API does not have. */
export function unknownOperation(method: string, path: string): ErrorResponse {
  return {
    status: 404,
    type: 'UnknownOperationException',
    message: `${method} ${path} is not an operation of the Lambda API.`,
  }
}
