import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { freePort } from '../../support/free-port.ts'
import { profilingArguments } from './profile.ts'

/** The service as people run it: a process with a config file. */
export interface MillraceProcess {
  readonly pid: number
  readonly url: string
  log(): string
  stop(): Promise<void>
}

export type From = 'dist' | 'src'

/** How Millrace is started. */
export interface Launch {
  /** A command that is given the whole command line, and becomes it. */
  readonly launcher?: readonly string[] | undefined
  readonly from: From
  /** The folder for its CPU profiles; null: none is made. */
  readonly profiles: string | null
}

const built = fileURLToPath(new URL('../../../dist/millrace.mjs', import.meta.url))
const source = fileURLToPath(new URL('../../../src/main.ts', import.meta.url))

/** The built file where there is one: that is what people run. */
export function defaultFrom(): From {
  return existsSync(built) ? 'dist' : 'src'
}

const readyMsMax = 15_000

export async function startMillrace(
  config: Readonly<Record<string, unknown>>,
  { from, launcher = [], profiles }: Launch,
): Promise<MillraceProcess> {
  const folder = await mkdtemp(join(tmpdir(), 'millrace-bench-'))
  const file = join(folder, 'millrace.json')
  const port = await freePort()
  const document = { server: { host: '127.0.0.1', port }, store: `sqlite:${join(folder, 'millrace.db')}`, ...config }
  await writeFile(file, JSON.stringify(document))
  const main = from === 'dist' ? built : source
  const node = [process.execPath, ...profilingArguments(profiles), main, 'start', '--config', file]
  const [command = process.execPath, ...args] = [...launcher, ...node]
  const child = spawn(command, args, {
    cwd: folder,
    env: environment(),
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let log = ''
  const keep = (chunk: Buffer): void => {
    log = (log + chunk.toString()).slice(-8_000)
  }
  child.stdout.on('data', keep)
  child.stderr.on('data', keep)
  const url = `http://127.0.0.1:${port}`
  const deadline = Date.now() + readyMsMax
  while (!(await isReady(url))) {
    if (child.exitCode !== null || Date.now() > deadline) {
      child.kill('SIGKILL')
      throw new Error(`Millrace did not become ready. Its last words:\n${log}`)
    }
    await sleep(10)
  }
  return {
    pid: child.pid ?? 0,
    url,
    log: () => log,
    async stop() {
      await complain(url, () => log)
      if (child.exitCode === null) {
        const exited = once(child, 'exit')
        child.kill('SIGTERM')
        await exited
      }
      await rm(folder, { recursive: true, force: true })
    },
  }
}

/** A flow that failed an assertion and went on is a bug that no number shows. */
async function complain(url: string, log: () => string): Promise<void> {
  const text = await fetch(`${url}/metrics`).then(
    (response) => response.text(),
    () => '',
  )
  const failed = text.split('\n').filter((line) => /^millrace_flow_assertion_failures_total.* [^0]/.test(line))
  if (failed.length > 0) process.stderr.write(`${failed.join('\n')}\n${log()}\n`)
}

/** Whatever the caller has set for AWS or Millrace must not change what is measured. */
function environment(): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(([name]) => !/^(AWS_|MILLRACE_)/.test(name))
  return { ...Object.fromEntries(kept), AWS_ACCESS_KEY_ID: 'bench', AWS_SECRET_ACCESS_KEY: 'bench' }
}

async function isReady(url: string): Promise<boolean> {
  try {
    return (await fetch(`${url}/readyz`)).ok
  } catch {
    return false
  }
}
