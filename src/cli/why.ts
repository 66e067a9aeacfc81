import { clientFor, endpointHelp, onlyPositional, readArguments } from './client-options.ts'
import type { Command, CommandContext } from './command.ts'
import { exitCode, type ExitCode } from './exit-code.ts'

/** The first sentence is the answer, the others what to look at next. */
interface Explanation {
  readonly sentences: readonly string[]
}

export const whyCommand: Command = {
  name: 'why',
  synopsis: 'UUID [--endpoint URL]',
  summary: 'Say why a mapping does not invoke its function',
  help: () => [endpointHelp],
  run: runWhy,
}

async function runWhy({ argv, env, terminal }: CommandContext): Promise<ExitCode> {
  const { values, positionals } = readArguments(argv, { endpoint: { type: 'string' } })
  const uuid = onlyPositional(positionals, 'UUID')
  const client = clientFor(values.endpoint, env)
  const { sentences } = (await client.get(`/_millrace/why/${encodeURIComponent(uuid)}`)) as Explanation
  for (const line of sentences) terminal.out(line)
  return exitCode.ok
}
