import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach } from 'vitest'
import { createUpstream, type Upstream } from '../../src/api/upstream.ts'
import { createApiWorld, type ApiWorldOptions } from './api.ts'

/** What a test has opened is closed after it, the last first. */
const closing: (() => Promise<void> | void)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close()
})

export type Handler = (request: IncomingMessage, response: ServerResponse) => void

/** A server of the test's own. */
export async function listen(handler: Handler): Promise<string> {
  const server: Server = createServer(handler)
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  closing.push(() => {
    server.closeAllConnections()
    server.close()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

/** Talks to an endpoint as the service does. */
export function upstreamOf(endpoint: string, more: Partial<Parameters<typeof createUpstream>[0]> = {}): Upstream {
  const upstream = createUpstream({ endpoint, ...more })
  closing.push(() => upstream.close())
  return upstream
}

/** The API on a port of its own. */
export async function start(options: ApiWorldOptions) {
  const world = createApiWorld(options)
  const endpoint = await world.api.listen()
  closing.push(() => world.api.close(AbortSignal.abort()))
  return { world, endpoint }
}
