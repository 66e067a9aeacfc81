import { setTimeout as sleep } from 'node:timers/promises'
import { clientFor, endpointHelp, readArguments } from './client-options.ts'
import type { Command, CommandContext } from './command.ts'
import { CommandError, exitCode, UsageError, type ExitCode } from './exit-code.ts'
import type { MappingOverview } from '../model/mapping-status.ts'
import { mappingOverviews } from './mapping-status.ts'
import type { RestClient } from './rest-client.ts'
import { cutLine, statusLines } from './status-table.ts'

const refreshMsMin = 200

export const statusCommand: Command = {
  name: 'status',
  synopsis: '[--watch] [--interval SECONDS] [--endpoint URL]',
  summary: 'Show what each mapping of a running Millrace is doing',
  help: () => [
    endpointHelp,
    '  --watch            show it again and again, until interrupted',
    '  --interval SECONDS how often (default 1)',
    '',
    'BACKLOG: messages that wait in the queue. OLDEST: age of the oldest record of a stream that is not done. RATE/S: records sent to the',
    'function each second, over the last minute. NOW: invocations that are out. LAST: how long ago the last one was sent. A terminal of 120',
    'columns shows the UUID as well.',
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
  if (values.watch) return watch({ client, intervalMs, terminal, onSignal })
  const reports = await mappingOverviews(client)
  for (const line of statusLines(reports, Date.now(), { ...terminal.size?.(), rows: Infinity })) terminal.out(line)
  return exitCode.ok
}

interface Watching extends Pick<CommandContext, 'terminal' | 'onSignal'> {
  readonly client: RestClient
  readonly intervalMs: number
}

async function watch({ client, intervalMs, terminal, onSignal }: Watching): Promise<ExitCode> {
  const interrupted = new AbortController()
  onSignal(() => interrupted.abort())
  // A server that hangs must not hold whoever wants to leave.
  const left = new Promise<undefined>((resolve) => {
    interrupted.signal.addEventListener('abort', () => resolve(undefined), { once: true })
  })
  for (let look: typeof lookAgain = mappingOverviews; ; look = lookAgain) {
    const seen = await Promise.race([look(client), left])
    if (seen === undefined) return exitCode.ok
    const size = terminal.size?.()
    // The line of the time is above, and the cursor needs one below.
    const room = { ...size, rows: (size?.rows ?? Infinity) - 2 }
    const head = `${new Date().toISOString()}  ${client.endpoint}`
    const lines = typeof seen === 'string' ? [seen] : statusLines(seen, Date.now(), room)
    terminal.out(clear + [head, ...lines].map((line) => cutLine(line, size?.columns ?? Infinity)).join('\n'))
    await sleep(intervalMs, undefined, { signal: interrupted.signal }).catch(() => undefined)
    if (interrupted.signal.aborted) return exitCode.ok
  }
}

const clear = '\u001B[H\u001B[2J'

/** Whoever watches waits for a Millrace that is started again. */
async function lookAgain(client: RestClient): Promise<readonly MappingOverview[] | string> {
  try {
    return await mappingOverviews(client)
  } catch (error) {
    if (error instanceof CommandError) return error.message
    throw error
  }
}
