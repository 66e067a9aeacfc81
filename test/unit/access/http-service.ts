import { createServer } from 'node:http'
import type { IncomingHttpHeaders, IncomingMessage, RequestListener } from 'node:http'

/** A service of ours on the loopback, for what no emulator does: odd errors, lost connections, wrong clocks. */
export interface HttpService {
  readonly url: string
  readonly seen: readonly SeenRequest[]
  readonly connections: () => number
  close(): Promise<void>
}

export interface SeenRequest {
  readonly method: string
  readonly path: string
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

export type Answer =
  | { readonly status: number; readonly headers?: Readonly<Record<string, string>>; readonly body: string }
  /** The connection is cut after the request was read. */
  | 'cut'
  | 'silence'

export async function startHttpService(answer: (request: SeenRequest, nth: number) => Answer): Promise<HttpService> {
  const seen: SeenRequest[] = []
  let connections = 0
  const listener: RequestListener = (request, response) => {
    void readAll(request).then((body) => {
      const { method = '', url = '', headers } = request
      const one = { method, path: url, headers, body }
      seen.push(one)
      const reply = answer(one, seen.length)
      if (reply === 'silence') return
      if (reply === 'cut') {
        request.socket.destroy()
        return
      }
      response.writeHead(reply.status, reply.headers).end(reply.body)
    })
  }
  const server = createServer(listener)
  server.on('connection', () => (connections += 1))
  const port = await new Promise<number>((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      resolve(typeof address === 'object' && address !== null ? address.port : 0)
    })
  })
  return {
    url: `http://127.0.0.1:${port}`,
    seen,
    connections: () => connections,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

async function readAll(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(Buffer.from(chunk))
  return Buffer.concat(chunks).toString()
}
