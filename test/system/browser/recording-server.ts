import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'

export interface Seen {
  readonly method: string
  /** As it stood in the request line. */
  readonly target: string
  readonly headers: IncomingMessage['headers']
}

/** Answers everything alike and remembers what was asked. */
export interface RecordingServer {
  readonly port: number
  readonly seen: Seen[]
  close(): Promise<void>
}

type Answer = (request: IncomingMessage, response: ServerResponse) => void

export async function recordingServer(answer: Answer): Promise<RecordingServer> {
  const seen: Seen[] = []
  const server = createServer((request, response) => {
    const { headers, method = '', url = '' } = request
    seen.push({ method, target: url, headers })
    text(request).then(
      () => answer(request, response),
      () => response.destroy(),
    )
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    seen,
    async close() {
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    },
  }
}

/** What nobody but the operator may see. */
export const secret = 'hunter2'

/** A Lambda endpoint as emulators are: open to every page. */
export const openLambda: Answer = (_request, response) => {
  response.writeHead(200, {
    'content-type': 'application/json',
    'access-control-allow-origin': '*',
    'access-control-allow-headers': '*',
    'access-control-allow-methods': '*',
  })
  response.end(JSON.stringify({ Configuration: { Environment: { Variables: { PASSWORD: secret } } } }))
}

/** The stranger: a page on every path, and redirects that keep method and body. */
export function strangerSite(page: string): Answer {
  return (request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://stranger')
    if (pathname === '/redirect') {
      response.writeHead(307, { location: searchParams.get('to') ?? '/' }).end()
      return
    }
    const sandbox = pathname === '/sandboxed' ? { 'content-security-policy': 'sandbox allow-scripts allow-forms' } : {}
    response.writeHead(200, { 'content-type': 'text/html', ...sandbox }).end(page)
  }
}
