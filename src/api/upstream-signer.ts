import { createHash } from 'node:crypto'
import type { Readable } from 'node:stream'
import { Sha256 } from '@aws-crypto/sha256-js'
import { HttpRequest } from '@smithy/protocol-http'
import { SignatureV4 } from '@smithy/signature-v4'
import type { AwsCredentialIdentity } from '@smithy/types'
import { ApiError } from '../model/api-error.ts'
import { collect } from './collect.ts'
import type { Headers } from './upstream.ts'

export interface SignableRequest {
  readonly method: string
  readonly host: string
  /** Path and query, already encoded. */
  readonly path: string
  readonly headers: Headers
  readonly body: Readable | null
}

export interface SignedRequest {
  readonly headers: Headers
  readonly body: Readable | Buffer | null
}

export type UpstreamSigner = (request: SignableRequest) => Promise<SignedRequest>

export interface SignerSettings {
  readonly region: string
  readonly credentials: () => Promise<AwsCredentialIdentity>
}

/** Lambda's own limit of the largest request there is, a CreateFunction with its code (API_CreateFunction: 70167211 bytes). */
const bodyBytesMax = 70_167_211

/**
 * Signs anew for AWS: the client signed for our host, with keys that may be made up. The hash of the body is the client's
 * own where it sends one; otherwise the body has to be read first.
 */
export function createUpstreamSigner({ credentials, region }: SignerSettings): UpstreamSigner {
  const signer = new SignatureV4({ service: 'lambda', region, credentials, sha256: Sha256 })
  return async (request) => {
    const given = request.headers['x-amz-content-sha256']
    const streams = typeof given === 'string' && /^[0-9a-f]{64}$/.test(given)
    const body = streams || request.body === null ? request.body : await collect(request.body, bodyBytesMax, tooLarge)
    const bodyHash = streams
      ? given
      : createHash('sha256')
          .update(Buffer.isBuffer(body) ? body : '')
          .digest('hex')
    const [path = '/', search = ''] = splitOnce(request.path, '?')
    const signed = await signer.sign(
      new HttpRequest({
        method: request.method,
        protocol: 'https:',
        hostname: request.host,
        path,
        query: queryOf(search),
        headers: { ...unsigned(request.headers), host: request.host, 'x-amz-content-sha256': bodyHash },
      }),
    )
    return { headers: signed.headers, body }
  }
}

/** The client's signature goes. Lists do not occur in what a client signs; they are joined as HTTP allows. */
function unsigned(headers: Headers): Record<string, string> {
  const dropped = new Set(['authorization', 'host', 'x-amz-date', 'x-amz-security-token'])
  const kept = Object.entries(headers).filter(([name]) => !dropped.has(name))
  return Object.fromEntries(kept.map(([name, value]) => [name, typeof value === 'string' ? value : value.join(', ')]))
}

function splitOnce(text: string, mark: string): readonly string[] {
  const at = text.indexOf(mark)
  return at < 0 ? [text] : [text.slice(0, at), text.slice(at + 1)]
}

function queryOf(search: string): Record<string, string | string[]> {
  // A name may be any text, `constructor` too.
  const query = new Map<string, string[]>()
  for (const [name, value] of new URLSearchParams(search)) query.set(name, [...(query.get(name) ?? []), value])
  return Object.fromEntries(query)
}

function tooLarge(): ApiError {
  return new ApiError('RequestTooLargeException', `Request must be smaller than ${bodyBytesMax} bytes`)
}
