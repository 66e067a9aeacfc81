import { LambdaClient } from '@aws-sdk/client-lambda'
import { SQSClient } from '@aws-sdk/client-sqs'
import { startFauxqs, type FauxqsServer } from 'fauxqs'
import { startMillrace, type MillraceHandle, type MillraceOptions } from '../../../src/service.ts'
import { startFunctionServer, type FunctionServer, type FunctionServerOptions } from '../../support/functions/server.ts'

export const account = '000000000000'
export const queueArn = (name: string): string => `arn:aws:sqs:us-east-1:${account}:${name}`

const credentials = { accessKeyId: 'test', secretAccessKey: 'test' }

export interface QueueStack {
  readonly queues: FauxqsServer
  /** The Lambda endpoint behind Millrace. */
  readonly functions: FunctionServer
  readonly sqs: SQSClient
  readonly endpoints: { readonly sqs: string; readonly lambda: string }
  /** Starts Millrace against them; everything started is stopped with the stack. */
  start(options?: MillraceOptions): Promise<Millrace>
  queue(name: string, attributes?: Record<string, string>): string
  /** Messages that are left, hidden or not. */
  left(name: string): number
  stop(): Promise<void>
}

export interface Millrace extends MillraceHandle {
  readonly lambda: LambdaClient
}

export async function startQueueStack(functionOptions: FunctionServerOptions = {}): Promise<QueueStack> {
  const queues = await startFauxqs({ host: '127.0.0.1', port: 0, logger: false })
  const functions = await startFunctionServer(functionOptions)
  const endpoints = { sqs: `http://127.0.0.1:${queues.port}`, lambda: functions.url }
  const sqs = new SQSClient({ endpoint: endpoints.sqs, region: 'us-east-1', credentials, useQueueUrlAsEndpoint: false })
  const started: Millrace[] = []
  return {
    queues,
    functions,
    sqs,
    endpoints,
    async start(options = {}) {
      const handle = await startMillrace({
        aws: {
          region: 'us-east-1',
          account,
          endpoints: {
            ...endpoints,
            kinesis: 'http://127.0.0.1:9',
            dynamodb: 'http://127.0.0.1:9',
            dynamodbstreams: 'http://127.0.0.1:9',
          },
        },
        logLevel: 'silent',
        shutdownGraceMs: 2_000,
        ...options,
      })
      const lambda = new LambdaClient({ endpoint: handle.endpoint, region: 'us-east-1', credentials, maxAttempts: 1 })
      const millrace = { ...handle, lambda }
      started.push(millrace)
      return millrace
    },
    queue: (name, attributes = {}) => queues.createQueue(name, { attributes }).queueArn,
    left(name) {
      const messages = queues.inspectQueue(name)?.messages
      return messages === undefined ? 0 : messages.ready.length + messages.delayed.length + messages.inflight.length
    },
    async stop() {
      for (const millrace of started) {
        millrace.lambda.destroy()
        await millrace.stop()
      }
      sqs.destroy()
      await functions.close()
      await queues.stop()
    },
  }
}

export interface LambdaEvent {
  readonly Records: readonly {
    readonly messageId: string
    readonly receiptHandle: string
    readonly body: string
    readonly attributes: Readonly<Record<string, string>>
    readonly messageAttributes: Readonly<Record<string, unknown>>
    readonly eventSourceARN: string
  }[]
}

export function eventOf(payload: string): LambdaEvent {
  return JSON.parse(payload) as LambdaEvent
}

export function bodiesOf(invocations: readonly { readonly payload: string }[]): readonly string[] {
  return invocations.flatMap(({ payload }) => eventOf(payload).Records.map((each) => each.body))
}
