/** One HTTP answer; names of headers in lower case. */
export interface HttpAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, string | undefined>>
  readonly body: string
}

/**
 * What shows that whoever gave this answer runs no functions, in words; null: nothing does. Emulators of other services answer 200 to
 * what they do not know (fauxqs takes every POST for a DeleteObjects of S3), and that must never pass for a function's success.
 */
export function foreignSign(answer: HttpAnswer): string | null {
  const { headers, status } = answer
  if (status >= 300 && status <= 399) {
    return headers['location'] === undefined ? 'a redirect' : `a redirect to ${headers['location']}`
  }
  if (isJsonType(answer)) return null
  const text = answer.body.trimStart()
  if (text.startsWith('<')) return isHtml(text) ? 'an HTML page' : `XML${rootOf(text)}`
  // S3 names its requests otherwise than Lambda does.
  const isOfS3 = headers['x-amz-request-id'] !== undefined && headers['x-amzn-requestid'] === undefined
  return isOfS3 && text === '' ? 'what S3 answers' : null
}

export function isJsonType({ headers }: HttpAnswer): boolean {
  return /[/+]json|amz-json/i.test(headers['content-type'] ?? '')
}

export function isXmlSign(sign: string | null): boolean {
  return sign?.startsWith('XML') ?? false
}

function isHtml(text: string): boolean {
  return /^<(?:!doctype\s+html|html|head|body)/i.test(text)
}

function rootOf(xml: string): string {
  const [, root] = /<([A-Za-z_][\w:.-]*)/.exec(xml) ?? []
  return root === undefined ? '' : ` (<${root}>)`
}
