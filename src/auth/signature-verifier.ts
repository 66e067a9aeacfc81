import type { AccessKey } from '../model/access-key.ts'
import { secretsEqual } from './secrets.ts'
import { createSigningKeys, stringToSign, type SigningScope } from './signature.ts'

/** Checks Signature Version 4 as AWS does: header signatures of one service and region, five minutes of clock skew. */
export interface SignatureVerifier {
  /** What can be told before the body is read. */
  glance(request: Unhashed, wallMs: number): SignatureGlance
  verify(request: SignedRequest, wallMs: number): SignatureVerdict
}

export interface SignedRequest {
  readonly method: string
  /** Path and query as they came over the wire. */
  readonly path: string
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>
  /** SHA-256 of the body that arrived, in hex. */
  readonly bodyHash: string
}

type Unhashed = Omit<SignedRequest, 'bodyHash'>

interface Refused {
  readonly kind: 'refused'
  readonly type: SignatureRefusal
  readonly message: string
}

export type SignatureVerdict = { readonly kind: 'valid'; readonly key: AccessKey } | Refused

export type SignatureGlance = { readonly kind: 'signed'; readonly isKnown: boolean } | Refused

/** AWS's own names for what is wrong. */
export type SignatureRefusal =
  | 'MissingAuthenticationTokenException'
  | 'IncompleteSignatureException'
  | 'InvalidSignatureException'
  | 'UnrecognizedClientException'

const skewMsMax = 5 * 60_000

export function createSignatureVerifier(keys: readonly AccessKey[], scope: SigningScope): SignatureVerifier {
  const byId = new Map(keys.map((key) => [key.accessKeyId, { key, derive: createSigningKeys(scope) }]))
  // An unknown key is checked against a secret that nobody has, so that it takes as long as a wrong signature.
  const nobody = {
    key: { name: '', accessKeyId: '', secretAccessKey: '', sessionToken: undefined },
    derive: createSigningKeys(scope),
  }

  return {
    glance(request, wallMs) {
      const signed = readSigned(request, scope, wallMs)
      return signed.kind === 'refused' ? signed : { kind: 'signed', isKnown: byId.has(signed.credential.accessKeyId) }
    },
    verify(request, wallMs) {
      const read = readSigned(request, scope, wallMs)
      if (read.kind === 'refused') return read
      const { credential, date } = read
      const known = byId.get(credential.accessKeyId)
      const { key, derive } = known ?? nobody
      const signed = signatureOf({ request, credential, date, scope, derive, key })
      const isRight = secretsEqual(signed, credential.signature)
      const isToken = secretsEqual(key.sessionToken ?? '', headerOf(request, 'x-amz-security-token') ?? '')
      if (known !== undefined && isRight && isToken) return { kind: 'valid', key }
      return refused('UnrecognizedClientException', unrecognized)
    },
  }
}

type Signed = { readonly kind: 'signed'; readonly credential: Credential; readonly date: string }

/** Everything that does not depend on key and body. */
function readSigned(request: Unhashed, scope: SigningScope, wallMs: number): Signed | Refused {
  if (isPresigned(request.path)) return refused('IncompleteSignatureException', presigned)
  const given = headerOf(request, 'authorization')
  if (given === undefined) return refused('MissingAuthenticationTokenException', 'Missing Authentication Token')
  const credential = credentialOf(given)
  if (typeof credential === 'string') return refused('IncompleteSignatureException', credential)
  const date = headerOf(request, 'x-amz-date') ?? ''
  const flaw = flawOf({ request, credential, date, scope, wallMs })
  return flaw === null ? { kind: 'signed', credential, date } : refused('InvalidSignatureException', flaw)
}

const presigned = 'Presigned requests are not accepted: sign with the Authorization header.'

/** One answer for a key that is not known, a wrong secret and a wrong session token. */
const unrecognized =
  'The security token included in the request is invalid: the key pair is not one that this Millrace was given, or the ' +
  "signature does not fit the request. Compare the client's credentials with MILLRACE_KEYS or server.keysFile."

interface Credential {
  readonly accessKeyId: string
  readonly day: string
  readonly region: string
  readonly service: string
  readonly end: string
  readonly signedNames: readonly string[]
  readonly signature: string
}

/** A text says what is missing. */
function credentialOf(authorization: string): Credential | string {
  const [scheme, rest] = splitAt(authorization.trim(), ' ')
  if (scheme !== 'AWS4-HMAC-SHA256') return `Unsupported authorization scheme: AWS4-HMAC-SHA256 is accepted.`
  const members = new Map(rest.split(',').map((part) => splitAt(part.trim(), '=')))
  const missing = ['Credential', 'Signature', 'SignedHeaders'].filter((name) => (members.get(name) ?? '') === '')
  if (missing.length > 0) return missing.map((name) => `Authorization header requires '${name}' parameter.`).join(' ')
  // A key's id may hold slashes, its scope may not.
  const parts = (members.get('Credential') ?? '').split('/')
  const [day, region, service, end] = parts.slice(-4)
  const accessKeyId = parts.slice(0, -4).join('/')
  if (accessKeyId === '' || day === undefined || region === undefined || service === undefined || end === undefined)
    return 'Credential must have at least 5 slash-delimited elements: KEY/DATE/REGION/SERVICE/aws4_request.'
  const signedNames = (members.get('SignedHeaders') ?? '').split(';')
  return { accessKeyId, day, region, service, end, signedNames, signature: members.get('Signature') ?? '' }
}

interface Checked {
  readonly request: Unhashed
  readonly credential: Credential
  readonly date: string
  readonly scope: SigningScope
  readonly wallMs: number
}

/** What is wrong whoever signed; nothing here depends on the key. */
function flawOf({ credential, date, request, scope, wallMs }: Checked): string | null {
  const sentMs = timeOf(date)
  if (sentMs === null) return `Date must be in ISO-8601 'basic format'. Got '${shown(date)}'.`
  if (sentMs < wallMs - skewMsMax) return `Signature expired: ${date} is now earlier than ${compact(wallMs)} - 5 min.`
  if (sentMs > wallMs + skewMsMax)
    return `Signature not yet current: ${date} is still later than ${compact(wallMs)} + 5 min.`
  if (credential.day !== date.slice(0, 8)) return 'Date in Credential scope does not match X-Amz-Date.'
  if (credential.region !== scope.region)
    return `Credential should be scoped to a valid region: '${scope.region}', not '${shown(credential.region)}'.`
  if (credential.service !== scope.service) return `Credential should be scoped to correct service: '${scope.service}'.`
  if (credential.end !== 'aws4_request') return `Credential should be scoped with a valid terminator: 'aws4_request'.`
  return unsignedFlaw(request, new Set(credential.signedNames))
}

/** Host and everything that AWS reads must be signed, or a stranger could change it. */
function unsignedFlaw({ headers }: Unhashed, signed: ReadonlySet<string>): string | null {
  if (!signed.has('host')) return "'Host' must be a 'SignedHeader' in the AWS Authorization."
  const unsigned = Object.keys(headers).filter((name) => name.startsWith('x-amz-') && !signed.has(name))
  if (unsigned.length > 0)
    return `There were headers present in the request which were not signed: ${unsigned.join(', ')}.`
  return null
}

interface Signing {
  readonly request: SignedRequest
  readonly credential: Credential
  readonly date: string
  readonly scope: SigningScope
  readonly derive: ReturnType<typeof createSigningKeys>
  readonly key: AccessKey
}

/** Empty where the request cannot be signed at all, as when its query does not decode. */
function signatureOf({ credential, date, derive, key, request, scope }: Signing): string {
  const headers = Object.fromEntries(credential.signedNames.map((name) => [name, headerOf(request, name) ?? '']))
  try {
    const toSign = stringToSign({ ...request, headers, date, signedNames: credential.signedNames }, scope)
    return derive(key.secretAccessKey, credential.day).digest(toSign).toString('hex')
  } catch (error) {
    if (error instanceof URIError) return ''
    throw error
  }
}

function isPresigned(path: string): boolean {
  return /[?&]X-Amz-(?:Algorithm|Credential|Signature)=/i.test(path)
}

function headerOf({ headers }: Unhashed, name: string): string | undefined {
  // Strangers name headers too: `constructor` is one only if it was sent.
  const value = Object.hasOwn(headers, name) ? headers[name] : undefined
  return typeof value === 'string' || value === undefined ? value : value.join(',')
}

function timeOf(date: string): number | null {
  const [, year, month, day, hour, minute, second] = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(date) ?? []
  if (year === undefined) return null
  const ms = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`)
  return Number.isNaN(ms) ? null : ms
}

function compact(wallMs: number): string {
  return `${new Date(wallMs).toISOString().slice(0, 19).replaceAll(/[-:]/g, '')}Z`
}

/** What a stranger sent, as far as an answer repeats it. */
function shown(text: string): string {
  return text.slice(0, 64)
}

function splitAt(text: string, mark: string): [string, string] {
  const at = text.indexOf(mark)
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + mark.length).trim()]
}

function refused(type: SignatureRefusal, message: string): Refused {
  return { kind: 'refused', type, message }
}
