import type { CallResult } from '../access/aws-access.ts'

/** Any answer of a call but the wanted one. */
export type CallFailure = Exclude<CallResult, { kind: 'ok' }>

/** A refusal in the words of the ports. */
export type Trouble =
  | { readonly kind: 'throttled'; readonly message: string; readonly retryAfterMs?: number | undefined }
  | { readonly kind: 'missing' | 'denied' | 'failed'; readonly message: string }

const missing = new Set([
  'QueueDoesNotExist',
  'AWS.SimpleQueueService.NonExistentQueue',
  'NonExistentQueue',
  'ResourceNotFoundException',
  'TableNotFoundException',
])

const denied = new Set([
  'AccessDenied',
  'AccessDeniedException',
  'AuthFailure',
  'CredentialsUnavailable',
  'ExpiredToken',
  'ExpiredTokenException',
  'IncompleteSignature',
  'InvalidClientTokenId',
  'InvalidSecurity',
  'InvalidSignatureException',
  'KMSAccessDeniedException',
  'KmsAccessDenied',
  'MissingAuthenticationToken',
  'MissingAuthenticationTokenException',
  'NotAuthorized',
  'OptInRequired',
  'SignatureDoesNotMatch',
  'UnauthorizedOperation',
  'UnrecognizedClientException',
])

const throttled = new Set([
  'KMSThrottlingException',
  'KmsThrottled',
  'LimitExceededException',
  'OverLimit',
  'ProvisionedThroughputExceededException',
  'RequestLimitExceeded',
  'RequestThrottled',
  'RequestThrottledException',
  'SlowDown',
  'Throttling',
  'ThrottlingException',
  'ThrottledException',
  'TooManyRequestsException',
])

export function troubleOf(failure: CallFailure): Trouble {
  if (failure.kind === 'unreachable') return { kind: 'failed', message: failure.message }
  const { code, status, retryAfterMs } = failure
  const message = `${code}: ${failure.message}`
  if (missing.has(code)) return { kind: 'missing', message }
  if (throttled.has(code) || status === 429) {
    return { kind: 'throttled', message, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) }
  }
  if (denied.has(code) || status === 401 || status === 403) return { kind: 'denied', message }
  return { kind: 'failed', message }
}
