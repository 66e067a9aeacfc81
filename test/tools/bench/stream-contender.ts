import { startChild, type Child } from './child.ts'
import type { Running } from './contender.ts'
import { startMillrace, type Launch } from './millrace.ts'
import type { StreamLoopCommands } from './stream-loop-process.ts'

/** What carries records from one stream to one function, in a process of its own. */
export interface StreamContender {
  readonly name: string
  start(route: StreamRoute): Promise<Running>
}

export interface StreamRoute {
  readonly endpoint: string
  readonly streamArn: string
  readonly shardIds: readonly string[]
  readonly functionUrl: string
}

export function millraceStreams(launch: Launch): StreamContender {
  return {
    name: `millrace (${launch.from})`,
    start: (route) =>
      startMillrace(
        {
          aws: { region: 'us-east-1', endpoint: route.endpoint },
          functions: { bench: { url: route.functionUrl, concurrencyPerUrl: Math.min(100, route.shardIds.length) } },
          mappings: [
            {
              EventSourceArn: route.streamArn,
              FunctionName: 'bench',
              StartingPosition: 'TRIM_HORIZON',
              BatchSize: 100,
            },
          ],
        },
        launch,
      ),
  }
}

/** What the others are measured by. */
export const bareHttpLoop = 'bare loop (http)'

export function loopStreams(reader: 'sdk' | 'http'): StreamContender {
  return {
    name: `bare loop (${reader})`,
    async start(route) {
      const child: Child<StreamLoopCommands> = await startChild('./stream-loop-process.ts')
      await child.call('start', { ...route, reader })
      return { pid: child.pid, log: () => '', stop: () => child.stop() }
    },
  }
}
