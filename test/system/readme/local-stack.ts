import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'
import { startFauxqs } from 'fauxqs'

/** Stands for the stack that a reader has at port 4566 of this machine: queues and functions at one endpoint. */
export interface LocalStack {
  readonly port: number
  send(queue: string, body: string): void
  /** Messages of a queue, hidden or not. */
  left(queue: string): number
  /** The bodies that a function was given. */
  received(functionName: string): readonly string[]
  stop(): Promise<void>
}

export async function startLocalStack(queueNames: readonly string[], host = '127.0.0.1'): Promise<LocalStack> {
  const queues = await startFauxqs({ host: '127.0.0.1', port: 0, logger: false })
  for (const name of queueNames) queues.createQueue(name, { attributes: { VisibilityTimeout: '30' } })
  const received = new Map<string, string[]>()
  const server = createServer((request, response) => {
    serve(request, response, { received, queuePort: queues.port }).catch(() => response.destroy())
  })
  server.listen(0, host)
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    send: (queue, body) => void queues.sendMessage(queue, body),
    left: (queue) => {
      const messages = queues.inspectQueue(queue)?.messages
      return messages ? messages.ready.length + messages.inflight.length + messages.delayed.length : 0
    },
    received: (functionName) => received.get(functionName) ?? [],
    async stop() {
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
      await queues.stop()
    },
  }
}

interface Behind {
  readonly received: Map<string, string[]>
  readonly queuePort: number
}

interface QueueEvent {
  readonly Records: readonly { readonly body: string }[]
}

async function serve(request: IncomingMessage, response: ServerResponse, behind: Behind): Promise<void> {
  const [, name, operation] =
    /^\/2015-03-31\/functions\/([^/]+)\/(\w+)/.exec(decodeURIComponent(request.url ?? '')) ?? []
  const body = await buffer(request)
  if (name === undefined) return pass(request, response, { body, port: behind.queuePort })
  const json = { 'content-type': 'application/json' }
  if (operation !== 'invocations') return void response.writeHead(200, json).end(JSON.stringify({ Timeout: 3 }))
  const { Records } = JSON.parse(body.toString()) as QueueEvent
  // By its ARN, or by its name.
  const short = name.split(':').at(-1) ?? name
  behind.received.set(short, [...(behind.received.get(short) ?? []), ...Records.map((record) => record.body)])
  response.writeHead(200, json).end('null')
}

async function pass(
  request: IncomingMessage,
  response: ServerResponse,
  { body, port }: { readonly body: Buffer; readonly port: number },
): Promise<void> {
  const { host: _, connection: __, 'content-length': ___, 'transfer-encoding': ____, ...headers } = request.headers
  const entries = Object.entries(headers).map(([name, value]): [string, string] => [name, String(value)])
  const method = request.method ?? 'GET'
  const answer = await fetch(`http://127.0.0.1:${port}${request.url ?? '/'}`, {
    method,
    headers: entries,
    ...(body.length > 0 && { body }),
  })
  response.writeHead(answer.status, { 'content-type': answer.headers.get('content-type') ?? 'application/json' })
  response.end(Buffer.from(await answer.arrayBuffer()))
}
