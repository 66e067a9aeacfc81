import { describeOptions } from '../config/option-help.ts'
import { readSettings } from '../config/settings-reader.ts'
import { serviceOptions } from '../model/service-options.ts'
import { printable } from '../model/printable.ts'
import type { ServiceSettings } from '../model/settings.ts'
import type { Command, CommandContext } from './command.ts'
import type { ExitCode } from './exit-code.ts'
import { collectStartGarbage } from './start-garbage.ts'
import { loadService } from './start.ts'
import { supervise, type Running } from './supervise.ts'
import { table, type Terminal } from './terminal.ts'
import { startFeed } from './try-out-feed.ts'
import type { SampleInvocation } from './try-out-functions.ts'
import { account, region, settingsFor, startTryOut, type TryOutStack } from './try-out.ts'

export const devCommand: Command = {
  name: 'dev',
  synopsis: '[--no-feed] [--host HOST] [--port PORT] [options]',
  summary: 'Try it out: queues, streams, functions and mappings in this one process',
  serves: true,
  help: () => [
    '  --no-feed',
    '      Send nothing: the stack waits for what you send.',
    describeOptions('dev'),
    '',
    'Needs neither Docker nor AWS. The store is memory: unless another is named; queues and streams are gone at the end.',
  ],
  run: runDev,
}

async function runDev({ argv, env, cwd, terminal, onSignal }: CommandContext): Promise<ExitCode> {
  const own = readSettings({
    argv: argv.filter((word) => word !== '--no-feed'),
    env,
    cwd,
    command: 'dev',
    // What a person watches are the invocations, and each says itself how it went.
    defaults: { store: 'memory:', logLevel: 'error' },
    warn: (message) => terminal.err(`millrace: ${message}`),
  })
  const isPortChosen =
    env[serviceOptions.port.env] || argv.some((word) => word.split('=', 1)[0] === serviceOptions.port.flag)
  const wishes = { feeds: !argv.includes('--no-feed'), mayMove: !isPortChosen }
  return await supervise(() => startDev(own, wishes, terminal), {
    terminal,
    onSignal,
    graceMs: own.shutdownGraceMs,
    exit: (code) => process.exit(code),
  })
}

interface Wishes {
  readonly feeds: boolean
  /** Nobody named a port: where the usual one is taken, another will do. */
  readonly mayMove: boolean
}

async function startDev(own: ServiceSettings, { feeds, mayMove }: Wishes, terminal: Terminal): Promise<Running> {
  const startedMs = performance.now()
  // The stack takes any credentials; those of the person who tries it are none of its business.
  Object.assign(process.env, { AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test' })
  delete process.env['AWS_SESSION_TOKEN']
  // The servers start in threads and processes of their own while this one loads the service.
  const [stack, { start }] = await Promise.all([
    startTryOut((invocation) => terminal.out(invocationLine(invocation))),
    loadService(),
  ])
  try {
    const settings = settingsFor(stack, own)
    const service = await start(settings).catch((error: unknown) => {
      if (!mayMove || !isPortTaken(error)) throw error
      return start({ ...settings, server: { ...own.server, port: 0 } })
    })
    for (const line of welcome(stack, service.endpoint, feeds)) terminal.out(line)
    for (const line of moves(stack, service.endpoint, own)) terminal.out(line)
    terminal.out(`Ready after ${Math.round(performance.now() - startedMs)} ms. Ctrl-C ends it.`)
    terminal.out('')
    const stopFeed = feeds
      ? startFeed({ queues: stack.queues.queues, streams: stack.streams, tables: stack.tables }, terminal.err)
      : () => undefined
    collectStartGarbage()
    return {
      stop: () => {
        stopFeed()
        return service.stop()
      },
      abort: () => service.abort(),
      closed: endTogether(service.closed, stack),
    }
  } catch (error) {
    await stack.stop()
    throw error
  }
}

async function endTogether(closed: Promise<void>, stack: TryOutStack): Promise<void> {
  try {
    await closed
  } finally {
    await stack.stop()
  }
}

function isPortTaken(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'EADDRINUSE'
}

/** Who is elsewhere than expected. */
function moves({ queues }: TryOutStack, endpoint: string, { server }: ServiceSettings): readonly string[] {
  const moved = (port: number, what: string, to: string) =>
    `Port ${port} is taken by another process: ${what} moved to port ${new URL(to).port}.`
  return [
    ...(queues.movedFrom === undefined ? [] : [moved(queues.movedFrom, 'SQS, SNS and S3', queues.endpoint)]),
    ...(server.port === 0 || server.port === Number(new URL(endpoint).port)
      ? []
      : [moved(server.port, 'Millrace', endpoint)]),
  ]
}

function welcome(stack: TryOutStack, endpoint: string, feeds: boolean): readonly string[] {
  const rows = [
    ['Millrace', endpoint, 'Lambda API, /metrics, /_millrace/health'],
    ['SQS, SNS, S3', stack.queues.endpoint, 'queues orders and payments.fifo'],
    ...(stack.streams ? [['Kinesis', stack.streams.endpoint, 'stream clicks']] : []),
    ...(stack.tables ? [['DynamoDB', stack.tables.endpoint, 'table users']] : []),
  ]
  return [
    ...table(rows),
    ...stack.leftOut.map((what) => `Left out: ${what}`),
    '',
    feeds ? 'Each line below is one invocation of a sample function.' : 'Send something, and see it arrive:',
    ...(feeds ? [] : tryThis(stack, endpoint)),
  ]
}

/** Lines to paste. The first version of the AWS CLI knows the region by AWS_DEFAULT_REGION alone. */
function tryThis(stack: TryOutStack, endpoint: string): readonly string[] {
  const credentials = 'AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test'
  const aws = `${credentials} AWS_REGION=${region} AWS_DEFAULT_REGION=${region} aws --endpoint-url`
  const queue = `arn:aws:sqs:${region}:${account}:invoices`
  return [
    `  ${aws} ${stack.queues.endpoint} sqs send-message --queue-url ${stack.queues.endpoint}/${account}/orders --message-body hello`,
    'Map another queue to a function, and see what is mapped:',
    `  ${aws} ${stack.queues.endpoint} sqs create-queue --queue-name invoices`,
    `  ${aws} ${endpoint} lambda create-event-source-mapping --function-name orders --event-source-arn ${queue}`,
    `  ${aws} ${endpoint} lambda list-event-source-mappings`,
  ]
}

function invocationLine({ name, durationMs, saw, failed }: SampleInvocation): string {
  const time = new Date().toISOString().slice(11, 23)
  return `${time}  ${name.padEnd(8)}  ${durationMs.toFixed(1).padStart(6)} ms  ${failed ? 'ERROR ' : ''}${printable(saw)}`
}
