import { printableLines } from '../model/printable.ts'
import { withoutSecretShapes } from '../model/redaction.ts'
import { ConfigError } from '../config/config-error.ts'
import type { Command, CommandContext } from './command.ts'
import { devCommand } from './dev.ts'
import { doctorCommand } from './doctor.ts'
import { CommandError, exitCode, UsageError, type ExitCode } from './exit-code.ts'
import { healthCommand } from './health.ts'
import { mappingsCommand } from './mappings.ts'
import { startCommand } from './start-command.ts'
import { statusCommand } from './status.ts'
import { table, type Terminal } from './terminal.ts'
import { version } from './version.ts'
import { waitCommand } from './wait.ts'
import { whyCommand } from './why.ts'

const commands: readonly Command[] = [
  startCommand,
  devCommand,
  mappingsCommand,
  statusCommand,
  whyCommand,
  waitCommand,
  doctorCommand,
  healthCommand,
]

const helpWords = ['--help', '-h', 'help']
const versionWords = ['--version', '-v', 'version']

/** Runs the command that the first argument names and says with which code the process ends. `lasting`: the terminal of those that serve. */
export async function runProgram(context: CommandContext, lasting: Terminal = context.terminal): Promise<ExitCode> {
  const { terminal } = context
  const [name, ...argv] = context.argv
  if (name === undefined) {
    printOverview(terminal.err)
    return exitCode.unusable
  }
  if (versionWords.includes(name)) {
    terminal.out(version)
    return exitCode.ok
  }
  const asksHelp = helpWords.includes(name)
  if (asksHelp && argv.length === 0) {
    printOverview(terminal.out)
    return exitCode.ok
  }
  const commandName = asksHelp ? argv[0] : name
  const command = commands.find((one) => one.name === commandName)
  if (!command) {
    terminal.err(`millrace: there is no command ${commandName}; \`millrace --help\` lists them`)
    return exitCode.unusable
  }
  if (asksHelp || argv.includes('--help') || argv.includes('-h')) {
    printHelp(command, terminal)
    return exitCode.ok
  }
  return await guarded(command, { ...context, argv, terminal: command.serves ? lasting : terminal })
}

async function guarded(command: Command, context: CommandContext): Promise<ExitCode> {
  try {
    return await command.run(context)
  } catch (error) {
    if (error instanceof ConfigError) {
      for (const mistake of error.mistakes) context.terminal.err(`millrace: ${mistake}`)
      return exitCode.unusable
    }
    if (error instanceof UsageError) {
      context.terminal.err(`millrace: ${error.message}`)
      context.terminal.err(`Usage: millrace ${command.name} ${command.synopsis}`)
      return exitCode.unusable
    }
    context.terminal.err(`millrace: ${printableLines(withoutSecretShapes(describe(error)))}`)
    return exitCode.failed
  }
}

/** What someone said no to is a sentence; what nobody expected comes with its stack. */
function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const expected = error instanceof CommandError || 'code' in error || error.name === 'StoreError'
  return expected ? error.message : (error.stack ?? error.message)
}

function printOverview(print: (line: string) => void): void {
  print(`millrace ${version}: Lambda event source mappings outside AWS`)
  print('')
  for (const line of table(commands.map((command) => [`  millrace ${command.name}`, command.summary]))) print(line)
  print('')
  print(
    '`millrace COMMAND --help` says more. Exit codes: 0 clean stop, 1 failure, 2 unusable arguments or configuration.',
  )
}

function printHelp(command: Command, terminal: Terminal): void {
  terminal.out(`${command.summary}.`)
  terminal.out('')
  terminal.out(`Usage: millrace ${command.name} ${command.synopsis}`)
  const lines = command.help()
  if (lines.length > 0) terminal.out('')
  for (const line of lines) terminal.out(line)
}
