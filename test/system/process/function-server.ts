import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

interface SentMessage {
  readonly body: string
}

/** Known by the key of its item. */
interface TableChange {
  readonly dynamodb: { readonly Keys: { readonly id: { readonly S: string } } }
}

/** One invocation that a test holds in its hands. */
export interface HeldInvocation {
  readonly bodies: readonly string[]
  /** True once the caller went away without an answer. */
  readonly abandoned: () => boolean
  answer(value: unknown): void
}

export interface FunctionServer {
  readonly url: string
  /** Every invocation that arrived, in order. */
  readonly invocations: readonly HeldInvocation[]
  /** The bodies of all invocations that were answered. */
  readonly answered: () => readonly string[]
  stop(): Promise<void>
}

/** A function in the style of the Runtime Interface Emulator. It answers by itself, or (`hold`) when the test says so. */
export async function startFunction(mode: 'hold' | 'answer'): Promise<FunctionServer> {
  const invocations: HeldInvocation[] = []
  const answered: string[] = []
  const hold = (bodies: readonly string[], response: ServerResponse): HeldInvocation => ({
    bodies,
    abandoned: () => response.destroyed && !response.writableFinished,
    answer: (value) => {
      answered.push(...bodies)
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(value))
    },
  })
  const server = createServer((request, response) => {
    request.toArray().then(
      (chunks) => {
        const { Records } = JSON.parse(Buffer.concat(chunks as Buffer[]).toString()) as {
          readonly Records: readonly (SentMessage | TableChange)[]
        }
        const invocation = hold(
          Records.map((record) => ('body' in record ? record.body : record.dynamodb.Keys.id.S)),
          response,
        )
        invocations.push(invocation)
        if (mode === 'answer') invocation.answer(null)
      },
      () => response.destroy(),
    )
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}/2015-03-31/functions/function/invocations`,
    invocations,
    answered: () => answered,
    stop: async () => {
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    },
  }
}
