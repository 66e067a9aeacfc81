#!/usr/bin/env node
import { constants } from 'node:os'

// The process. Whatever needs a newer Node is imported after its version is known: on an older one the first import of
// node:sqlite would end the process with an unknown module instead of a sentence.
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
if (major < 22 || (major === 22 && minor < 18)) {
  process.stderr.write(
    `millrace needs Node 22.18 or newer; this is Node ${process.versions.node} (${process.execPath})\n`,
  )
  process.exitCode = 1
} else {
  await main()
}

async function main(): Promise<void> {
  // The first process of a container ignores the signals that it has no handler for. What nobody has taken yet ends it.
  if (process.pid === 1) {
    process.once('SIGTERM', leave)
    process.once('SIGINT', leave)
  }
  process.stdout.on('error', endUnheard)
  // Complaints that nobody can read are no reason to end.
  process.stderr.on('error', () => {})
  const [{ runProgram }, { createLastingTerminal, processTerminal }] = await Promise.all([
    import('./cli/program.ts'),
    import('./cli/terminal.ts'),
  ])
  const context = {
    argv: process.argv.slice(2),
    env: process.env,
    cwd: process.cwd(),
    terminal: processTerminal,
    onSignal: (listener: (signal: string) => void) => {
      process.off('SIGTERM', leave).off('SIGINT', leave)
      process.on('SIGTERM', listener)
      process.on('SIGINT', listener)
    },
  }
  const code = await runProgram(context, createLastingTerminal())
  if (process.stdout.errored) endUnheard(process.stdout.errored)
  // Whatever a command left open must not keep a finished process alive; what it printed is flushed first.
  process.exitCode = code
  if (process.stdout.writableLength > 0) process.stdout.once('drain', () => process.exit(code))
  else process.exit(code)
}

/** Whoever reads a command's answer may have seen enough, as `| head` has; any other loss is a failure. */
function endUnheard(error: NodeJS.ErrnoException): never {
  if (error.code === 'EPIPE') process.exit()
  process.stderr.write(`millrace: the output could not be written: ${error.message}\n`)
  process.exit(1)
}

/** As a shell tells of a command that a signal ended. */
function leave(signal: 'SIGTERM' | 'SIGINT'): void {
  process.exit(128 + constants.signals[signal])
}
