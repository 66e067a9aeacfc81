import { once } from 'node:events'
import { createServer } from 'node:net'
import { randomInt } from 'node:crypto'

/**
 * A port for a process that has yet to start. It lies below those that the system gives to whoever asks for any, so that no
 * connection of another test takes it in the meantime, nor while a service on it is restarted.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const server = createServer()
    const listening = once(server, 'listening')
    server.listen(randomInt(20_000, 32_000), '127.0.0.1')
    try {
      await listening
    } catch {
      continue
    }
    const address = server.address()
    server.close()
    await once(server, 'close')
    if (typeof address === 'object' && address !== null) return address.port
  }
}
