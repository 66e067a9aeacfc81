/** A URL as it may be shown, and what it says of who calls. */
export interface SplitUrl {
  readonly url: string
  /** The header that carries user and password; undefined: the URL has none. */
  readonly authorization: string | undefined
}

/** Takes user and password out of a URL, for the header in which HTTP wants them. */
export function splitUserinfo(text: string): SplitUrl {
  if (!URL.canParse(text)) return { url: text, authorization: undefined }
  const url = new URL(text)
  if (url.username === '' && url.password === '') return { url: text, authorization: undefined }
  const pair = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`
  url.username = ''
  url.password = ''
  // A text that had no path gets none.
  const shown = url.pathname === '/' && !/\/\/[^/]+\//.test(text) ? url.href.replace(/\/$/, '') : url.href
  return { url: shown, authorization: `Basic ${Buffer.from(pair).toString('base64')}` }
}
