import { startChild, type Child } from './child.ts'
import { startMillrace, type Launch } from './millrace.ts'
import type { QueueLoopCommands } from './queue-loop-process.ts'
import type { SqsConsumerCommands } from './sqs-consumer-process.ts'

/** What carries messages from one queue to one function, in a process of its own. */
export interface Contender {
  readonly name: string
  start(route: Route): Promise<Running>
}

export interface Route {
  readonly endpoint: string
  readonly queueUrl: string
  readonly queueArn: string
  readonly functionUrl: string
  /** Batches at once, at most. */
  readonly concurrency: number
}

export interface Running {
  readonly pid: number
  /** Its last words, for when it stalls. */
  log(): string
  stop(): Promise<void>
}

export function millraceContender(launch: Launch): Contender {
  return {
    name: `millrace (${launch.from})`,
    start: (route) =>
      startMillrace(
        {
          aws: { region: 'us-east-1', endpoint: route.endpoint },
          functions: { bench: { url: route.functionUrl, concurrencyPerUrl: route.concurrency } },
          mappings: [
            {
              EventSourceArn: route.queueArn,
              FunctionName: 'bench',
              BatchSize: 10,
              // The API's own least is 2: with one, the default is left alone.
              ...(route.concurrency > 1 && { ScalingConfig: { MaximumConcurrency: route.concurrency } }),
            },
          ],
        },
        launch,
      ),
  }
}

export const sqsConsumerContender: Contender = {
  name: 'sqs-consumer@15',
  async start(route) {
    const child: Child<SqsConsumerCommands> = await startChild('./sqs-consumer-process.ts')
    await child.call('start', route)
    return { pid: child.pid, log: () => '', stop: () => child.stop() }
  },
}

/** What the others are measured by. */
export const bareLoop = 'bare loop'

export const queueLoopContender: Contender = {
  name: bareLoop,
  async start(route) {
    const child: Child<QueueLoopCommands> = await startChild('./queue-loop-process.ts')
    await child.call('start', route)
    return { pid: child.pid, log: () => '', stop: () => child.stop() }
  },
}
