import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { freePort } from '../../support/free-port.ts'

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

const startMsMax = 180_000
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
  const child = spawn(command.file, command.args, {
    cwd: command.cwd,
    env: { ...cleanEnvironment(), ...command.env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const log = lastWords(child)
  const ended = once(child, 'exit').catch(() => [])
  const kill = (): void => killTree(child)
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

/** Backends start helpers (kinesis-mock, Java, functions), some in sessions of their own; all must end with them. */
function killTree({ pid }: ChildProcess): void {
  if (pid === undefined) return
  for (const each of [pid, ...descendantsOf(pid)]) {
    try {
      process.kill(each, 'SIGKILL')
    } catch {
      // Gone already.
    }
  }
}

function descendantsOf(pid: number): readonly number[] {
  const parents = parentIds()
  const found = new Set([pid])
  for (let before = 0; before < found.size;) {
    before = found.size
    for (const [child, parent] of parents) if (found.has(parent)) found.add(child)
  }
  found.delete(pid)
  return [...found]
}

/** The parent of every process; none where there is no /proc. */
function parentIds(): ReadonlyMap<number, number> {
  const parents = new Map<number, number>()
  for (const name of existsSync('/proc') ? readdirSync('/proc') : []) {
    if (!/^\d+$/.test(name)) continue
    try {
      // The name in parentheses may hold anything; state and parent come after it.
      const after = readFileSync(`/proc/${name}/stat`, 'utf8').split(') ').at(-1) ?? ''
      parents.set(Number(name), Number(after.split(' ')[1]))
    } catch {
      // It has ended meanwhile.
    }
  }
  return parents
}

async function answers(endpoint: string, path: string | undefined): Promise<boolean> {
  try {
    const response = await fetch(`${endpoint}${path ?? '/'}`, { signal: AbortSignal.timeout(2_000) })
    return path === undefined || response.ok
  } catch {
    return false
  }
}
