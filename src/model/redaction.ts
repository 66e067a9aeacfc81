/** Stands where a secret was. */
const redacted = '***'

const userinfo = /(\b[a-z][a-z0-9+.-]*:\/\/)[^\s/?#"'@\\]*@/gi
const presigned = /\b(X-Amz-(?:Signature|Credential|Security-Token)=)[^&\s"'\\]+/gi
const authorization = /\b(Bearer|Basic) +[A-Za-z0-9._~+/=-]{8,}/gi
const signed = /\b(AWS4-HMAC-SHA256 Credential=)[^\s"'\\,]+(?:, *(?:SignedHeaders|Signature)=[^\s"'\\,]+)*/gi

/** A text without what looks like a secret wherever it stands: passwords in URLs, presigned queries, authorization headers. */
export function withoutSecretShapes(text: string): string {
  return text
    .replace(userinfo, `$1${redacted}@`)
    .replace(presigned, `$1${redacted}`)
    .replace(authorization, `$1 ${redacted}`)
    .replace(signed, `$1${redacted}`)
}

/** Takes secrets out of a text: those that have the shape of one, and those that it knows. */
export interface Redactor {
  (text: string): string
  /** One more that must not be seen, as credentials that were renewed. */
  learn(secret: string | undefined): void
}

/** What is shorter is a word like any other, `test` for one. */
const secretLengthMin = 8
/** Credentials are renewed for as long as the process lives; those that have ended are no secrets any more. */
const learnedMax = 50

export function createRedactor(secrets: readonly (string | undefined)[]): Redactor {
  const known = new Set<string>()
  const learned: string[][] = []
  let pattern: RegExp | null = null

  const formsOf = (secret: string): string[] => [
    secret,
    JSON.stringify(secret).slice(1, -1),
    encodeURIComponent(secret),
  ]
  const rebuild = (): void => {
    // The longer first: one may be the beginning of another.
    const texts = [...new Set([...known, ...learned.flat()])].toSorted((a, b) => b.length - a.length)
    pattern = texts.length === 0 ? null : new RegExp(texts.map(escaped).join('|'), 'g')
  }
  for (const secret of secrets) if (isSecret(secret)) for (const form of formsOf(secret)) known.add(form)
  rebuild()

  const redact = (text: string): string => {
    const shaped = withoutSecretShapes(text)
    return pattern === null ? shaped : shaped.replace(pattern, redacted)
  }
  return Object.assign(redact, {
    learn(secret: string | undefined) {
      if (!isSecret(secret) || known.has(secret) || learned.some(([first]) => first === secret)) return
      learned.push(formsOf(secret))
      if (learned.length > learnedMax) learned.shift()
      rebuild()
    },
  })
}

function isSecret(text: string | undefined): text is string {
  return text !== undefined && text.length >= secretLengthMin
}

function escaped(text: string): string {
  return text.replaceAll(/[\\^$.*+?()[\]{}|/-]/g, String.raw`\$&`)
}
