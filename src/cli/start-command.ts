import { describeOptions } from '../config/option-help.ts'
import { withoutSecretShapes } from '../model/redaction.ts'
import { readSettings } from '../config/settings-reader.ts'
import type { Command, CommandContext } from './command.ts'
import { exitCode, type ExitCode } from './exit-code.ts'
import { collectStartGarbage } from './start-garbage.ts'
import { loadService } from './start.ts'
import { supervise } from './supervise.ts'

export const startCommand: Command = {
  name: 'start',
  synopsis: '[--config FILE] [--host HOST] [--port PORT] [--store URL] [options]',
  summary: 'Run event source mappings, and serve the Lambda API for them',
  serves: true,
  help: () => [
    describeOptions('start'),
    '',
    'Flags win over variables, variables over the file. Endpoints, region and credentials of AWS come as for every AWS SDK:',
    'AWS_ENDPOINT_URL, AWS_ENDPOINT_URL_SQS, AWS_REGION, AWS_PROFILE and the rest.',
    'SIGTERM and SIGINT finish what is in flight; a second one cuts it off.',
  ],
  run: runStart,
}

async function runStart({ argv, env, cwd, terminal, onSignal }: CommandContext): Promise<ExitCode> {
  const { start, checkPattern } = await loadService()
  const settings = readSettings({
    argv,
    env,
    cwd,
    warn: (message) => terminal.err(`millrace: ${message}`),
    checkPattern,
  })
  const startTidily = async () => {
    const service = await start(settings)
    collectStartGarbage()
    return service
  }
  return await supervise(startTidily, {
    terminal,
    onSignal,
    graceMs: settings.shutdownGraceMs,
    exit: (code) => process.exit(code),
  }).catch((error: unknown) => {
    terminal.err(`millrace: ${withoutSecretShapes(error instanceof Error ? error.message : String(error))}`)
    return exitCode.failed
  })
}
