import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { randomUUID } from 'node:crypto'

/** What a sample function makes of an event: the value it returns, and a word for the person who watches. */
export interface SampleResult {
  readonly answer: unknown
  readonly saw: string
}

/** A sample function. To throw is to fail, as in Lambda. */
export type SampleHandler = (event: unknown) => Promise<SampleResult> | SampleResult

/** One invocation, as it is printed. */
export interface SampleInvocation {
  readonly name: string
  readonly durationMs: number
  readonly saw: string
  readonly failed: boolean
}

export interface SampleFunction {
  readonly name: string
  readonly url: string
  stop(): Promise<void>
}

/**
 * Serves a function as the Runtime Interface Emulator of an AWS base image does: one path, and an error of the function is a
 * 200 whose body names its type.
 */
export async function serveFunction(
  name: string,
  handler: SampleHandler,
  told: (invocation: SampleInvocation) => void,
): Promise<SampleFunction> {
  const path = '/2015-03-31/functions/function/invocations'
  const server = createServer((request, response) => {
    const reply = (status: number, body: unknown) => {
      response.writeHead(status, { 'content-type': 'application/json', 'x-amzn-requestid': randomUUID() })
      response.end(JSON.stringify(body))
    }
    if (request.method !== 'POST' || request.url !== path) {
      reply(404, { message: `the function ${name} is at POST ${path}` })
      return
    }
    run(name, handler, request, told).then(
      (body) => reply(200, body),
      () => response.destroy(),
    )
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const stop = async () => {
    server.close()
    server.closeAllConnections()
    await once(server, 'close')
  }
  return { name, url: `http://127.0.0.1:${port}${path}`, stop }
}

async function run(
  name: string,
  handler: SampleHandler,
  request: IncomingMessage,
  told: (invocation: SampleInvocation) => void,
): Promise<unknown> {
  const text = (await request.toArray()).map(String).join('')
  const startedMs = performance.now()
  const tell = (saw: string, failed: boolean) => told({ name, durationMs: performance.now() - startedMs, saw, failed })
  try {
    const { answer, saw } = await handler(JSON.parse(text) as unknown)
    tell(saw, false)
    return answer ?? null
  } catch (error) {
    const { name: errorType, message: errorMessage } = error instanceof Error ? error : new Error(String(error))
    tell(errorMessage, true)
    return { errorType, errorMessage, stackTrace: [] }
  }
}
