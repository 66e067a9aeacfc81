import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startDynamoStreamServer, type DynamoStreamServer } from '../../support/dynamodb-stream-server.ts'
import { account, startQueueStack, type Millrace, type QueueStack } from '../integration/queue-stack.ts'

/** Queues, functions and tables, and Millrace with a store that outlives it. */
export interface Rig extends QueueStack {
  readonly tables: DynamoStreamServer
  run(...mappings: readonly object[]): Promise<Millrace>
  /** Ids of the items whose changes the function saw, in order. */
  seen(functionName?: string): readonly string[]
}

interface TableEvent {
  readonly Records: readonly { readonly dynamodb?: { readonly Keys: { readonly id: { readonly S: string } } } }[]
}

export async function startRig(): Promise<Rig> {
  const folder = await mkdtemp(join(tmpdir(), 'millrace-regression-'))
  const stack = await startQueueStack({
    functions: { orders: { timeoutS: 1 }, invoices: { timeoutS: 1 }, broken: { timeoutS: 1 }, slow: { timeoutS: 60 } },
  })
  const tables = await startDynamoStreamServer()
  const endpoints = { ...stack.endpoints, dynamodb: tables.endpoint, dynamodbstreams: tables.endpoint }
  return {
    ...stack,
    tables,
    run: (...mappings) =>
      stack.start({
        aws: { region: 'us-east-1', account, endpoints },
        store: `sqlite:${join(folder, 'millrace.db')}`,
        ...(mappings.length > 0 && { mappings: [...mappings] as never }),
      }),
    seen: (functionName = 'orders') =>
      stack.functions.invocations
        .filter((invocation) => invocation.functionName === functionName)
        .flatMap(({ payload }) => (JSON.parse(payload) as TableEvent).Records)
        .flatMap(({ dynamodb }) => dynamodb?.Keys.id.S ?? []),
    async stop() {
      await stack.stop()
      await tables.close()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

export const ofTable = (EventSourceArn: string, more: object = {}) => ({
  EventSourceArn,
  FunctionName: 'orders',
  StartingPosition: 'TRIM_HORIZON',
  ...more,
})

/** One metric as the service shows it, all its series added up. */
export async function metric(millrace: Millrace, name: string): Promise<number> {
  const text = await (await fetch(`${millrace.endpoint}/metrics`)).text()
  return text
    .split('\n')
    .filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `))
    .reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0)
}
