import type { Unreachable } from '../access/aws-access.ts'
import type { Arn } from '../model/arn.ts'
import type { Delivery, DeliveryResult } from '../ports.ts'

/** One service that takes failure records. `arn` is the delivery's own, read. */
export interface ServiceDestination {
  deliver(arn: Arn, delivery: Delivery, signal: AbortSignal): Promise<DeliveryResult>
}

export const delivered: DeliveryResult = { kind: 'delivered' }

/** A success without what the service always says of one: somebody else answers there, and the record may be nowhere. */
export function unusable(what: string): DeliveryResult {
  return {
    kind: 'refused',
    message: `${what} was answered as no such service answers: what serves the endpoint may be something else.`,
    retryable: true,
  }
}

/** An answer of a destination's service that is not a success. */
export interface Refusal {
  readonly kind: 'error'
  readonly status: number
  readonly code: string
  readonly message: string
}

/**
 * Whether another try can help. A refused identity or a body that is not accepted stays so; a service that is away or
 * busy does not, and neither does a queue, topic or bucket that is not there yet: emulators come up piece by piece.
 */
export function refused(failure: Refusal | Unreachable): DeliveryResult {
  if (failure.kind === 'unreachable') return { kind: 'refused', message: failure.message, retryable: true }
  const { status, code } = failure
  const retryable = status >= 500 || status === 429 || status === 404 || transient.has(code) || missing.has(code)
  return { kind: 'refused', message: `${code}: ${failure.message}`, retryable }
}

export function isMissing({ code }: Refusal): boolean {
  return missing.has(code)
}

/** Codes that come with a status of 400 or 403 and pass by themselves. */
const transient: ReadonlySet<string> = new Set([
  'Throttling',
  'ThrottlingException',
  'ThrottledException',
  'RequestThrottled',
  'RequestLimitExceeded',
  'RequestTimeout',
  'RequestTimeTooSkewed',
  'KMSThrottlingException',
  'KmsThrottled',
  'OverLimit',
  'SlowDown',
  // Credentials that could not be renewed just now.
  'CredentialsUnavailable',
  'ExpiredToken',
  'ExpiredTokenException',
])

const missing: ReadonlySet<string> = new Set([
  'QueueDoesNotExist',
  'NonExistentQueue',
  'AWS.SimpleQueueService.NonExistentQueue',
  'NotFound',
  'NotFoundException',
  'NoSuchBucket',
])

/** The error of a service that answers XML (SNS, S3), or at least something that can be quoted. */
export function xmlRefusal(reply: { readonly status: number; readonly body: string }): Refusal {
  return {
    kind: 'error',
    status: reply.status,
    code: element(reply.body, 'Code') ?? `Http${reply.status}`,
    message: element(reply.body, 'Message') ?? (reply.body.slice(0, 300) || 'The service gave no reason.'),
  }
}

function element(xml: string, name: string): string | undefined {
  return new RegExp(`<${name}>([^<]*)</${name}>`).exec(xml)?.[1]
}
