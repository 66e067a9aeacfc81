import type { FileMapping, FunctionSettings, ServiceSettings } from '../model/settings.ts'
import { CommandError } from './exit-code.ts'
import { callService } from './try-out-feed.ts'
import { serveFunction, type SampleFunction, type SampleInvocation } from './try-out-functions.ts'
import { clicks, orders, payments, users } from './try-out-samples.ts'
import {
  startQueueServer,
  startStreamServer,
  startTableServer,
  type LeftOut,
  type QueueServer,
  type TryOutServer,
} from './try-out-servers.ts'

/** Everything but Millrace itself: servers, functions, and the settings that join them. */
export interface TryOutStack {
  readonly queues: QueueServer
  readonly streams: TryOutServer | undefined
  readonly tables: TryOutServer | undefined
  readonly leftOut: readonly string[]
  readonly functions: readonly SampleFunction[]
  stop(): Promise<void>
}

export const account = '000000000000'
export const region = 'us-east-1'
const ordersVisibilitySeconds = '3'
const sampleTimeoutMs = 3_000
const sampleConcurrency = 5

export async function startTryOut(told: (invocation: SampleInvocation) => void): Promise<TryOutStack> {
  const [queues, streams, tables] = await Promise.all([
    startQueueServer(),
    startStreamServer('clicks', 2),
    startTableServer(),
  ])
  if ('leftOut' in queues) {
    await Promise.all([running(streams)?.stop(), running(tables)?.stop()])
    throw new CommandError(`The try-out cannot run without ${queues.leftOut}`)
  }
  queues.queues.createQueue('orders', { attributes: { VisibilityTimeout: ordersVisibilitySeconds } })
  queues.queues.createQueue('payments.fifo', { attributes: { FifoQueue: 'true' } })
  const tableServer = running(tables)
  if (tableServer) await createUsers(tableServer.endpoint)
  const functions = await Promise.all([
    serveFunction('orders', orders, told),
    serveFunction('payments', payments, told),
    serveFunction('clicks', clicks, told),
    serveFunction('users', users, told),
  ])
  const parts = [queues, running(streams), tableServer, ...functions].filter((part) => part !== undefined)
  return {
    queues,
    streams: running(streams),
    tables: tableServer,
    leftOut: [streams, tables].flatMap((server) => ('leftOut' in server ? [server.leftOut] : [])),
    functions,
    stop: async () => {
      await Promise.all(parts.map((part) => part.stop()))
    },
  }
}

function running(server: TryOutServer | LeftOut): TryOutServer | undefined {
  return 'leftOut' in server ? undefined : server
}

/** The settings of a Millrace that runs this stack and touches nothing outside it; `own` are those that a person may choose. */
export function settingsFor(stack: TryOutStack, own: ServiceSettings): ServiceSettings {
  const nowhere = stack.queues.endpoint
  const kinesis = stack.streams?.endpoint ?? nowhere
  const dynamodb = stack.tables?.endpoint ?? nowhere
  return {
    ...own,
    aws: {
      region,
      account,
      endpoint: nowhere,
      endpoints: { sqs: nowhere, sns: nowhere, s3: nowhere, kinesis, dynamodb, dynamodbstreams: dynamodb },
      caFile: undefined,
      insecure: false,
      trust: {},
    },
    functions: stack.functions.map(functionSettings),
    functionsOnly: true,
    mappings: mappingsFor(stack),
  }
}

function functionSettings({ name, url }: SampleFunction): FunctionSettings {
  return {
    name,
    urls: [url],
    timeoutMs: sampleTimeoutMs,
    reservedConcurrency: undefined,
    concurrencyPerUrl: sampleConcurrency,
  }
}

function mappingsFor(stack: TryOutStack): readonly FileMapping[] {
  const queue = (name: string) => `arn:aws:sqs:${region}:${account}:${name}`
  const mapping = (
    source: FileMapping['source'],
    name: string,
    parameters: FileMapping['parameters'],
  ): FileMapping => ({
    sourceName: name,
    source,
    parameters: { EventSourceArn: name, ...parameters },
    tags: {},
  })
  return [
    mapping('sqs', queue('orders'), {
      FunctionName: 'orders',
      FunctionResponseTypes: ['ReportBatchItemFailures'],
    }),
    mapping('sqs-fifo', queue('payments.fifo'), { FunctionName: 'payments' }),
    ...(stack.streams
      ? [mapping('kinesis', 'kinesis:clicks', { FunctionName: 'clicks', StartingPosition: 'TRIM_HORIZON' })]
      : []),
    ...(stack.tables
      ? [mapping('dynamodb', 'dynamodb:users', { FunctionName: 'users', StartingPosition: 'TRIM_HORIZON' })]
      : []),
  ]
}

async function createUsers(endpoint: string): Promise<void> {
  await callService(endpoint, 'DynamoDB_20120810.CreateTable', {
    TableName: 'users',
    KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
    AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }],
    BillingMode: 'PAY_PER_REQUEST',
    StreamSpecification: { StreamEnabled: true, StreamViewType: 'NEW_AND_OLD_IMAGES' },
  })
}
