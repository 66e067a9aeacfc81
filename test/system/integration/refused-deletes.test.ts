import { once } from 'node:events'
import { createServer, request as send, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, expect, it } from 'vitest'
import { bodiesOf, queueArn, startQueueStack, type QueueStack } from './queue-stack.ts'
import { until } from '../../support/until.ts'

let stack: QueueStack
let proxy: Server

afterEach(async () => {
  await stack.stop()
  proxy.closeAllConnections()
  proxy.close()
})

/** The queue service, behind a proxy that answers an operation itself where `refuse` says so. */
async function behindProxy(refuse: (operation: string) => boolean): Promise<{ url: string; seen: string[] }> {
  const seen: string[] = []
  const pass = (request: IncomingMessage, response: ServerResponse, body: Buffer): void => {
    const { method, headers, url: path } = request
    const { hostname, port } = new URL(stack.endpoints.sqs)
    const upstream = send({ hostname, port, method, headers, path }, (answer) => {
      response.writeHead(answer.statusCode ?? 500, answer.headers)
      answer.pipe(response)
    })
    upstream.on('error', () => response.destroy())
    response.on('close', () => upstream.destroy())
    upstream.end(body)
  }
  proxy = createServer((request, response) => {
    const operation = String(request.headers['x-amz-target']).split('.').at(-1) ?? ''
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      seen.push(operation)
      if (!refuse(operation)) return pass(request, response, Buffer.concat(chunks))
      response.writeHead(503, { 'content-type': 'application/x-amz-json-1.0' })
      response.end('{"__type":"ServiceUnavailable","message":"try later"}')
    })
  })
  proxy.listen(0, '127.0.0.1')
  await once(proxy, 'listening')
  return { url: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`, seen }
}

// proves: sqs.delete-per-entry
it('deletes one by one what the queue refused to delete together, and runs the function once', async () => {
  stack = await startQueueStack({ functions: { orders: { timeoutS: 3 } } })
  let refusals = 0
  const { url, seen } = await behindProxy((operation) => {
    if (operation === 'DeleteMessageBatch') return true
    return operation === 'DeleteMessage' && refusals++ < 2
  })
  stack.queue('q')
  for (const body of ['a', 'b', 'c']) stack.queues.sendMessage('q', body)
  await stack.start({
    aws: { region: 'us-east-1', account: '000000000000', endpoints: { ...stack.endpoints, sqs: url } },
    mappings: [{ EventSourceArn: queueArn('q'), FunctionName: 'orders' }],
  })
  await until(() => stack.left('q') === 0, 'all is deleted')
  expect(bodiesOf(stack.functions.invocations).toSorted()).toEqual(['a', 'b', 'c'])
  const deletes = seen.filter((operation) => operation.startsWith('Delete'))
  expect(deletes.filter((operation) => operation === 'DeleteMessageBatch')).toHaveLength(1)
  expect(deletes.filter((operation) => operation === 'DeleteMessage')).toHaveLength(5)
})
