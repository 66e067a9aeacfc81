import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { describe, expect, it, onTestFinished } from 'vitest'
import { connectionLimits } from '../../../../src/api/connection-limits.ts'
import { start } from '../../../support/api-over-http.ts'

const mappings = '/2015-03-31/event-source-mappings'
const quick = { ...connectionLimits, headMsMax: 100, requestMsMax: 200, lateCheckMs: 20 }

function open(endpoint: string): Socket {
  const socket = connect(Number(new URL(endpoint).port), '127.0.0.1')
  socket.on('error', () => undefined)
  onTestFinished(() => void socket.destroy())
  return socket
}

/** Everything that comes until the server hangs up; the sender itself never does. */
async function heard(socket: Socket): Promise<string> {
  let text = ''
  socket.setEncoding('utf8').on('data', (chunk: string) => (text += chunk))
  await once(socket, 'close')
  return text
}

describe('a sender that never comes to an end', () => {
  const post = `POST ${mappings} HTTP/1.1\r\nhost: localhost\r\n`
  it.each([
    ['its head', `${post}x-slow: 1`],
    ['its body', `${post}content-length: 100\r\n\r\n{"FunctionName":"orders"`],
    ['its chunks', `${post}transfer-encoding: chunked\r\n\r\n5\r\n{"Fun`],
  ])('of %s is told so and cut off, and has changed nothing', async (_, sent) => {
    const { endpoint, world } = await start({ deps: { connections: quick } })
    const socket = open(endpoint)
    socket.write(sent)
    const answer = await heard(socket)
    expect(answer).toMatch(/^HTTP\/1\.1 408 Request Timeout\r\n/)
    expect(answer).toContain('x-amzn-errortype: InvalidRequestContentException')
    expect(world.mappings.changes).toBe(0)
    expect((await fetch(`${endpoint}/healthz`)).status).toBe(200)
    expect(world.lines.filter(({ level }) => level === 'error')).toEqual([])
  })
})

describe('connections', () => {
  it('beyond the most there may be are closed at once, and there is room again when others have left', async () => {
    const { endpoint } = await start({ deps: { connections: { ...connectionLimits, connectionsMax: 2 } } })
    const ask = 'GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n'
    const held = [open(endpoint), open(endpoint)]
    for (const socket of held) {
      socket.write(ask)
      await once(socket, 'data')
    }
    expect(await heard(open(endpoint))).toBe('')
    const [first] = held
    first?.end()
    await once(first ?? open(endpoint), 'close')
    const next = open(endpoint)
    next.write(ask.replace('\r\n\r\n', '\r\nconnection: close\r\n\r\n'))
    expect(await heard(next)).toMatch(/^HTTP\/1\.1 200 /)
  })
})
