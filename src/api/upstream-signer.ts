import { createHash } from 'node:crypto'
import type { Readable } from 'node:stream'
import { createSigner, type SigningIdentity } from '../auth/signature.ts'
import { ApiError } from '../model/api-error.ts'
import { lambdaRequestBytesMax } from '../model/limits.ts'
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
  readonly credentials: () => Promise<SigningIdentity>
}

/**
 * Signs anew for AWS: the client signed for our host, with keys that may be made up. The hash of the body is the client's
 * own where it sends one; otherwise the body has to be read first.
 */
export function createUpstreamSigner({ credentials, region }: SignerSettings): UpstreamSigner {
  const signer = createSigner({ service: 'lambda', region })
  return async (request) => {
    const given = request.headers['x-amz-content-sha256']
    const streams = typeof given === 'string' && /^[0-9a-f]{64}$/.test(given)
    const body =
      streams || request.body === null ? request.body : await collect(request.body, lambdaRequestBytesMax, tooLarge)
    const bodyHash = streams
      ? given
      : createHash('sha256')
          .update(Buffer.isBuffer(body) ? body : '')
          .digest('hex')
    const headers = { ...unsigned(request.headers), host: request.host, 'x-amz-content-sha256': bodyHash }
    const { method, path } = request
    const identity = await credentials()
    try {
      return { headers: signer.sign({ method, path, headers, body: '', bodyHash }, identity, Date.now()), body }
    } catch (error) {
      if (error instanceof URIError)
        throw new ApiError('SerializationException', 'The query of the request does not decode.')
      throw error
    }
  }
}

/** The client's signature goes. Lists do not occur in what a client signs; they are joined as HTTP allows. */
function unsigned(headers: Headers): Record<string, string> {
  const dropped = new Set(['authorization', 'host', 'x-amz-date', 'x-amz-security-token'])
  const kept = Object.entries(headers).filter(([name]) => !dropped.has(name))
  return Object.fromEntries(kept.map(([name, value]) => [name, typeof value === 'string' ? value : value.join(', ')]))
}

function tooLarge(): ApiError {
  return new ApiError('RequestTooLargeException', `Request must be smaller than ${lambdaRequestBytesMax} bytes`)
}
