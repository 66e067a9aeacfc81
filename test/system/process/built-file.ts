import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { until } from '../../support/until.ts'

/** The file that people run; `build.ts` has made it. */
export const builtFile = join(import.meta.dirname, '../../../dist/millrace.mjs')

export interface MillraceProcess {
  readonly child: ChildProcess
  readonly pid: number
  readonly stdout: () => string
  readonly stderr: () => string
  /** The code it ends with; null when a signal ended it. */
  readonly exited: Promise<number | null>
  readonly signal: (name: NodeJS.Signals) => void
}

/** Starts the built file. It is killed with the test at the latest. */
export function runMillrace(
  args: readonly string[],
  options: { readonly cwd: string; readonly env?: Readonly<Record<string, string>> },
): MillraceProcess {
  const child = spawn(process.execPath, [builtFile, ...args], {
    cwd: options.cwd,
    env: {
      PATH: process.env['PATH'],
      HOME: options.cwd,
      AWS_ACCESS_KEY_ID: 'test',
      AWS_SECRET_ACCESS_KEY: 'test',
      AWS_REGION: 'us-east-1',
      ...options.env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const written = { stdout: '', stderr: '' }
  child.stdout.setEncoding('utf8').on('data', (text: string) => (written.stdout += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (written.stderr += text))
  // `close` comes after the last output was read, `exit` may come before.
  const exited = once(child, 'close').then(([code]) => code as number | null)
  if (child.pid === undefined) throw new Error('the process could not be started')
  return {
    child,
    pid: child.pid,
    stdout: () => written.stdout,
    stderr: () => written.stderr,
    exited,
    signal: (name) => child.kill(name),
  }
}

/** Resolves once the process answers as ready; its output is in the error if it never does. */
export async function ready(millrace: MillraceProcess, endpoint: string): Promise<void> {
  await until(async () => {
    if (millrace.child.exitCode !== null) {
      throw new Error(`millrace ended with ${millrace.child.exitCode}\n${millrace.stdout()}\n${millrace.stderr()}`)
    }
    const response = await fetch(`${endpoint}/readyz`).catch(() => undefined)
    return response?.ok === true
  }, `millrace is ready at ${endpoint}`)
}
