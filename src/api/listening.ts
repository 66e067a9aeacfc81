import { createServer } from 'node:net'

export interface ListenPlace {
  readonly host: string
  readonly port: number
}

/**
 * Listens, and says on which address: where a machine has IPv6 switched off, every address of it is 0.0.0.0. Rejects with the
 * system's code and a sentence that says what to do.
 */
export async function listenOn(listen: (place: ListenPlace) => Promise<unknown>, place: ListenPlace): Promise<string> {
  try {
    await listen(place)
    return place.host
  } catch (error) {
    if (place.host === '::' && lacksIpv6(error)) return await listenOn(listen, { ...place, host: '0.0.0.0' })
    throw refusalOf(error, place)
  }
}

/** What listening there would be refused with; undefined: nothing. */
export async function probeListening(place: ListenPlace): Promise<string | undefined> {
  const server = createServer()
  const listen = ({ host, port }: ListenPlace) =>
    new Promise<void>((resolve, reject) => {
      server.once('error', reject).listen({ host, port, exclusive: true }, () => resolve())
    })
  try {
    await listenOn(listen, place)
    await new Promise((done) => {
      server.close(done)
    })
    return undefined
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

function lacksIpv6(error: unknown): boolean {
  const code = codeOf(error)
  return code === 'EAFNOSUPPORT' || code === 'EADDRNOTAVAIL'
}

function refusalOf(error: unknown, { host, port }: ListenPlace): unknown {
  const code = codeOf(error)
  const advice = code === undefined ? undefined : advices[code]
  if (advice === undefined) return error
  const address = host.includes(':') ? `[${host}]` : host
  return Object.assign(new Error(`Cannot listen on ${address}:${port} (${code}): ${advice}`, { cause: error }), {
    code,
  })
}

const advices: Readonly<Record<string, string>> = {
  EADDRINUSE: 'another process listens there. Stop it, or take another port (--port 0 takes a free one).',
  EACCES: 'this user may not listen on that port. Take another one (--port).',
  EADDRNOTAVAIL: 'this machine does not have that address. Correct --host.',
  ENOTFOUND: 'no such host is known. Correct --host.',
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined
}
