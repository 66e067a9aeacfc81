import { describeOptions } from '../config/option-help.ts'
import { readSettings } from '../config/settings-reader.ts'
import type { ServiceSettings } from '../model/settings.ts'
import type { Command, CommandContext } from './command.ts'
import type { ExitCode } from './exit-code.ts'
import { loadService } from './start.ts'
import { supervise, type Running } from './supervise.ts'
import { table, type Terminal } from './terminal.ts'
import { startFeed } from './try-out-feed.ts'
import type { SampleInvocation } from './try-out-functions.ts'
import { settingsFor, startTryOut, type TryOutStack } from './try-out.ts'

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
  return await supervise(() => startDev(own, !argv.includes('--no-feed'), terminal), {
    terminal,
    onSignal,
    graceMs: own.shutdownGraceMs,
    exit: (code) => process.exit(code),
  })
}

async function startDev(own: ServiceSettings, feeds: boolean, terminal: Terminal): Promise<Running> {
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
    const service = await start(settingsFor(stack, own))
    for (const line of welcome(stack, service.endpoint, feeds)) terminal.out(line)
    terminal.out(`Ready after ${Math.round(performance.now() - startedMs)} ms. Ctrl-C ends it.`)
    terminal.out('')
    const stopFeed = feeds
      ? startFeed({ queues: stack.queues.queues, streams: stack.streams, tables: stack.tables }, terminal.err)
      : () => undefined
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

function tryThis(stack: TryOutStack, endpoint: string): readonly string[] {
  const credentials = 'AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test AWS_REGION=us-east-1'
  const queueUrl = stack.queues.queues.inspectQueue('orders')?.url ?? 'orders'
  return [
    `  ${credentials} aws --endpoint-url ${stack.queues.endpoint} sqs send-message --queue-url ${queueUrl} --message-body hello`,
    `  ${credentials} aws --endpoint-url ${endpoint} lambda list-event-source-mappings`,
  ]
}

function invocationLine({ name, durationMs, saw, failed }: SampleInvocation): string {
  const time = new Date().toISOString().slice(11, 23)
  return `${time}  ${name.padEnd(8)}  ${durationMs.toFixed(1).padStart(6)} ms  ${failed ? `ERROR ${saw}` : saw}`
}
