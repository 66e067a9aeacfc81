import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A Lambda handler without the context: its result is the function's, an exception the function's error. */
export type FunctionHandler<Event> = (event: Event) => unknown

/** Serves handlers of this process as the Runtime Interface Emulator serves a container's. */
export interface FunctionServer {
  readonly port: number
  /** Where a function answers, below the server's root. */
  path(functionName: string): string
  stop(): Promise<void>
}

const root = '/2015-03-31/functions/'

export async function startFunctionServer(
  handlers: ReadonlyMap<string, FunctionHandler<unknown>>,
): Promise<FunctionServer> {
  const server = createServer((request, response) => {
    const [name = '', rest] = (request.url ?? '').slice(root.length).split('/')
    const handler = rest === 'invocations' ? handlers.get(decodeURIComponent(name)) : undefined
    if (handler === undefined) response.writeHead(404).end()
    else invoke(handler, request, response).catch(() => response.destroy())
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    path: (functionName) => `${root}${encodeURIComponent(functionName)}/invocations`,
    async stop() {
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    },
  }
}

async function invoke(
  handler: FunctionHandler<unknown>,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const event: unknown = JSON.parse(Buffer.concat((await request.toArray()) as Buffer[]).toString())
  const json = { 'content-type': 'application/json' }
  try {
    const result = JSON.stringify((await handler(event)) ?? null)
    response.writeHead(200, json).end(result)
  } catch (error) {
    response.writeHead(200, { ...json, 'x-amz-function-error': 'Unhandled' }).end(JSON.stringify(describe(error)))
  }
}

/** An exception as Lambda's own runtimes tell it. */
function describe(error: unknown): object {
  if (!(error instanceof Error)) return { errorType: 'Error', errorMessage: String(error) }
  const { name, message, stack = '' } = error
  return { errorType: name, errorMessage: message, stackTrace: stack.split('\n').map((line) => line.trim()) }
}
