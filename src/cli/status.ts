import { setTimeout as sleep } from 'node:timers/promises'
import { clientFor, endpointHelp, readArguments } from './client-options.ts'
import type { Command, CommandContext } from './command.ts'
import { exitCode, UsageError, type ExitCode } from './exit-code.ts'
import { mappingReports, statusHeader, statusRow } from './mapping-status.ts'
import type { RestClient } from './rest-client.ts'
import { table } from './terminal.ts'

const refreshMsMin = 200

export const statusCommand: Command = {
  name: 'status',
  synopsis: '[--watch] [--interval SECONDS] [--endpoint URL]',
  summary: 'Show what each mapping of a running Millrace is doing',
  help: () => [
    endpointHelp,
    '  --watch            show it again and again, until interrupted',
    '  --interval SECONDS how often (default 1)',
  ],
  run: runStatus,
}

async function runStatus({ argv, env, terminal, onSignal }: CommandContext): Promise<ExitCode> {
  const { values, positionals } = readArguments(argv, {
    endpoint: { type: 'string' },
    watch: { type: 'boolean' },
    interval: { type: 'string', default: '1' },
  })
  if (positionals.length > 0) throw new UsageError(`millrace status takes no ${positionals.join(' ')}`)
  const client = clientFor(values.endpoint, env)
  const intervalMs = Number(values.interval) * 1000
  if (!(intervalMs >= refreshMsMin)) {
    throw new UsageError(`--interval ${values.interval}: seconds, at least ${refreshMsMin / 1000}`)
  }
  if (!values.watch) {
    for (const line of await statusLines(client)) terminal.out(line)
    return exitCode.ok
  }
  const interrupted = new AbortController()
  onSignal(() => interrupted.abort())
  // A server that hangs must not hold whoever wants to leave.
  const left = new Promise<undefined>((resolve) => {
    interrupted.signal.addEventListener('abort', () => resolve(undefined), { once: true })
  })
  for (;;) {
    const lines = await Promise.race([statusLines(client), left])
    if (lines === undefined) return exitCode.ok
    terminal.out(`\u001B[H\u001B[2J${new Date().toISOString()}  ${client.endpoint}`)
    for (const line of lines) terminal.out(line)
    await sleep(intervalMs, undefined, { signal: interrupted.signal }).catch(() => undefined)
    if (interrupted.signal.aborted) return exitCode.ok
  }
}

async function statusLines(client: RestClient): Promise<readonly string[]> {
  const reports = await mappingReports(client)
  return reports.length === 0 ? ['No mappings.'] : table([statusHeader, ...reports.map(statusRow)])
}
