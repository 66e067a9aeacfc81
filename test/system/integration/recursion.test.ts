import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'
import { afterEach, describe, expect, it } from 'vitest'
import type { MillraceOptions } from '../../../src/service.ts'
import { ok } from '../../support/functions/behaviour.ts'
import { startFunctionServer, type FunctionServer, type FunctionServerOptions } from '../../support/functions/server.ts'
import { bodiesOf, queueArn, startQueueStack, type QueueStack } from './queue-stack.ts'
import { until } from '../../support/until.ts'

let stack: QueueStack
const cleanups: (() => Promise<void>)[] = []

afterEach(async () => {
  await stack.stop()
  for (const cleanup of cleanups.splice(0)) await cleanup()
})

interface Message {
  readonly MessageId: string
  readonly Body: string
  readonly Attributes?: object
}

/** Stands before a queue that keeps no AWSTraceHeader, and keeps it as SQS does: from the header of the send. */
async function startTracing(endpoint: string): Promise<string> {
  const traces = new Map<string, string>()

  async function pass(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { host: _host, 'content-length': _length, connection: _connection, ...headers } = request.headers
    const sent = { method: 'POST', headers: headers as Record<string, string>, body: await buffer(request) }
    const answer = await fetch(endpoint, sent)
    const text = await answer.text()
    const parsed = JSON.parse(text === '' ? '{}' : text) as { MessageId?: string; Messages?: readonly Message[] }
    const trace = request.headers['x-amzn-trace-id']
    if (parsed.MessageId !== undefined && typeof trace === 'string') traces.set(parsed.MessageId, trace)
    const traced = parsed.Messages?.map((message) => {
      const AWSTraceHeader = traces.get(message.MessageId)
      return {
        ...message,
        Attributes: { ...message.Attributes, ...(AWSTraceHeader !== undefined && { AWSTraceHeader }) },
      }
    })
    response.writeHead(answer.status, { 'content-type': 'application/x-amz-json-1.0' })
    response.end(traced === undefined ? text : JSON.stringify({ Messages: traced }))
  }

  const server: Server = createServer((request, response) => {
    pass(request, response).catch(() => response.destroy())
  })
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  cleanups.push(async () => {
    server.closeAllConnections()
    await new Promise((resolve) => {
      server.close(resolve)
    })
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

/** As the SDKs do inside a function: what it sends carries the trace that it runs under. */
async function send(queue: string, body: string, trace?: string): Promise<void> {
  const headers = {
    'content-type': 'application/x-amz-json-1.0',
    'x-amz-target': 'AmazonSQS.SendMessage',
    ...(trace !== undefined && { 'x-amzn-trace-id': trace }),
  }
  const { QueueUrl } = (await call('GetQueueUrl', { QueueName: 'q' })) as { QueueUrl: string }
  await fetch(queue, { method: 'POST', headers, body: JSON.stringify({ QueueUrl, MessageBody: body }) })

  async function call(operation: string, input: object): Promise<unknown> {
    const target = { ...headers, 'x-amz-target': `AmazonSQS.${operation}` }
    return (await fetch(queue, { method: 'POST', headers: target, body: JSON.stringify(input) })).json()
  }
}

const lineage = (count: number): string => `Root=1-5759e988-bd862e3fe1be46a994272793;Lineage=1:a1b2c3d4:${count}`

interface Loop {
  readonly queue: string
  readonly millrace: string
}

/** A queue whose messages that fail once are dead, and the mapping of `orders` to it. */
async function startLoop(options: FunctionServerOptions, more: MillraceOptions = {}): Promise<Loop> {
  stack = await startQueueStack(options)
  const deadLetterTargetArn = stack.queue('dead')
  stack.queue('q', {
    // Longer than a busy machine takes for one delivery: who comes again is dead.
    VisibilityTimeout: '4',
    RedrivePolicy: JSON.stringify({ deadLetterTargetArn, maxReceiveCount: 1 }),
  })
  const queue = await startTracing(stack.endpoints.sqs)
  const { endpoint } = await stack.start({
    aws: { region: 'us-east-1', account: '000000000000', endpoints: { ...stack.endpoints, sqs: queue } },
    mappings: [{ EventSourceArn: queueArn('q'), FunctionName: 'orders', BatchSize: 1 }],
    ...more,
  })
  return { queue, millrace: endpoint }
}

/** Sends each message on, until it has run so often. */
function sendOn(functions: FunctionServer, queue: string, executionsMax: number): readonly (string | undefined)[] {
  const seen: (string | undefined)[] = []
  functions.behave(async ({ headers }) => {
    const trace = headers['x-amzn-trace-id']
    seen.push(/Lineage=\d+:[^:]+:(\d+)/.exec(String(trace))?.[1])
    if (seen.length < executionsMax) await send(queue, 'again', String(trace))
    return ok()
  })
  return seen
}

// proves: sqs.recursion, metric.recursion
it('a message that came back 15 times fails without being invoked, into the dead-letter queue', async () => {
  const { queue, millrace } = await startLoop({ functions: { orders: { timeoutS: 1 } } })
  await send(queue, 'sixteenth', lineage(14))
  await send(queue, 'seventeenth', lineage(15))
  await until(() => stack.left('dead') === 1 && stack.left('q') === 0, 'the looping one is in the dead-letter queue')
  expect(bodiesOf(stack.functions.invocations)).toEqual(['sixteenth'])
  const metrics = await (await fetch(`${millrace}/metrics`)).text()
  expect(metrics).toMatch(/^millrace_recursive_invocation_drops_total\{.*\} 1$/m)
  const mappings = await (await fetch(`${millrace}/_millrace/mappings`)).text()
  expect(mappings).toContain('went through the function 16 times already')
})

describe('a function that sends on what it gets, off AWS', () => {
  // proves: sqs.recursion, recursion.counted-here
  it('runs 16 times, each execution sent one more than the last', async () => {
    const { queue } = await startLoop({ functions: { orders: { timeoutS: 1 } } })
    const seen = sendOn(stack.functions, queue, 50)
    await send(queue, 'first')
    await until(() => stack.left('dead') === 1 && stack.left('q') === 0, 'the loop is broken')
    expect(seen).toEqual(Array.from({ length: 16 }, (_, count) => String(count)))
  })

  // proves: recursion.allow
  it('goes on where the endpoint says RecursiveLoop: Allow', async () => {
    const { queue } = await startLoop({ functions: { orders: { timeoutS: 1, recursiveLoop: 'Allow' } } })
    const seen = sendOn(stack.functions, queue, 20)
    await send(queue, 'first')
    await until(() => seen.length === 20 && stack.left('q') === 0, 'twenty executions')
    expect(seen).toEqual(Array.from({ length: 20 }, (_, count) => String(count)))
    expect(stack.left('dead')).toBe(0)
    expect(stack.functions.requests.filter((request) => request.includes('recursion-config'))).toEqual([
      'GET /2024-08-31/functions/orders/recursion-config',
    ])
  })

  // proves: recursion.allow
  it('ends in the config with recursiveLoop: terminate, and goes on with allow', async () => {
    for (const recursiveLoop of ['terminate', 'allow']) {
      const own = await startFunctionServer({ dialect: 'rie' })
      cleanups.push(() => own.close())
      const functions = { orders: { url: own.invokeUrl, timeout: 4, recursiveLoop } }
      const { queue } = await startLoop({}, { functions })
      const seen = sendOn(own, queue, 18)
      await send(queue, 'first')
      const executions = recursiveLoop === 'allow' ? 18 : 16
      await until(() => seen.length === executions && stack.left('q') === 0, `${executions} executions`)
      expect(stack.left('dead')).toBe(recursiveLoop === 'allow' ? 0 : 1)
      if (recursiveLoop === 'terminate') await stack.stop()
    }
  })
})
