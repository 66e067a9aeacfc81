import type { AwsService } from '../model/settings.ts'

/**
 * The way to AWS's APIs on any endpoint: endpoint, region, credentials, TLS and proxies by the SDK's own rules, with a lean
 * transport for the hot calls. One per process; service.ts makes it and hands it to the adapters.
 */
export interface AwsAccess {
  /** A caller for one service in the region and account of an ARN. Cached; shares sockets per pool. */
  service(service: AwsService, region: string | undefined, account: string | undefined): AwsCaller
  /** True when the endpoint's host ends in an AWS domain. */
  isAws(service: AwsService): boolean
  close(): Promise<void>
}

/** Sockets of one pool never starve those of another: a long poll, a look at a shard, a delete and an invocation each have their own. */
export type Pool = 'receive' | 'read' | 'settle' | 'invoke' | 'control'

export interface AwsCaller {
  readonly endpoint: string
  /** What the endpoint's URL says of who calls; it goes in place of the signature. */
  readonly authorization?: string | undefined
  /** One signed request of a JSON protocol (SQS, Kinesis, DynamoDB, DynamoDB Streams). Never retries. */
  json(operation: string, input: unknown, pool: Pool, signal: AbortSignal): Promise<CallResult>
  /** One signed HTTP request (Lambda, S3, SNS query). Never retries. */
  http(request: HttpRequest, pool: Pool, signal: AbortSignal): Promise<HttpResult>
}

export type CallResult =
  | { readonly kind: 'ok'; readonly output: unknown }
  | {
      readonly kind: 'error'
      readonly status: number
      /** The exception's name without namespace, e.g. `ExpiredIteratorException`. */
      readonly code: string
      readonly message: string
      readonly retryAfterMs?: number | undefined
    }
  | Unreachable

/** No usable answer. `sent`: the request had been written whole, so the service may have acted on it. */
export interface Unreachable {
  readonly kind: 'unreachable'
  readonly sent: boolean
  readonly message: string
  /** There was an answer, and it was cut off for its length: how it began. */
  readonly cutOff?: CutOff | undefined
}

export interface CutOff {
  readonly status: number
  readonly headers: Readonly<Record<string, string | undefined>>
}

export interface HttpRequest {
  readonly method: string
  /** Path and query, already encoded. */
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

export type HttpResult =
  | {
      readonly kind: 'ok'
      readonly status: number
      readonly headers: Readonly<Record<string, string | undefined>>
      readonly body: string
    }
  | Unreachable

/** The service's clock minus ours, by the `Date` header of the last reply of an endpoint. */
export interface ClockOffsets {
  offsetMs(endpoint: string): number
}

/** What a source needs of the way to AWS. */
export type SourceAccess = Pick<AwsAccess, 'service' | 'isAws'> & ClockOffsets
