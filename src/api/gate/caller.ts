import type { FastifyRequest } from 'fastify'

/** Who sent a request, as far as the log names them. */
export interface Caller {
  readonly address: string
  readonly userAgent: string
  /** The name of the key pair, or `token`; null where nobody has to say who they are. */
  readonly key: string | null
}

declare module 'fastify' {
  interface FastifyRequest {
    caller: Caller | null
    /** The body, where it had to be read before it was known who sent it. */
    held: Buffer | null
    /** Bytes of its body that count against the admission until the request is over. */
    heldBytes: number
  }
}

const userAgentLengthMax = 200

export function callerOf(request: FastifyRequest, key: string | null): Caller {
  const userAgent = (request.headers['user-agent'] ?? '').slice(0, userAgentLengthMax)
  return { address: request.raw.socket.remoteAddress ?? '', userAgent, key }
}
