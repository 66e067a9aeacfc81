import { hash } from 'node:crypto'

/** Signature Version 4, with node's own hashes and the derived key kept for as long as it holds (a day). */
export interface SigningIdentity {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly sessionToken?: string | undefined
}

export interface SigningScope {
  /** The signing name, e.g. `dynamodb` for DynamoDB Streams. */
  readonly service: string
  readonly region: string
}

export interface UnsignedRequest {
  readonly method: string
  /** Path and query as they go over the wire. */
  readonly path: string
  /** Lower-case names; `host` among them. All of them are signed, but for the trace id. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  /** SHA-256 in hex of a body that is elsewhere; `body` is left out of it then. */
  readonly bodyHash?: string | undefined
}

export interface Signer {
  /** The headers to send: those given, the date, the token and the signature. */
  sign(request: UnsignedRequest, identity: SigningIdentity, wallMs: number): Record<string, string>
}

export function createSigner(scope: SigningScope): Signer {
  const keyFor = createSigningKeys(scope)
  const dateOf = compactDates()
  return {
    sign(request, identity, wallMs) {
      const date = dateOf(wallMs)
      const bodyHash = request.bodyHash ?? hash('sha256', request.body, 'hex')
      const headers: Record<string, string> = { ...request.headers, 'x-amz-date': date }
      if (identity.sessionToken !== undefined) headers['x-amz-security-token'] = identity.sessionToken
      // S3 alone demands that the body's hash is a header of its own.
      if (scope.service === 's3') headers['x-amz-content-sha256'] = bodyHash

      const names = Object.keys(headers)
        .filter((name) => name !== tracing)
        .sort()
      const toSign = stringToSign({ ...request, headers, signedNames: names, bodyHash, date }, scope)
      const signature = keyFor(identity.secretAccessKey, date.slice(0, 8)).digest(toSign).toString('hex')
      headers['authorization'] =
        `AWS4-HMAC-SHA256 Credential=${identity.accessKeyId}/${scopeText(scope, date)}, SignedHeaders=${names.join(';')}, Signature=${signature}`
      return headers
    },
  }
}

export interface SignedParts {
  readonly method: string
  /** Path and query as they go over the wire. */
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  /** Lower case, sorted. */
  readonly signedNames: readonly string[]
  /** SHA-256 of the body, in hex. */
  readonly bodyHash: string
  /** `20261121T074023Z`. */
  readonly date: string
}

/** What the signature is made over. Throws `URIError` for a query that does not decode. */
export function stringToSign(parts: SignedParts, scope: SigningScope): string {
  const { bodyHash, date, headers, method, signedNames } = parts
  const [path, query] = splitPath(parts.path)
  const canonicalPath = scope.service === 's3' ? path : doubleEncodedPath(path)
  const canonicalHeaders = signedNames.map((name) => `${name}:${canonicalValue(headers[name] ?? '')}\n`).join('')
  const canonical = `${method}\n${canonicalPath}\n${canonicalQuery(query)}\n${canonicalHeaders}\n${signedNames.join(';')}\n${bodyHash}`
  return `AWS4-HMAC-SHA256\n${date}\n${scopeText(scope, date)}\n${hash('sha256', canonical, 'hex')}`
}

function scopeText({ region, service }: SigningScope, date: string): string {
  return `${date.slice(0, 8)}/${region}/${service}/aws4_request`
}

/** What stands between us and the service may add to it (the SDK leaves it out as well). */
const tracing = 'x-amzn-trace-id'

/** The derived key of the last secret and day is kept: it holds for all requests of a day. */
export function createSigningKeys({ region, service }: SigningScope): (secret: string, day: string) => HmacKey {
  let kept: { readonly secret: string; readonly day: string; readonly key: HmacKey } | null = null
  return (secret, day) => {
    if (kept === null || kept.day !== day || kept.secret !== secret) {
      const key = [day, region, service, 'aws4_request'].reduce(
        (parent, part) => hmacKey(parent.digest(part)),
        hmacKey(Buffer.from(`AWS4${secret}`)),
      )
      kept = { secret, day, key }
    }
    return kept.key
  }
}

export interface HmacKey {
  digest(text: string): Buffer
}

const blockBytes = 64

/**
 * HMAC-SHA256 (RFC 2104) with its two padded keys kept: node's own takes the key apart anew for every signature, which costs
 * more than the rest of one.
 */
function hmacKey(secret: Buffer): HmacKey {
  const key = Buffer.alloc(blockBytes)
  if (secret.length > blockBytes) hash('sha256', secret, 'buffer').copy(key)
  else secret.copy(key)
  const inner = key.map((byte) => byte ^ 0x36)
  const outer = key.map((byte) => byte ^ 0x5c)
  return {
    digest(text) {
      const within = hash('sha256', Buffer.concat([inner, Buffer.from(text)]), 'buffer')
      return hash('sha256', Buffer.concat([outer, within]), 'buffer')
    },
  }
}

/** `20261121T074023Z`, made once a second. */
function compactDates(): (wallMs: number) => string {
  let kept = { second: NaN, text: '' }
  return (wallMs) => {
    const second = Math.floor(wallMs / 1_000)
    if (second !== kept.second) {
      kept = { second, text: `${new Date(wallMs).toISOString().slice(0, 19).replaceAll(/[-:]/g, '')}Z` }
    }
    return kept.text
  }
}

function canonicalValue(value: string): string {
  return value.trim().replaceAll(/\s+/g, ' ')
}

function splitPath(path: string): readonly [path: string, query: string] {
  const mark = path.indexOf('?')
  return mark < 0 ? [path, ''] : [path.slice(0, mark), path.slice(mark + 1)]
}

function escape(text: string): string {
  return encodeURIComponent(text).replaceAll(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  )
}

/** Every service but S3 signs the encoded path encoded once more, without `.`, `..` and empty segments. */
function doubleEncodedPath(path: string): string {
  if (path === '/') return '/'
  const segments: string[] = []
  for (const segment of path.split('/')) {
    if (segment === '' || segment === '.') continue
    if (segment === '..') segments.pop()
    else segments.push(segment)
  }
  const tail = segments.length > 0 && path.endsWith('/') ? '/' : ''
  return `/${segments.map(escape).join('/')}${tail}`
}

function canonicalQuery(query: string): string {
  if (query === '') return ''
  const pairs: { readonly name: string; readonly value: string }[] = []
  for (const part of query.split('&')) {
    if (part === '') continue
    const mark = part.indexOf('=')
    const name = mark < 0 ? part : part.slice(0, mark)
    const value = mark < 0 ? '' : part.slice(mark + 1)
    pairs.push({ name: escape(decodeURIComponent(name)), value: escape(decodeURIComponent(value)) })
  }
  pairs.sort((a, b) => compare(a.name, b.name) || compare(a.value, b.value))
  return pairs.map(({ name, value }) => `${name}=${value}`).join('&')
}

function compare(a: string, b: string): number {
  if (a === b) return 0
  return a < b ? -1 : 1
}
