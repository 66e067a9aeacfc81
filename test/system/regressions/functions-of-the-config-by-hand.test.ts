import {
  InvokeCommand,
  InvokeWithResponseStreamCommand,
  type InvokeWithResponseStreamResponseEvent,
  type LambdaClient,
} from '@aws-sdk/client-lambda'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { ok, raw, throttle, throwing } from '../../support/functions/behaviour.ts'
import { startFunctionServer, type FunctionServer } from '../../support/functions/server.ts'
import { startQueueStack, type QueueStack } from '../integration/queue-stack.ts'

let stack: QueueStack
let emulator: FunctionServer
let lambda: LambdaClient

beforeEach(async () => {
  stack = await startQueueStack()
  emulator = await startFunctionServer({ dialect: 'rie' })
  const { lambda: client } = await stack.start({ functions: { audit: { url: emulator.invokeUrl, timeout: 3 } } })
  lambda = client
})

afterEach(async () => {
  await stack.stop()
  await emulator.close()
})

async function streamed(FunctionName: string) {
  const { EventStream, ...answer } = await lambda.send(
    new InvokeWithResponseStreamCommand({ FunctionName, Payload: Buffer.from('{"n":1}') }),
  )
  const events: InvokeWithResponseStreamResponseEvent[] = []
  for await (const event of EventStream ?? []) events.push(event)
  const chunks = events.map(({ PayloadChunk: chunk }) => Buffer.from(chunk?.Payload ?? []).toString())
  return { ...answer, payload: chunks.join(''), complete: events.at(-1)?.InvokeComplete }
}

// proves: facade.client-context
it('the client context arrives at the function', async () => {
  const ClientContext = Buffer.from('{"client":{"app_title":"ä"}}').toString('base64')
  await lambda.send(new InvokeCommand({ FunctionName: 'audit', ClientContext }))
  expect(emulator.invocations[0]?.headers['x-amz-client-context']).toBe(ClientContext)
})

// proves: facade.stream
it('a response stream is the whole answer in one piece', async () => {
  const result = { text: 'ü'.repeat(100_000) }
  emulator.behave(() => ok(result))
  const { ExecutedVersion, StatusCode, complete, payload } = await streamed('audit')
  expect(JSON.parse(payload)).toEqual(result)
  expect({ ExecutedVersion, StatusCode, complete }).toEqual({
    ExecutedVersion: '$LATEST',
    StatusCode: 200,
    complete: {},
  })
  expect(emulator.invocations.map((invocation) => invocation.payload)).toEqual(['{"n":1}'])
  // It never went to the Lambda endpoint behind.
  expect(stack.functions.requests.filter((request) => request.includes('streaming'))).toEqual([])
})

// proves: facade.stream
it('a response stream of a failed function ends with its error', async () => {
  emulator.behave(() => throwing('boom', 'TypeError'))
  const { complete } = await streamed('audit')
  expect(complete?.ErrorCode).toBe('Unhandled')
  expect(JSON.parse(complete?.ErrorDetails ?? '')).toMatchObject({ errorType: 'TypeError', errorMessage: 'boom' })
})

it('a response stream that never began is an error of the service', async () => {
  emulator.behave(() => throttle())
  await expect(streamed('audit')).rejects.toMatchObject({ name: 'TooManyRequestsException' })
})

it('a status that is not 200 is no success for who invokes by hand either', async () => {
  emulator.behave(() => raw(202, '"taken"'))
  const { FunctionError } = await lambda.send(new InvokeCommand({ FunctionName: 'audit' }))
  expect(FunctionError).toBe('Unhandled')
})

it('a response stream of another function goes to the Lambda endpoint', async () => {
  await expect(streamed('elsewhere')).rejects.toThrow('Not Found')
  expect(stack.functions.requests).toContain('POST /2021-11-15/functions/elsewhere/response-streaming-invocations')
})
