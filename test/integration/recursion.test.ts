import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'
import { afterEach, expect, it } from 'vitest'
import { bodiesOf, queueArn, startQueueStack, until, type QueueStack } from './queue-stack.ts'

let stack: QueueStack
let tracing: Server

afterEach(async () => {
  await stack.stop()
  tracing.close()
  tracing.closeAllConnections()
})

interface Received {
  readonly Messages?: readonly { readonly Body: string; readonly Attributes?: object }[]
}

/** The queue does not keep AWSTraceHeader: it is written into each receive, the body being the number of passes. */
async function startTracing(endpoint: string): Promise<string> {
  async function pass(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { host: _host, 'content-length': _length, connection: _connection, ...headers } = request.headers
    const sent = { method: 'POST', headers: headers as Record<string, string>, body: await buffer(request) }
    const answer = await fetch(endpoint, sent)
    const text = await answer.text()
    const received = (JSON.parse(text === '' ? '{}' : text) as Received).Messages
    const traced = received?.map((message) => ({
      ...message,
      Attributes: {
        ...message.Attributes,
        AWSTraceHeader: `Root=1-5759e988-bd862e3fe1be46a994272793;Lineage=1:a1b2c3d4:${message.Body}`,
      },
    }))
    response.writeHead(answer.status, { 'content-type': 'application/x-amz-json-1.0' })
    response.end(traced === undefined ? text : JSON.stringify({ Messages: traced }))
  }

  tracing = createServer((request, response) => {
    pass(request, response).catch(() => response.destroy())
  })
  await new Promise<void>((resolve) => {
    tracing.listen(0, '127.0.0.1', resolve)
  })
  return `http://127.0.0.1:${(tracing.address() as AddressInfo).port}`
}

// proves: sqs.recursion, metric.recursion
it('a message that went through the function sixteen times fails without being invoked, into the dead-letter queue', async () => {
  stack = await startQueueStack({ functions: { orders: { timeoutS: 1 } } })
  const deadLetterTargetArn = stack.queue('dead')
  stack.queue('q', {
    VisibilityTimeout: '1',
    RedrivePolicy: JSON.stringify({ deadLetterTargetArn, maxReceiveCount: 1 }),
  })
  const aws = { region: 'us-east-1', account: '000000000000' }
  const endpoints = { ...stack.endpoints, sqs: await startTracing(stack.endpoints.sqs) }
  const { endpoint } = await stack.start({
    aws: { ...aws, endpoints },
    mappings: [{ EventSourceArn: queueArn('q'), FunctionName: 'orders', BatchSize: 1 }],
  })
  stack.queues.sendMessage('q', '16')
  stack.queues.sendMessage('q', '15')
  await until(() => stack.left('dead') === 1 && stack.left('q') === 0, 'the looping one is in the dead-letter queue')
  expect(bodiesOf(stack.functions.invocations)).toEqual(['15'])
  const metrics = await (await fetch(`${endpoint}/metrics`)).text()
  expect(metrics).toMatch(/^millrace_recursive_invocation_drops_total\{.*\} 1$/m)
  const mappings = await (await fetch(`${endpoint}/_millrace/mappings`)).text()
  expect(mappings).toContain('went through the function 16 times already')
})
