import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startFauxqs, type FauxqsServer } from 'fauxqs'
import { freePort } from '../../support/free-port.ts'
import { ready, runMillrace, type MillraceProcess } from './built-file.ts'
import { startFunction, type FunctionServer } from './function-server.ts'

export const ordersArn = 'arn:aws:sqs:us-east-1:000000000000:orders'

/** A queue and a function, and the built file run against them as often as a test likes. */
export interface Stack {
  readonly folder: string
  readonly queues: FauxqsServer
  readonly target: FunctionServer
  readonly endpoint: string
  /** Messages of the queue, whether hidden or not. */
  readonly left: () => number
  /** Starts a process and waits until it is ready. */
  start(args?: readonly string[]): Promise<MillraceProcess>
  /** Starts a process that is not expected to come up. */
  run(args?: readonly string[]): MillraceProcess
  /** Ends everything. Of a test that failed, what the processes wrote is shown. */
  stop(state?: string): Promise<void>
}

export interface StackOptions {
  readonly mode: 'hold' | 'answer'
  readonly visibilitySeconds?: number
  readonly config?: string
  /** What is mapped instead of the queue, and where it is. */
  readonly source?: MappedSource
}

export interface MappedSource {
  readonly endpoint: string
  readonly arn: string
  /** More lines of the mapping. */
  readonly parameters: readonly string[]
}

export async function startStack({ mode, visibilitySeconds = 30, config, source }: StackOptions): Promise<Stack> {
  const folder = await mkdtemp(join(tmpdir(), 'millrace-process-'))
  const queues = await startFauxqs({ host: '127.0.0.1', port: 0, logger: false })
  queues.createQueue('orders', { attributes: { VisibilityTimeout: String(visibilitySeconds) } })
  const target = await startFunction(mode)
  const port = await freePort()
  await writeFile(
    join(folder, 'millrace.yaml'),
    config ??
      configFor({
        source: source ?? { endpoint: `http://127.0.0.1:${queues.port}`, arn: ordersArn, parameters: [] },
        port,
        functionUrl: target.url,
        timeoutSeconds: visibilitySeconds,
      }),
  )
  const started: MillraceProcess[] = []
  const endpoint = `http://127.0.0.1:${port}`
  const run = (args: readonly string[] = []) => {
    const millrace = runMillrace(['start', '--config', 'millrace.yaml', ...args], { cwd: folder })
    started.push(millrace)
    return millrace
  }
  return {
    folder,
    queues,
    target,
    endpoint,
    left: () => {
      const messages = queues.inspectQueue('orders')?.messages
      return messages ? messages.ready.length + messages.inflight.length + messages.delayed.length : 0
    },
    run,
    start: async (args) => {
      const millrace = run(args)
      await ready(millrace, endpoint)
      return millrace
    },
    stop: async (state) => {
      for (const { child } of started) child.kill('SIGKILL')
      await Promise.all(started.map(({ exited }) => exited))
      if (state === 'fail') for (const { pid, stdout, stderr } of started) console.log(pid, stdout(), stderr())
      await target.stop()
      await queues.stop()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

interface ConfigParts {
  readonly source: MappedSource
  readonly port: number
  readonly functionUrl: string
  /** Not above the queue's visibility: Millrace would receive with a longer one, and after a kill nothing came back for long. */
  readonly timeoutSeconds: number
}

function configFor({ source, port, functionUrl, timeoutSeconds }: ConfigParts): string {
  return `aws: { region: us-east-1, account: "000000000000", endpoint: "${source.endpoint}" }
server: { host: 127.0.0.1, port: ${port} }
store: sqlite:./millrace.db
functions:
  orders: { url: "${functionUrl}", timeout: ${timeoutSeconds}, reservedConcurrency: 4 }
mappings:
  - EventSourceArn: ${source.arn}
    FunctionName: orders
    BatchSize: 10
${source.parameters.map((line) => `    ${line}\n`).join('')}`
}
