import { afterEach, beforeEach, expect, it } from 'vitest'
import { startStack, type Stack } from './stack.ts'
import { until } from '../../support/until.ts'

let stack: Stack

beforeEach(async () => {
  stack = await startStack({ mode: 'hold' })
})

afterEach(async ({ task }) => {
  await stack.stop(task.result?.state)
})

/** A process with one message in its function. */
async function invoking() {
  const millrace = await stack.start()
  stack.queues.sendMessage('orders', 'one')
  await until(() => stack.target.invocations.length === 1, 'the message is in the function')
  return { millrace, invocation: stack.target.invocations[0] }
}

it('SIGTERM during an invocation lets it end, deletes its message and exits 0', async () => {
  const { millrace, invocation } = await invoking()
  millrace.signal('SIGTERM')
  await until(async () => {
    const response = await fetch(`${stack.endpoint}/readyz`).catch(() => undefined)
    return response?.ok !== true
  }, 'readiness is false while it drains')
  expect(millrace.child.exitCode).toBeNull()
  invocation?.answer(null)
  expect(await millrace.exited).toBe(0)
  expect(stack.left()).toBe(0)
  expect(stack.target.invocations).toHaveLength(1)
})

it('SIGINT does the same', async () => {
  const { millrace, invocation } = await invoking()
  millrace.signal('SIGINT')
  invocation?.answer(null)
  expect(await millrace.exited).toBe(0)
  expect(stack.left()).toBe(0)
})

it('an idle process ends on SIGTERM at once, without waiting for its long poll', async () => {
  const millrace = await stack.start()
  const startedMs = performance.now()
  millrace.signal('SIGTERM')
  expect(await millrace.exited).toBe(0)
  expect(performance.now() - startedMs).toBeLessThan(5_000)
})

it('messages that arrive during a drain are left alone', async () => {
  const { millrace, invocation } = await invoking()
  millrace.signal('SIGTERM')
  await until(() => millrace.stderr().includes('SIGTERM'), 'the signal has arrived')
  await until(async () => {
    const response = await fetch(`${stack.endpoint}/readyz`).catch(() => undefined)
    return response?.ok !== true
  }, 'it drains')
  stack.queues.sendMessage('orders', 'two')
  invocation?.answer(null)
  expect(await millrace.exited).toBe(0)
  expect(stack.left()).toBe(1)
  expect(stack.target.invocations).toHaveLength(1)
})

it('a second SIGTERM cuts the invocation off; its message stays in the queue', async () => {
  const { millrace, invocation } = await invoking()
  millrace.signal('SIGTERM')
  await until(() => millrace.stderr().includes('SIGTERM'), 'the first signal has arrived')
  millrace.signal('SIGTERM')
  expect(await millrace.exited).toBe(1)
  await until(() => invocation?.abandoned() === true, 'the function sees its caller gone')
  expect(stack.left()).toBe(1)
})

it('a drain that outlasts the grace time is cut off', async () => {
  const millrace = await stack.start(['--shutdown-grace-ms', '200'])
  stack.queues.sendMessage('orders', 'one')
  await until(() => stack.target.invocations.length === 1, 'the message is in the function')
  millrace.signal('SIGTERM')
  await millrace.exited
  expect(stack.left()).toBe(1)
})
