import { spawn } from 'node:child_process'
import { once } from 'node:events'

export interface CommandOptions {
  readonly cwd?: string
  readonly env?: Readonly<Record<string, string>>
  readonly secondsMax?: number
}

/** Lines of output that an error repeats: installers say the reason last. */
const tailLines = 3

/** Runs a program to its end and answers with what it wrote; an exit code other than 0 is an error that carries its last words. */
export async function runCommand(
  file: string,
  args: readonly string[],
  { cwd, env, secondsMax = 600 }: CommandOptions = {},
): Promise<string> {
  const child = spawn(file, args, {
    cwd,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: secondsMax * 1_000,
    killSignal: 'SIGKILL',
  })
  const written = { out: '', error: '' }
  child.stdout.setEncoding('utf8').on('data', (text: string) => (written.out += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (written.error += text))
  const [code, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null]
  if (code === 0) return written.out
  const said = `${written.error.trim()}\n${written.out.trim()}`.trim().split('\n').slice(-tailLines).join(' | ')
  throw new Error(`${file} ${args.slice(0, 3).join(' ')}: ${signal ?? `exit code ${code}`}: ${said}`)
}

/** The output of a program, or undefined where it is not there or fails. */
export async function tryCommand(file: string, args: readonly string[]): Promise<string | undefined> {
  try {
    return await runCommand(file, args, { secondsMax: 60 })
  } catch {
    return undefined
  }
}
