import { createHash } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import { secretsEqual } from '../../auth/secrets.ts'
import { createSignatureVerifier, type SignatureVerdict } from '../../auth/signature-verifier.ts'
import type { AuthSettings } from '../../model/settings.ts'
import type { Refusal } from './refusal.ts'

/** Tells who sends a request. */
export interface Authenticator {
  /** `body` is read only where a signature has to be checked against it. */
  identify(request: Identifiable, body: UnreadBody): Promise<Identity>
}

/** Either of the two reads it. */
export interface UnreadBody {
  /** Keeps it for whoever answers. */
  hold(): Promise<Buffer>
  /** Keeps nothing of it but its SHA-256, in hex. */
  hash(): Promise<string>
}

export interface Identifiable {
  readonly method: string
  /** Path and query as they came. */
  readonly path: string
  readonly headers: IncomingHttpHeaders
}

/** `key`: the name of the key pair or `token`; null where nobody has to say who they are. */
export type Identity =
  { readonly kind: 'known'; readonly key: string | null } | { readonly kind: 'refused'; readonly refusal: Refusal }

export function createAuthenticator(auth: AuthSettings, region: string, wallMs: () => number): Authenticator {
  switch (auth.kind) {
    case 'none':
      return { identify: async () => ({ kind: 'known', key: null }) }
    case 'token':
      return { identify: async ({ headers }) => checkToken(headers.authorization, auth.token) }
    case 'sigv4':
      return signatures(auth, region, wallMs)
    default:
      return auth satisfies never
  }
}

function checkToken(authorization: string | undefined, token: string): Identity {
  if (authorization === undefined) return unauthorized('MissingAuthenticationTokenException', missingToken)
  const [, given] = /^Bearer +(\S+) *$/i.exec(authorization) ?? []
  if (given === undefined) return unauthorized('UnrecognizedClientException', noBearer)
  if (!secretsEqual(given, token)) return unauthorized('UnrecognizedClientException', wrongToken)
  return { kind: 'known', key: 'token' }
}

const missingToken =
  'This Millrace wants a token: send the header Authorization: Bearer TOKEN, or set MILLRACE_TOKEN for its command line.'
const noBearer =
  'This Millrace wants a bearer token, and the Authorization header has none. AWS CLI and SDKs sign instead: they need ' +
  'server.auth: sigv4 with MILLRACE_KEYS or server.keysFile.'
const wrongToken = 'The bearer token is not the one of this Millrace (MILLRACE_TOKEN or server.tokenFile).'

function unauthorized(type: string, message: string): Identity {
  const code = type === 'MissingAuthenticationTokenException' ? 'MILLRACE_AUTH_REQUIRED' : 'MILLRACE_AUTH_REFUSED'
  return { kind: 'refused', refusal: { status: 401, type, code, message } }
}

function signatures(
  { keys, token }: Extract<AuthSettings, { kind: 'sigv4' }>,
  region: string,
  wallMs: () => number,
): Authenticator {
  const verifier = createSignatureVerifier(keys, { service: 'lambda', region })
  return {
    async identify(request, body) {
      const { authorization } = request.headers
      if (token !== undefined && /^Bearer /i.test(authorization ?? '')) return checkToken(authorization, token)
      const seen = verifier.glance(request, wallMs())
      if (seen.kind === 'refused') return refusedBy(seen)
      // A stranger's body takes no room from those who have a key, and is read all the same: only the key was not known.
      const bodyHash = seen.isKnown ? sha256(await body.hold()) : await body.hash()
      const verdict = verifier.verify({ ...request, bodyHash }, wallMs())
      return verdict.kind === 'valid' ? { kind: 'known', key: verdict.key.name } : refusedBy(verdict)
    },
  }
}

function sha256(body: Buffer): string {
  return createHash('sha256').update(body).digest('hex')
}

function refusedBy({ message: says, type }: Extract<SignatureVerdict, { kind: 'refused' }>): Identity {
  const isMissing = type === 'MissingAuthenticationTokenException'
  const code = isMissing ? 'MILLRACE_AUTH_REQUIRED' : 'MILLRACE_AUTH_REFUSED'
  const message = isMissing ? `${says}. ${missingSignature}` : says
  return { kind: 'refused', refusal: { status: 403, type, code, message } }
}

const missingSignature =
  'This Millrace wants requests that are signed with one of its key pairs (MILLRACE_KEYS or server.keysFile).'
