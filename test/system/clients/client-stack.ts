import {
  CreateStreamCommand,
  DescribeStreamSummaryCommand,
  KinesisClient,
  PutRecordCommand,
} from '@aws-sdk/client-kinesis'
import { SQSClient, SendMessageCommand } from '@aws-sdk/client-sqs'
import { NodeHttpHandler } from '@smithy/node-http-handler'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'
import { startFauxqs } from 'fauxqs'
import { startScriptedFunctions } from '../backends/functions/scripted-functions.ts'
import { kinesisLocal } from '../backends/npm-backends.ts'
import { until } from '../../support/until.ts'
import type { LifePlan } from './mapping-life.ts'
import type { TerraformPlan } from './terraform.ts'

/** A queue, a stream and a function, with Millrace before them. */
export interface ClientStack {
  readonly endpoint: string
  /** Plans for one client, with a queue and a stream of its own. */
  lives(client: string): Promise<readonly LifePlan[]>
  terraform(): Promise<TerraformPlan>
  stop(): Promise<void>
}

export type StartMillrace = (
  config: Readonly<Record<string, unknown>>,
) => Promise<{ readonly endpoint: string; stop(): Promise<void> }>

const region = 'us-east-1'
const credentials = { accessKeyId: 'test', secretAccessKey: 'test' }
const clients = ['aws-cli', 'boto3', 'javascript', 'terraform']
/** Until a role's rights are known everywhere. */
const refusals = 2

export async function startClientStack(startMillrace: StartMillrace): Promise<ClientStack> {
  const queues = await startFauxqs({ host: '127.0.0.1', port: 0, logger: false })
  const streams = await kinesisLocal.start('')
  const functions = await startScriptedFunctions()
  const door = await startDoor(`http://127.0.0.1:${queues.port}`)
  const kinesisEndpoint = streams.endpoints.kinesis ?? ''
  const millrace = await startMillrace({
    aws: { region, account: '000000000000', endpoints: { sqs: door.url, kinesis: kinesisEndpoint } },
    functions: Object.fromEntries(
      clients.map((name) => [name, { url: functions.invokeUrl(name), timeout: 5, concurrencyPerUrl: 5 }]),
    ),
  })
  const sqs = new SQSClient({ region, credentials, endpoint: door.url, useQueueUrlAsEndpoint: false })
  const kinesis = new KinesisClient({
    region,
    credentials,
    endpoint: kinesisEndpoint,
    // Its own default is HTTP/2, which the emulator does not speak well with it.
    requestHandler: new NodeHttpHandler(),
  })

  const carries = (name: string, send: () => Promise<unknown>) => async (): Promise<void> => {
    const before = functions.of(name).invocations.length
    await send()
    await until(() => functions.of(name).invocations.length > before, `function ${name} gets a record`)
  }
  const queueLife = (name: string): LifePlan => {
    const { queueArn: sourceArn, queueUrl: QueueUrl } = queues.createQueue(`${name}-queue`)
    const send = () => sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: 'hello' }))
    return {
      sourceArn,
      functionName: name,
      created: { BatchSize: 5, FunctionResponseTypes: ['ReportBatchItemFailures'] },
      updated: { BatchSize: 7, ScalingConfig: { MaximumConcurrency: 3 } },
      carries: carries(name, send),
    }
  }
  const streamLife = async (name: string): Promise<LifePlan> => {
    const StreamName = `${name}-stream`
    await kinesis.send(new CreateStreamCommand({ StreamName, ShardCount: 1 }))
    let sourceArn = ''
    await until(async () => {
      const { StreamDescriptionSummary: now } = await kinesis.send(new DescribeStreamSummaryCommand({ StreamName }))
      sourceArn = now?.StreamARN ?? ''
      return now?.StreamStatus === 'ACTIVE'
    }, `stream ${StreamName} is active`)
    const record = { StreamName, PartitionKey: 'a', Data: Buffer.from('hello') }
    return {
      sourceArn,
      functionName: name,
      created: { StartingPosition: 'LATEST', BatchSize: 20, MaximumRetryAttempts: 3, BisectBatchOnFunctionError: true },
      updated: { BatchSize: 30, ParallelizationFactor: 2, MaximumBatchingWindowInSeconds: 1 },
      carries: carries(name, () => kinesis.send(new PutRecordCommand(record))),
    }
  }
  return {
    endpoint: millrace.endpoint,
    lives: async (client) => [queueLife(client), await streamLife(client)],
    terraform() {
      const { queueArn: sourceArn } = queues.createQueue('terraform-queue')
      door.refuse(refusals)
      return Promise.resolve({
        sourceArn,
        functionName: 'terraform',
        arguments: {
          BatchSize: 12,
          MaximumBatchingWindowInSeconds: 2,
          FilterCriteria: { Filters: [{ Pattern: '{"body":{"kind":["order"]}}' }] },
          FunctionResponseTypes: ['ReportBatchItemFailures'],
          ScalingConfig: { MaximumConcurrency: 4 },
        },
        changed: { BatchSize: 3, FunctionResponseTypes: [] },
        tags: { 'managed-by': 'terraform' },
        refusals,
      })
    },
    async stop() {
      sqs.destroy()
      kinesis.destroy()
      await millrace.stop()
      await door.close()
      await functions.close()
      await streams.stop()
      await queues.stop()
    },
  }
}

/** Before the queues: hands requests on, and denies as many as it is told to, as AWS does while a new role's rights spread. */
async function startDoor(target: string) {
  let toRefuse = 0
  const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const body = await buffer(request)
    if (toRefuse > 0) {
      toRefuse -= 1
      const headers = { 'content-type': 'application/x-amz-json-1.0', 'x-amzn-query-error': 'AccessDenied;Sender' }
      const refusal = { __type: 'com.amazonaws.sqs#AccessDenied', message: 'Access to the resource is denied.' }
      response.writeHead(403, headers).end(JSON.stringify(refusal))
      return
    }
    const { host: _, connection: __, 'content-length': ___, ...headers } = request.headers
    const entries = Object.entries(headers).map(([name, value]): [string, string] => [name, String(value)])
    const answer = await fetch(target + (request.url ?? '/'), { method: 'POST', headers: entries, body })
    response.writeHead(answer.status, {
      'content-type': answer.headers.get('content-type') ?? 'application/x-amz-json-1.0',
    })
    response.end(Buffer.from(await answer.arrayBuffer()))
  }
  const server = createServer((request, response) => {
    serve(request, response).catch(() => response.destroy())
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    refuse: (count: number): void => void (toRefuse = count),
    async close(): Promise<void> {
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    },
  }
}
