import { plural } from '../model/plural.ts'
import { printable } from '../model/printable.ts'
import { clientFor, endpointHelp, readArguments } from './client-options.ts'
import type { Command, CommandContext } from './command.ts'
import { CommandError, exitCode, UsageError, type ExitCode } from './exit-code.ts'

interface IdleAnswer {
  readonly idle: boolean
  readonly approximate?: boolean
  readonly mappings: number
  readonly reasons: readonly string[]
}

const usualTimeout = '30s'
/** Beyond the timeout: one look at the sources may be under way. */
const spareMs = 15_000

const unitsMs: Readonly<Record<string, number>> = { ms: 1, '': 1_000, s: 1_000, m: 60_000, h: 3_600_000 }

export const waitCommand: Command = {
  name: 'wait',
  synopsis: '[--timeout 30s] [--mapping NAME]... [--ignore WHAT] [--quiet 50ms] [--json] [--endpoint URL]',
  summary: 'Wait until nothing is left to deliver (exit code 0 idle, 1 not idle in time)',
  help: () => [
    `  --timeout TIME   how long to wait: 500ms, 30s, 2m (default ${usualTimeout})`,
    '  --mapping NAME   only these mappings: a UUID, or the name or ARN of a queue, stream, table or function',
    '  --ignore WHAT    what may be left: delayed, in-flight, windows, unattached; several with commas',
    '  --quiet TIME     how long nothing may have happened (default 50ms with a table, else 0)',
    '  --json           the answer as JSON',
    endpointHelp,
  ],
  run: runWait,
}

async function runWait({ argv, env, terminal }: CommandContext): Promise<ExitCode> {
  const text = { type: 'string' } as const
  const { values, positionals } = readArguments(argv, {
    timeout: text,
    quiet: text,
    ignore: text,
    mapping: { type: 'string', multiple: true },
    json: { type: 'boolean' },
    endpoint: text,
  })
  if (positionals.length > 0)
    throw new UsageError(`${positionals.join(' ')} is too much: mappings are named by --mapping`)
  const timeoutMs = timeOf('timeout', values.timeout ?? usualTimeout)
  const query = new URLSearchParams({ timeout: String(timeoutMs / 1_000) })
  if (values.quiet !== undefined) query.set('quiet', String(timeOf('quiet', values.quiet)))
  if (values.ignore !== undefined) query.set('ignore', values.ignore)
  for (const mapping of values.mapping ?? []) query.append('mapping', mapping)
  const client = clientFor(values.endpoint, env)
  const answer = await client.get(`/_millrace/idle?${query.toString()}`, timeoutMs + spareMs)
  if (!isAnswer(answer)) throw new CommandError(`What answers at ${client.endpoint} is no Millrace.`)
  if (values.json) terminal.out(JSON.stringify(answer, null, 2))
  else for (const line of linesOf(answer)) terminal.out(printable(line))
  return answer.idle ? exitCode.ok : exitCode.failed
}

function timeOf(option: string, text: string): number {
  const [, number, unit = ''] = /^(\d+(?:\.\d+)?)(ms|s|m|h)?$/.exec(text) ?? []
  const unitMs = unitsMs[unit]
  if (number === undefined || unitMs === undefined)
    throw new UsageError(`--${option} ${text}: not a time; give one such as 500ms, 30s or 2m`)
  return Number(number) * unitMs
}

function isAnswer(answer: unknown): answer is IdleAnswer {
  return typeof answer === 'object' && answer !== null && 'idle' in answer && 'reasons' in answer
}

function linesOf({ approximate, idle, mappings, reasons }: IdleAnswer): readonly string[] {
  if (!idle) return reasons
  return [
    `Idle: nothing is left of ${plural(mappings, 'mapping')}${approximate ? ', as far as the counts of AWS tell, which lag' : ''}.`,
  ]
}
