import { spawn } from 'node:child_process'
import { once } from 'node:events'

/** Lines of a shell that run. */
export interface Shell {
  /** What they have written until now. */
  readonly written: () => string
  readonly ended: () => boolean
  /** Ctrl-C, or another signal, to all that they have started. Resolves when everything has ended. */
  end(signal?: NodeJS.Signals): Promise<void>
}

export interface ShellOptions {
  readonly cwd: string
  readonly env?: Readonly<Record<string, string>>
}

/** Types the lines into a shell, as a reader of the README does. The first that fails ends it. */
export function typed(lines: string, { cwd, env }: ShellOptions): Shell {
  // A group of its own, which the terminal would signal as a whole.
  const child = spawn('sh', ['-ec', lines], {
    cwd,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  })
  const { pid } = child
  if (pid === undefined) throw new Error('there is no sh')
  let words = ''
  const keep = (text: string): void => void (words += text)
  child.stdout.setEncoding('utf8').on('data', keep)
  child.stderr.setEncoding('utf8').on('data', keep)
  // `close`, not `exit`: the last of the group has ended then.
  let ended = false
  const closed = once(child, 'close').then(() => (ended = true))
  return {
    written: () => words,
    ended: () => ended,
    async end(signal = 'SIGINT') {
      if (!ended) process.kill(-pid, signal)
      await closed
    },
  }
}
