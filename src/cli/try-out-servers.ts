import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createRequire } from 'node:module'
import { connect, createServer, type AddressInfo } from 'node:net'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import type { FauxqsServer } from 'fauxqs'

/** A server that the try-out brings along. */
export interface TryOutServer {
  readonly endpoint: string
  stop(): Promise<void>
}

export interface QueueServer extends TryOutServer {
  readonly queues: FauxqsServer
  /** Another process has the port where they are looked for. */
  readonly movedFrom: number | undefined
}

/** A server that is not there, and the sentence for the person. */
export interface LeftOut {
  readonly leftOut: string
}

const host = '127.0.0.1'
const require = createRequire(import.meta.url)

/** Where SQS emulators usually listen; when somebody is there already, any free port will do. */
const queuePort = 4566
const startMsMax = 10_000

/** fauxqs, in this process: SQS, SNS and S3. */
export async function startQueueServer(): Promise<QueueServer | LeftOut> {
  const fauxqs = await import('fauxqs').catch(() => undefined)
  if (!fauxqs) return { leftOut: 'queues (the package fauxqs is not installed: `npm install fauxqs`)' }
  const start = (port: number) => fauxqs.startFauxqs({ host, port, logger: false })
  // NOTE: fauxqs prints where it listens, in its own words; the try-out says it in ours.
  const queues = (await isTaken(queuePort)) ? await start(0) : await start(queuePort).catch(() => start(0))
  const movedFrom = queues.port === queuePort ? undefined : queuePort
  return { endpoint: `http://${host}:${queues.port}`, queues, movedFrom, stop: () => queues.stop() }
}

/** kinesis-local, in a thread: its working directory is of no matter there, and it ends with the process however that ends. */
export async function startStreamServer(stream: string, shards: number): Promise<TryOutServer | LeftOut> {
  const manifest = resolvePackage('kinesis-local')
  if (manifest === undefined) {
    return { leftOut: 'the Kinesis stream (the package kinesis-local is not installed: `npm install kinesis-local`)' }
  }
  const folder = dirname(manifest)
  const port = await freePort()
  const worker = new Worker(join(folder, 'main.js'), {
    env: {
      KINESIS_MOCK_PLAIN_PORT: String(port),
      KINESIS_MOCK_TLS_PORT: String(await freePort()),
      KINESIS_MOCK_CERT_PATH: join(folder, 'server.json'),
      CREATE_STREAM_DURATION: '5ms',
      INITIALIZE_STREAMS: `${stream}:${shards}:us-east-1`,
      LOG_LEVEL: 'ERROR',
    },
    stdout: true,
    stderr: true,
  })
  const ended = new AbortController()
  worker.once('error', () => ended.abort()).once('exit', () => ended.abort())
  worker.stdout.resume()
  worker.stderr.resume()
  const stop = async () => {
    await worker.terminate()
  }
  if (await comesUp(port, ended.signal)) return { endpoint: `http://${host}:${port}`, stop }
  await stop()
  return { leftOut: 'the Kinesis stream (kinesis-local did not start)' }
}

/** dynoxide, a small program of its own: DynamoDB with streams. */
export async function startTableServer(): Promise<TryOutServer | LeftOut> {
  const name = `@dynoxide/${process.platform}-${process.arch}`
  const manifest = resolvePackage(name)
  if (manifest === undefined) {
    return {
      leftOut: `the DynamoDB table (the package ${name} is not installed: \`npm install ${name}\`, where it exists)`,
    }
  }
  const port = await freePort()
  const child = spawn(join(dirname(manifest), 'dynoxide'), ['--port', String(port)], { stdio: 'ignore' })
  const ended = new AbortController()
  child.once('error', () => ended.abort()).once('exit', () => ended.abort())
  // An orphan would keep its port.
  const kill = () => child.kill('SIGKILL')
  process.once('exit', kill)
  const stop = async () => {
    process.off('exit', kill)
    if (ended.signal.aborted) return
    child.kill('SIGTERM')
    await once(child, 'exit')
  }
  if (await comesUp(port, ended.signal)) return { endpoint: `http://${host}:${port}`, stop }
  await stop()
  return { leftOut: 'the DynamoDB table (dynoxide did not start)' }
}

function resolvePackage(name: string): string | undefined {
  try {
    return require.resolve(`${name}/package.json`)
  } catch {
    return undefined
  }
}

async function comesUp(port: number, ended: AbortSignal): Promise<boolean> {
  const giveUpAt = performance.now() + startMsMax
  while (!ended.aborted && performance.now() < giveUpAt) {
    if (await isTaken(port)) return true
    await sleep(10)
  }
  return false
}

async function isTaken(port: number): Promise<boolean> {
  const socket = connect({ host, port })
  const taken = await new Promise<boolean>((answer) => {
    socket.once('connect', () => answer(true)).once('error', () => answer(false))
  })
  socket.destroy()
  return taken
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, host)
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}
