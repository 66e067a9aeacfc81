import { clientFor, endpointHelp, onlyPositional, readArguments } from './client-options.ts'
import type { Command, CommandContext } from './command.ts'
import { exitCode, type ExitCode } from './exit-code.ts'
import { explain, mappingReport } from './mapping-status.ts'

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
  const report = await mappingReport(clientFor(values.endpoint, env), uuid)
  terminal.out(`${report.uuid}  ${report.state}  ${report.source} -> ${report.functionArn}`)
  for (const line of explain(report)) terminal.out(line)
  return exitCode.ok
}
