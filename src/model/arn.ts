import { ApiError } from './api-error.ts'
import type { SourceKind } from './source.ts'

/** The five parts of an Amazon Resource Name. `resource` is everything after the account, colons and slashes included. */
export interface Arn {
  readonly partition: string
  readonly service: string
  readonly region: string
  readonly account: string
  readonly resource: string
}

/** What the name of an event source says by itself, without asking any service. */
export interface SourceName {
  readonly kind: SourceKind
  /** undefined for `kinesis:NAME` and `dynamodb:TABLE`: the configured ones hold. */
  readonly region: string | undefined
  readonly account: string | undefined
  /** The bare name of the queue, the stream or the table. */
  readonly resource: string
  /** Kinesis: the consumer of an enhanced fan-out ARN. */
  readonly consumer?: string | undefined
}

/** The parts of a function's name in any of the forms that the Lambda API takes. */
export interface FunctionReference {
  readonly name: string
  /** A version, an alias or `$LATEST`. */
  readonly qualifier?: string | undefined
  readonly region?: string | undefined
  readonly account?: string | undefined
  /** The whole of what was given, where that was an ARN. */
  readonly arn?: string | undefined
}

/** Where something lives that Millrace builds an ARN for. */
export interface ArnPlace {
  readonly region: string
  readonly account: string
}

export function parseArn(text: string): Arn | undefined {
  const [head, partition, service, region, account, ...rest] = text.split(':')
  if (head !== 'arn' || account === undefined || rest.length === 0) return undefined
  const resource = rest.join(':')
  if (!partition || !service || region === undefined || resource === '') return undefined
  return { partition, service, region, account, resource }
}

const namedStream = /^(kinesis|dynamodb):([a-zA-Z0-9_.-]{1,255})$/
const queueResource = /^[a-zA-Z0-9_-]{1,80}(\.fifo)?$/
const streamResource = /^stream\/([a-zA-Z0-9_.-]+)(?:\/consumer\/([^/]+))?$/
const tableResource = /^table\/([a-zA-Z0-9_.-]+)\/stream\/([^/]+)$/

/** Reads an EventSourceArn, or a stream given by name; undefined when it is no source that Millrace knows. */
export function sourceOf(text: string): SourceName | undefined {
  const [, service, resource] = namedStream.exec(text) ?? []
  if (service !== undefined && resource !== undefined) {
    return { kind: service === 'kinesis' ? 'kinesis' : 'dynamodb', region: undefined, account: undefined, resource }
  }
  const arn = parseArn(text)
  if (!arn || arn.region === '') return undefined
  const found = sourceOfResource(arn)
  return found && { ...found, region: arn.region, account: arn.account }
}

function sourceOfResource({ service, resource }: Arn): Omit<SourceName, 'region' | 'account'> | undefined {
  switch (service) {
    case 'sqs':
      if (!queueResource.test(resource)) return undefined
      return { kind: resource.endsWith('.fifo') ? 'sqs-fifo' : 'sqs', resource }
    case 'kinesis': {
      const [, stream, consumer] = streamResource.exec(resource) ?? []
      return stream === undefined ? undefined : { kind: 'kinesis', resource: stream, ...(consumer && { consumer }) }
    }
    case 'dynamodb': {
      const [, table] = tableResource.exec(resource) ?? []
      return table === undefined ? undefined : { kind: 'dynamodb', resource: table }
    }
    default:
      return undefined
  }
}

export function sourceKindOf(text: string): SourceKind | undefined {
  return sourceOf(text)?.kind
}

/** The pattern of the Lambda API for FunctionName, its region widened: emulators make ARNs with regions of their own. */
const functionName =
  /^(?:arn:[a-z-]+:lambda:)?(?:([a-z0-9-]*[a-z-][a-z0-9-]*):(?=\d{12}:function:))?(?:(\d{12}):(?=function:))?(?:function:)?([a-zA-Z0-9-_]+)(?::(\$LATEST(?:\.PUBLISHED)?|[a-zA-Z0-9-_]+))?$/

/** The longest that the Lambda API takes (API_CreateEventSourceMapping); it also bounds the work of the pattern. */
export const functionNameLengthMax = 256

/** Reads `name`, `name:qualifier`, `account:function:name`, or an ARN; undefined for anything else. */
export function parseFunctionName(text: string): FunctionReference | undefined {
  if (text.length > functionNameLengthMax) return undefined
  const match = functionName.exec(text)
  const isArn = text.startsWith('arn:')
  if (!match) return undefined
  const [, region, account, name, qualifier] = match
  if (name === undefined || (isArn && (region === undefined || account === undefined))) return undefined
  return {
    name,
    ...(qualifier !== undefined && { qualifier }),
    ...(region !== undefined && { region }),
    ...(account !== undefined && { account }),
    ...(isArn && { arn: text }),
  }
}

/** Without its qualifier, else as it was given, so that an endpoint with several accounts and regions finds the right one. */
export function unqualifiedFunction({ arn, region, account, name, qualifier }: FunctionReference): string {
  if (arn !== undefined) return qualifier === undefined ? arn : arn.slice(0, -(qualifier.length + 1))
  if (account === undefined) return name
  return [...(region === undefined ? [] : [region]), account, 'function', name].join(':')
}

/** The function's ARN with the qualification that was given; what the name leaves open comes from `place`. */
export function functionArnOf(text: string, place: ArnPlace): string {
  const parsed = parseFunctionName(text)
  if (!parsed) {
    throw new ApiError(
      'ValidationException',
      `'${text}' is not a function name, a partial ARN or an ARN of a function.`,
    )
  }
  if (parsed.arn !== undefined) return parsed.arn
  const region = parsed.region ?? place.region
  const suffix = parsed.qualifier === undefined ? '' : `:${parsed.qualifier}`
  return `arn:${partitionOf(region)}:lambda:${region}:${parsed.account ?? place.account}:function:${parsed.name}${suffix}`
}

/** Where the function of a bare name is: the configured region, and the account of the source's ARN if it has one. */
export function functionPlace(sourceName: string, configured: ArnPlace): ArnPlace {
  const account = parseArn(sourceName)?.account ?? ''
  return { region: configured.region, account: /^\d{12}$/.test(account) ? account : configured.account }
}

/** The partition that a region belongs to (AWS General Reference, ARNs). */
export function partitionOf(region: string): string {
  if (region.startsWith('cn-')) return 'aws-cn'
  if (region.startsWith('us-gov-')) return 'aws-us-gov'
  if (region.startsWith('eusc-')) return 'aws-eusc'
  if (region.startsWith('us-isob-')) return 'aws-iso-b'
  if (region.startsWith('us-iso-')) return 'aws-iso'
  return 'aws'
}
