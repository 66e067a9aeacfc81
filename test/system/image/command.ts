import { spawn } from 'node:child_process'
import { once } from 'node:events'

export interface CommandResult {
  readonly code: number
  readonly out: string
  readonly err: string
}

export interface CommandOptions {
  readonly cwd?: string
  readonly env?: Readonly<Record<string, string>>
  readonly secondsMax?: number
}

/** Runs a program to its end, bounded, and says how it ended. */
export async function run(
  file: string,
  args: readonly string[],
  { cwd, env, secondsMax = 120 }: CommandOptions = {},
): Promise<CommandResult> {
  const child = spawn(file, args, {
    cwd,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: secondsMax * 1_000,
  })
  const written = { out: '', err: '' }
  child.stdout.setEncoding('utf8').on('data', (text: string) => (written.out += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (written.err += text))
  const [code] = (await once(child, 'close')) as [number | null]
  return { code: code ?? -1, ...written }
}

/** As `run`; a program that fails is an error with its last words. */
export async function output(file: string, args: readonly string[], options?: CommandOptions): Promise<string> {
  const { code, out, err } = await run(file, args, options)
  if (code === 0) return out.trim()
  throw new Error(`${file} ${args.join(' ')}: exit code ${code}\n${out.slice(-1_000)}\n${err.slice(-2_000)}`)
}
