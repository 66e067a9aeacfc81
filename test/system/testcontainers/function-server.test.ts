import { afterEach, expect, it } from 'vitest'
import {
  startFunctionServer,
  type FunctionHandler,
  type FunctionServer,
} from '../../../src/testcontainers/function-server.ts'

let server: FunctionServer | undefined

afterEach(async () => {
  await server?.stop()
  server = undefined
})

async function serve(handlers: Readonly<Record<string, FunctionHandler<unknown>>>) {
  const running = await startFunctionServer(new Map(Object.entries(handlers)))
  server = running
  return async (name: string, event: unknown) => {
    const url = `http://127.0.0.1:${running.port}${running.path(name)}`
    const response = await fetch(url, { method: 'POST', body: JSON.stringify(event) })
    const text = await response.text()
    return { status: response.status, error: response.headers.get('x-amz-function-error'), text }
  }
}

it('a handler gets the event, and its result is the answer', async () => {
  const invoke = await serve({ orders: async (event) => ({ seen: event }) })
  expect(await invoke('orders', { Records: [1] })).toEqual({
    status: 200,
    error: null,
    text: '{"seen":{"Records":[1]}}',
  })
})

it('a handler without a result answers null, as Lambda does', async () => {
  const invoke = await serve({ orders: () => undefined })
  expect(await invoke('orders', {})).toEqual({ status: 200, error: null, text: 'null' })
})

it('an exception is a function error with its type, its words and where it came from', async () => {
  const invoke = await serve({
    orders: () => {
      throw new RangeError('too many')
    },
  })
  const { status, error, text } = await invoke('orders', {})
  expect([status, error]).toEqual([200, 'Unhandled'])
  expect(JSON.parse(text)).toEqual({
    errorType: 'RangeError',
    errorMessage: 'too many',
    stackTrace: expect.arrayContaining([expect.stringContaining('function-server.test.ts')]) as unknown,
  })
})

it('what is thrown need not be an error', async () => {
  const invoke = await serve({
    orders: () => {
      const refusal: unknown = 'no'
      throw refusal
    },
  })
  expect(JSON.parse((await invoke('orders', {})).text)).toEqual({ errorType: 'Error', errorMessage: 'no' })
})

it('a result that is no JSON is a function error, not an answer that never comes', async () => {
  const circle: Record<string, unknown> = {}
  circle['itself'] = circle
  const invoke = await serve({ orders: () => circle })
  expect(await invoke('orders', {})).toMatchObject({ status: 200, error: 'Unhandled' })
})

it('names are told apart, whatever is in them; an unknown one is not found', async () => {
  const invoke = await serve({ orders: () => 'one', 'orders:live': () => 'two' })
  expect((await invoke('orders', {})).text).toBe('"one"')
  expect((await invoke('orders:live', {})).text).toBe('"two"')
  expect((await invoke('order', {})).status).toBe(404)
})
