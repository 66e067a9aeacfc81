import { spawn } from 'node:child_process'
import { freePort } from '../free-port.ts'

/** An emulator that runs as a process of its own, started for one test file. */
export interface ChildService {
  readonly endpoint: string
  /** Ends the process as a crash would, and starts it anew on the same port, its memory empty. */
  restart(): Promise<void>
  stop(): Promise<void>
}

export interface ChildCommand {
  readonly file: string
  readonly args: readonly string[]
  readonly cwd?: string
  readonly env?: Readonly<Record<string, string>>
}

/** How long an emulator may take until it answers. */
const startMsMax = 40_000

export async function startChildService(command: (port: number) => ChildCommand): Promise<ChildService> {
  const port = await freePort()
  const endpoint = `http://127.0.0.1:${port}`
  let child = await spawnUntilAnswering(command(port), endpoint)
  return {
    endpoint,
    async restart() {
      await child.end()
      child = await spawnUntilAnswering(command(port), endpoint)
    },
    stop: () => child.end(),
  }
}

async function spawnUntilAnswering(command: ChildCommand, endpoint: string): Promise<{ end(): Promise<void> }> {
  const child = spawn(command.file, command.args, {
    cwd: command.cwd,
    env: { ...process.env, ...command.env },
    stdio: 'ignore',
  })
  const exited = new Promise<void>((resolve) => {
    child.once('exit', () => resolve())
    child.once('error', () => resolve())
  })
  const end = async (): Promise<void> => {
    child.kill('SIGKILL')
    await exited
  }
  const deadlineMs = performance.now() + startMsMax
  while (performance.now() < deadlineMs && child.exitCode === null) {
    if (await answers(endpoint)) return { end }
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  await end()
  throw new Error(`${command.file} ${command.args.join(' ')} did not answer on ${endpoint}.`)
}

async function answers(endpoint: string): Promise<boolean> {
  try {
    await fetch(endpoint, { signal: AbortSignal.timeout(1_000) })
    return true
  } catch {
    return false
  }
}
