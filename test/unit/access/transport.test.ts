import { createServer } from 'node:http'
import type { Server, ServerResponse } from 'node:http'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createTransport, originOf } from '../../../src/access/transport.ts'
import type { Origin, Transport } from '../../../src/access/transport.ts'
import { ReplyRoom } from '../../../src/access/reply-room.ts'
import { until } from '../../support/until.ts'

const unbounded = { aws: Number.POSITIVE_INFINITY, elsewhere: Number.POSITIVE_INFINITY }
/** The silence is long enough for a loaded machine to have sent the request; what is tested does not depend on how long. */
const limits = {
  exchangesMax: {
    receive: unbounded,
    read: { aws: 2, elsewhere: 2 },
    settle: unbounded,
    control: unbounded,
    invoke: unbounded,
  },
  silenceMsMax: { receive: 3_000, read: 3_000, settle: 3_000, control: 3_000, invoke: undefined },
  idleMsMax: { aws: 30, elsewhere: 30 },
  replyBytesMax: { receive: 200_000, read: 1_000, settle: 1_000, control: 1_000, invoke: 1_000 },
}
const signal = new AbortController().signal

let server: Server
let origin: Origin
let transport: Transport
let replies: ReplyRoom
let connections = 0
/** Requests that were read and not answered yet. */
let held: ServerResponse[] = []

beforeEach(async () => {
  connections = 0
  held = []
  server = createServer((request, response) => {
    request.resume()
    request.on('end', () => held.push(response))
  })
  server.on('connection', () => (connections += 1))
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve())
  })
  const address = server.address()
  origin = originOf(`http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`)
  replies = new ReplyRoom({ bytesMax: 400_000, borrow: () => ({ charge: () => {} }) })
  transport = createTransport({ tls: {}, tlsOf: {}, proxyEnv: undefined }, replies, limits)
})

afterEach(async () => {
  transport.close()
  server.closeAllConnections()
  await new Promise((resolve) => {
    server.close(resolve)
  })
})

function send(pool: 'receive' | 'invoke') {
  return transport.send({ origin, method: 'POST', path: '/', headers: {}, body: '{}' }, pool, signal)
}

async function heldRequest(): Promise<ServerResponse> {
  await until(() => held.length > 0, 'a request arrives')
  const [response] = held.splice(0, 1)
  if (response === undefined) throw new Error('Nothing has arrived.')
  return response
}

describe('a connection', () => {
  it('that stays silent too long counts as lost, after the request was sent', async () => {
    expect(await send('receive')).toMatchObject({
      kind: 'unreachable',
      sent: true,
      message: expect.stringContaining('No answer'),
    })
  })

  // proves: access.long-silence
  it('of an invocation may be silent as long as the function runs, also when its socket was used before', async () => {
    for (let nth = 0; nth < 2; nth += 1) {
      const reply = send('invoke')
      const response = await heldRequest()
      const startedMs = performance.now()
      await until(() => performance.now() - startedMs > 120, 'longer than a connect may take')
      response.end('done')
      expect(await reply).toMatchObject({ kind: 'reply', status: 200, body: 'done' })
    }
  })

  it('that is idle is given up before the server would close it', async () => {
    const first = send('receive')
    ;(await heldRequest()).end()
    await first
    const open = () =>
      new Promise<number>((resolve) => {
        server.getConnections((_error, count) => resolve(count))
      })
    await until(async () => (await open()) === 0, 'the connection is closed')
    const second = send('receive')
    ;(await heldRequest()).end()
    expect((await second).kind).toBe('reply')
    expect(connections).toBe(2)
  })

  it('that breaks off in the middle of a reply gives no reply', async () => {
    const reply = send('invoke')
    const response = await heldRequest()
    response.writeHead(200, { 'content-length': '100' })
    response.write('half')
    setImmediate(() => response.destroy())
    expect(await reply).toMatchObject({ kind: 'unreachable', sent: true })
  })

  it('whose reply has no end is cut off before it fills the memory', async () => {
    const short = send('invoke')
    ;(await heldRequest()).end('x'.repeat(1_000))
    expect(await short).toMatchObject({ kind: 'reply', status: 200 })
    const endless = send('invoke')
    const response = await heldRequest()
    response.on('error', () => {})
    const closed = new Promise((resolve) => {
      response.on('close', resolve)
    })
    response.write('x'.repeat(600))
    response.write('x'.repeat(600))
    expect(await endless).toMatchObject({
      kind: 'unreachable',
      sent: true,
      message: expect.stringContaining('more than 1000 bytes'),
      cutOff: { status: 200 },
    })
    await closed
    await until(() => replies.bytes === 0, 'the room is free')
  })

  it('whose reply says that it is too long is not listened to', async () => {
    const reply = send('invoke')
    const response = await heldRequest()
    response.writeHead(200, { 'content-length': '1001', 'x-amzn-requestid': 'one' })
    response.flushHeaders()
    expect(await reply).toMatchObject({ kind: 'unreachable', cutOff: { headers: { 'x-amzn-requestid': 'one' } } })
  })

  it('waits with its reply until others have ended, and gives it whole', async () => {
    const body = 'x'.repeat(150_000)
    const sent = [send('receive'), send('receive'), send('receive')]
    const responses = [await heldRequest(), await heldRequest(), await heldRequest()]
    for (const response of responses) response.write(body.slice(1))
    // One that goes on and its two neighbours, which each hold what came before there was no room.
    await until(() => replies.bytes > 100_000, 'the reply has begun')
    for (const response of responses) response.end('x')
    for (const reply of await Promise.all(sent)) expect(reply).toMatchObject({ kind: 'reply', body })
    await until(() => replies.bytes === 0, 'the room is free')
  })

  it('goes to IPv6 addresses as well', () => {
    expect(originOf('https://[::1]:8443')).toMatchObject({ secure: true, hostname: '::1', port: 8443, isAws: false })
    expect(originOf('https://sqs.eu-west-1.amazonaws.com')).toMatchObject({ port: 443, isAws: true })
    expect(originOf('http://emulator')).toMatchObject({ secure: false, port: 80 })
  })
})
