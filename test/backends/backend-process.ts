import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

/** A backend that runs as processes of its own. */
export interface BackendProcess {
  readonly port: number
  readonly endpoint: string
  /** Ends it as a crash would, and starts it anew on the same port. */
  restart(): Promise<void>
  stop(): Promise<void>
}

export interface BackendCommand {
  readonly file: string
  readonly args: readonly string[]
  readonly cwd?: string
  readonly env?: Readonly<Record<string, string>>
  /** Asked until it answers 200; without a path any HTTP answer will do. */
  readonly readyPath?: string
}

const startMsMax = 90_000
const pollMs = 25
const logCharactersMax = 4_000

export async function startBackendProcess(command: (port: number) => BackendCommand): Promise<BackendProcess> {
  const port = await freePort()
  const endpoint = `http://127.0.0.1:${port}`
  let end = await spawnUntilReady(command(port), endpoint)
  return {
    port,
    endpoint,
    async restart() {
      await end()
      end = await spawnUntilReady(command(port), endpoint)
    },
    stop: () => end(),
  }
}

async function spawnUntilReady(command: BackendCommand, endpoint: string): Promise<() => Promise<void>> {
  // A group of its own: backends start helpers (kinesis-mock, Java, functions) that must end with them.
  const child = spawn(command.file, command.args, {
    cwd: command.cwd,
    env: { ...cleanEnvironment(), ...command.env },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  })
  const log = lastWords(child)
  const ended = once(child, 'exit').catch(() => [])
  const kill = (): void => killGroup(child)
  process.once('exit', kill)
  const end = async (): Promise<void> => {
    process.off('exit', kill)
    kill()
    await ended
  }
  const deadlineMs = performance.now() + startMsMax
  while (performance.now() < deadlineMs && child.exitCode === null && child.signalCode === null) {
    if (await answers(endpoint, command.readyPath)) return end
    await sleep(pollMs)
  }
  await end()
  throw new Error(`${command.file} ${command.args.join(' ')} did not get ready on ${endpoint}: ${log()}`)
}

/** What the caller has set for AWS or Python must not change what a backend does. */
export function cleanEnvironment(): Readonly<Record<string, string>> {
  const entries = Object.entries(process.env).filter(([name]) => !/^(AWS_|MILLRACE_|PYTHON|npm_)/.test(name))
  return Object.fromEntries(entries.flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])))
}

function lastWords(child: ChildProcess): () => string {
  let words = ''
  const keep = (chunk: Buffer): void => {
    words = (words + chunk.toString()).slice(-logCharactersMax)
  }
  child.stdout?.on('data', keep)
  child.stderr?.on('data', keep)
  return () => words.trim()
}

function killGroup(child: ChildProcess): void {
  if (child.pid === undefined) return
  try {
    process.kill(-child.pid, 'SIGKILL')
  } catch {
    // Gone already, with all its helpers.
  }
}

async function answers(endpoint: string, path: string | undefined): Promise<boolean> {
  try {
    const response = await fetch(`${endpoint}${path ?? '/'}`, { signal: AbortSignal.timeout(2_000) })
    return path === undefined || response.ok
  } catch {
    return false
  }
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}
