import type { IncomingHttpHeaders } from 'node:http'
import type { AwsService } from '../model/settings.ts'
import type { CallResult } from './aws-access.ts'
import type { WireReply } from './transport.ts'

/** The JSON protocols of AWS: one POST to `/`, the operation in a header. */
export interface JsonProtocol {
  readonly contentType: string
  /** Prefix of `X-Amz-Target`. */
  readonly target: string
  /** The longest reply, where it is not the usual one. */
  readonly replyBytesMax?: number
}

/**
 * Ten messages of 1 MiB. An emulator that writes JSON in ASCII makes up to three bytes of each, and a receive whose reply was cut
 * off has hidden its messages for nothing.
 */
const messagesReplyBytesMax = 32 * 1_048_576

export const jsonProtocols: Readonly<Partial<Record<AwsService, JsonProtocol>>> = {
  sqs: { contentType: 'application/x-amz-json-1.0', target: 'AmazonSQS', replyBytesMax: messagesReplyBytesMax },
  kinesis: { contentType: 'application/x-amz-json-1.1', target: 'Kinesis_20131202' },
  dynamodb: { contentType: 'application/x-amz-json-1.0', target: 'DynamoDB_20120810' },
  dynamodbstreams: { contentType: 'application/x-amz-json-1.0', target: 'DynamoDBStreams_20120810' },
}

/** Reads a reply; the members of the output are left as they were printed (base64 stays text). */
export function readJsonReply(reply: WireReply): CallResult {
  if (reply.status >= 200 && reply.status < 300) {
    const output = reply.body === '' ? {} : parse(reply.body)
    if (output !== undefined) return { kind: 'ok', output }
    return {
      kind: 'error',
      status: reply.status,
      code: 'UnusableReply',
      message: `The service answered ${reply.status} with a body that is not JSON: ${excerpt(reply.body)}`,
    }
  }
  return readError(reply)
}

function readError(reply: WireReply): CallResult {
  const body = parse(reply.body)
  const fields = isObject(body) ? body : {}
  const code =
    exceptionName(text(fields['__type']) ?? header(reply.headers, 'x-amzn-errortype') ?? text(fields['code'])) ??
    exceptionName(header(reply.headers, 'x-amzn-query-error')) ??
    xmlElement(reply.body, 'Code') ??
    `Http${reply.status}`
  const message =
    text(fields['message']) ??
    text(fields['Message']) ??
    xmlElement(reply.body, 'Message') ??
    (reply.body === '' ? `The service answered ${reply.status} without a body.` : excerpt(reply.body))
  const retryAfterMs = readRetryAfter(header(reply.headers, 'retry-after'))
  return { kind: 'error', status: reply.status, code, message, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) }
}

/** `com.amazonaws.sqs#QueueDoesNotExist`, `ExpiredIteratorException:http://…`, `AWS.SimpleQueueService.X;Sender`. */
function exceptionName(raw: string | undefined): string | undefined {
  if (raw === undefined) return undefined
  const name = raw
    .slice(raw.indexOf('#') + 1)
    .split(/[:;]/)[0]
    ?.trim()
  return name === undefined || name === '' ? undefined : name
}

/** Seconds, or a date. */
function readRetryAfter(value: string | undefined, wallMs: number = Date.now()): number | undefined {
  if (value === undefined) return undefined
  const seconds = Number(value)
  if (Number.isFinite(seconds) && value.trim() !== '') return Math.max(0, Math.round(seconds * 1_000))
  const atMs = Date.parse(value)
  return Number.isNaN(atMs) ? undefined : Math.max(0, atMs - wallMs)
}

/** Emulators of the old query protocol, and load balancers, answer XML. */
function xmlElement(body: string, name: string): string | undefined {
  return new RegExp(`<${name}>([^<]*)</${name}>`).exec(body)?.[1]
}

function parse(json: string): unknown {
  try {
    return JSON.parse(json)
  } catch {
    return undefined
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined
}

function header(headers: IncomingHttpHeaders, name: string): string | undefined {
  const value = headers[name]
  return Array.isArray(value) ? value[0] : value
}

function excerpt(body: string): string {
  return body.length > 300 ? `${body.slice(0, 300)}…` : body
}
