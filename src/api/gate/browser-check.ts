import type { IncomingHttpHeaders } from 'node:http'
import type { OwnHosts } from './own-hosts.ts'
import { denied, type Refusal } from './refusal.ts'

export interface BrowserRequest {
  readonly method: string
  readonly headers: IncomingHttpHeaders
}

/**
 * Turns away what a page of somebody else sends through its visitor's browser. Programs send neither `Origin` nor
 * `Sec-Fetch-Site`; a page cannot forge them, nor the Host of the address that it calls. `target`: as it stands in the
 * first line of the request.
 */
export function checkBrowser(target: string, request: BrowserRequest, hosts: OwnHosts): Refusal | null {
  const { headers } = request
  const { host, origin } = headers
  if (!target.startsWith('/')) return otherTarget
  if (host !== undefined && !hosts.has(host)) return foreignHost(host)
  if (origin !== undefined && !isSameOrigin(origin, host)) return foreignOrigin(`Origin ${shown(origin)}`)
  const site = headers['sec-fetch-site']
  if (site === 'cross-site') return foreignOrigin('Sec-Fetch-Site: cross-site')
  // Another port of this machine is the same site for a browser, and still somebody else's page.
  if (site === 'same-site' && !isLink(request)) return foreignOrigin('Sec-Fetch-Site: same-site')
  return null
}

/**
 * A link that somebody follows, such as Prometheus has to its targets: the page that had it is left, or sees nothing of the new
 * one. A script or style sheet would tell it by loading or not what there is.
 */
function isLink({ headers, method }: BrowserRequest): boolean {
  return method === 'GET' && headers['sec-fetch-mode'] === 'navigate' && headers['sec-fetch-dest'] === 'document'
}

/** TLS may end before us: the scheme is not compared. */
function isSameOrigin(origin: string, host: string | undefined): boolean {
  if (host === undefined || !URL.canParse(origin)) return false
  const { host: of, protocol } = new URL(origin)
  return /^https?:$/.test(protocol) && of !== '' && of === hostOf(protocol, host)
}

/** The default port may be written out in one of the two. */
function hostOf(protocol: string, host: string): string {
  const url = `${protocol}//${host}`
  return URL.canParse(url) ? new URL(url).host : ''
}

const otherTarget: Refusal = {
  status: 400,
  type: 'InvalidRequestContentException',
  code: 'MILLRACE_REQUEST_TARGET',
  message: 'Millrace is no proxy: the request line must name a path that begins with /.',
}

function foreignHost(host: string): Refusal {
  const name = shown(host)
  return denied(
    'MILLRACE_HOST_NOT_ALLOWED',
    `The Host header ${name} is not a name of this Millrace. If clients call it by that name, add the name to ` +
      'server.allowedHosts (--allowed-hosts, MILLRACE_ALLOWED_HOSTS).',
  )
}

function foreignOrigin(what: string): Refusal {
  return denied(
    'MILLRACE_FOREIGN_ORIGIN',
    `The request comes from another site's page (${what}). Browsers may only use pages that Millrace itself serves.`,
  )
}

/** What a stranger sent, as far as an answer repeats it. */
function shown(text: string): string {
  return JSON.stringify(text.slice(0, 100))
}
