import type { ExitCode } from './exit-code.ts'
import type { Terminal } from './terminal.ts'

/** Where a command runs. */
export interface CommandContext {
  /** What follows the command's name. */
  readonly argv: readonly string[]
  readonly env: Readonly<Record<string, string | undefined>>
  readonly cwd: string
  readonly terminal: Terminal
  /** Says that the person or the supervisor wants it to end; each signal is one call. */
  readonly onSignal: (listener: (signal: string) => void) => void
}

export interface Command {
  readonly name: string
  /** What follows `millrace NAME` in the synopsis. */
  readonly synopsis: string
  readonly summary: string
  /** It delivers until it is told to end, whether or not somebody reads what it says. */
  readonly serves?: true
  /** The lines of its help below the synopsis, without what the option table generates. */
  readonly help: () => readonly string[]
  readonly run: (context: CommandContext) => Promise<ExitCode>
}
