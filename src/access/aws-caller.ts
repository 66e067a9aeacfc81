import type { AwsService } from '../model/settings.ts'
import type { AwsCaller, CallResult, HttpResult, Pool, Unreachable } from './aws-access.ts'
import type { ClockOffsetBook } from './clock-offsets.ts'
import { jsonProtocols, readJsonReply } from './json-protocol.ts'
import { createSigner } from '../auth/signature.ts'
import type { SigningIdentity } from '../auth/signature.ts'
import { flattened, originOf } from './transport.ts'
import type { Transport, WireReply } from './transport.ts'
import { splitUserinfo } from './userinfo.ts'

export type IdentityResult =
  { readonly kind: 'ok'; readonly identity: SigningIdentity } | { readonly kind: 'error'; readonly message: string }

export interface CallerParts {
  readonly service: AwsService
  readonly region: string
  readonly endpoint: string
  /** At once where credentials are at hand. */
  readonly identity: () => IdentityResult | Promise<IdentityResult>
  readonly transport: Transport
  readonly offsets: ClockOffsetBook
}

const signingNames: Readonly<Record<AwsService, string>> = {
  sqs: 'sqs',
  kinesis: 'kinesis',
  dynamodbstreams: 'dynamodb',
  dynamodb: 'dynamodb',
  lambda: 'lambda',
  sns: 'sns',
  s3: 's3',
}

/** AWS refuses a signature that is five minutes off; below that our own clock is as good as its. */
const skewMsMax = 240_000

export function createAwsCaller(parts: CallerParts): AwsCaller {
  const { transport, offsets } = parts
  const { authorization, url: endpoint } = splitUserinfo(parts.endpoint)
  const origin = { ...originOf(endpoint), service: parts.service }
  const url = new URL(endpoint)
  const host = url.host
  const basePath = url.pathname.replace(/\/$/, '')
  const signer = createSigner({ service: signingNames[parts.service], region: parts.region })
  const protocol = jsonProtocols[parts.service]

  async function send(request: Unsigned, pool: Pool, signal: AbortSignal): Promise<WireReply | Unreachable> {
    const turnstile = transport.turnstile(origin, pool)
    if (turnstile === null) return signAndSend(request, pool, signal)
    const turn = turnstile.enter(signal)
    if (turn !== null) await turn
    try {
      return await signAndSend(request, pool, signal)
    } finally {
      turnstile.leave()
    }
  }

  async function signAndSend(request: Unsigned, pool: Pool, signal: AbortSignal): Promise<WireReply | Unreachable> {
    const path = `${basePath}${request.path}`
    const sentMs = Date.now()
    const sentMonoMs = performance.now()
    const offsetMs = offsets.repliedOffsetMs(endpoint)
    const signedMs = Math.abs(offsetMs) > skewMsMax ? sentMs + offsetMs : sentMs
    const { method, body, replyBytesMax } = request
    const headers = signer.sign({ method, path, headers: request.headers, body }, request.identity, signedMs)
    headers['content-length'] = String(Buffer.byteLength(body))
    headers['user-agent'] = 'millrace'
    // A proxy in front of an emulator wants its own word; one header has room for one of the two.
    if (authorization !== undefined) headers['authorization'] = authorization
    const reply = await transport.send({ origin, method, path, headers, body, replyBytesMax }, pool, signal)
    if (reply.kind === 'reply') offsets.observe(endpoint, reply.headers.date, sentMonoMs, performance.now())
    return reply
  }

  return {
    endpoint,
    authorization,
    async json(operation, input, pool, signal): Promise<CallResult> {
      if (protocol === undefined) throw new Error(`${parts.service} does not speak a JSON protocol.`)
      const known = parts.identity()
      const identity = known instanceof Promise ? await known : known
      if (identity.kind === 'error') return credentialsUnavailable(identity.message)
      const headers = { 'content-type': protocol.contentType, host, 'x-amz-target': `${protocol.target}.${operation}` }
      const body = JSON.stringify(input)
      const { replyBytesMax } = protocol
      const request = { method: 'POST', path: '/', headers, body, identity: identity.identity, replyBytesMax }
      const reply = await send(request, pool, signal)
      return reply.kind === 'reply' ? readJsonReply(reply) : reply
    },
    async http(request, pool, signal): Promise<HttpResult> {
      const known = parts.identity()
      const identity = known instanceof Promise ? await known : known
      if (identity.kind === 'error')
        return { kind: 'unreachable', sent: false, message: noCredentials(identity.message) }
      const headers = { ...lowerCased(request.headers), host }
      const { method, path, body } = request
      const reply = await send({ method, path, headers, body, identity: identity.identity }, pool, signal)
      if (reply.kind !== 'reply') return reply
      return { kind: 'ok', status: reply.status, headers: flattened(reply.headers), body: reply.body }
    },
  }
}

interface Unsigned {
  readonly method: string
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  readonly identity: SigningIdentity
  readonly replyBytesMax?: number | undefined
}

function credentialsUnavailable(reason: string): CallResult {
  return { kind: 'error', status: 0, code: 'CredentialsUnavailable', message: noCredentials(reason) }
}

function noCredentials(reason: string): string {
  return `No usable AWS credentials: ${reason}`
}

function lowerCased(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]))
}
