import { createServer, type Server } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { networkInterfaces } from 'node:os'
import { afterEach, expect, it } from 'vitest'
import { runProgram } from '../../../src/cli/program.ts'

const servers: Server[] = []

afterEach(() => {
  for (const server of servers.splice(0)) {
    server.close()
    server.closeAllConnections()
  }
})

/** A server that answers every path with one status, or (null) never. */
async function serve(status: number | null, host = '127.0.0.1') {
  const paths: (string | undefined)[] = []
  const server = createServer((request, response) => {
    paths.push(request.url)
    if (status !== null) response.writeHead(status).end('{}')
  })
  servers.push(server.listen(0, host))
  await once(server, 'listening')
  return { port: String((server.address() as AddressInfo).port), paths }
}

async function health(argv: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const out: string[] = []
  const err: string[] = []
  const code = await runProgram({
    argv: ['health', ...argv],
    env,
    cwd: import.meta.dirname,
    terminal: { out: (line) => out.push(line), err: (line) => err.push(line) },
    onSignal: () => {},
  })
  return { code, out: out.join('\n'), err: err.join('\n') }
}

it('a Millrace that answers is alive: exit code 0', async () => {
  const { port, paths } = await serve(200)
  expect(await health(['--port', port])).toEqual({ code: 0, out: 'alive', err: '' })
  expect(paths).toEqual(['/healthz'])
})

it('host and port come from where `start` takes them: variables, and the text of the configuration', async () => {
  const { port } = await serve(200)
  expect((await health([], { MILLRACE_PORT: port })).code).toBe(0)
  expect((await health([], { MILLRACE_CONFIG: `server: { port: ${port} }` })).code).toBe(0)
})

it.each(['::', '0.0.0.0'])('%s is no address to call: the loopback is asked', async (host) => {
  const { port } = await serve(200)
  expect((await health(['--host', host, '--port', port])).code).toBe(0)
})

const hasIpv6 = Object.values(networkInterfaces()).some((each) => each?.some(({ address }) => address === '::1'))

it.skipIf(!hasIpv6)('where :: has only IPv6 behind it, that is asked', async () => {
  const { port } = await serve(200, '::1')
  expect((await health(['--host', '::', '--port', port])).code).toBe(0)
})

it('nobody there, or an answer other than 200: exit code 1 and why', async () => {
  const { port } = await serve(503)
  expect(await health(['--port', port])).toMatchObject({
    code: 1,
    err: expect.stringContaining('status 503') as string,
  })
  expect(await health(['--port', '1'])).toMatchObject({
    code: 1,
    err: expect.stringContaining('ECONNREFUSED') as string,
  })
})

it('a process that hangs counts as dead within the time of the HEALTHCHECK', async () => {
  const { port } = await serve(null)
  const started = performance.now()
  expect(await health(['--port', port])).toMatchObject({ code: 1, err: expect.stringContaining('no answer') as string })
  expect(performance.now() - started).toBeLessThan(3_000)
})

it('port 0 cannot be asked: exit code 2', async () => {
  expect(await health(['--port', '0'])).toMatchObject({ code: 2, err: expect.stringContaining('--port') as string })
})

it('its help lists what it uses, and no more', async () => {
  const { code, out } = await health(['--help'])
  expect(out.match(/^ {2}--\S+/gm)).toEqual(['  --config', '  --host', '  --port'])
  expect(code).toBe(0)
})
