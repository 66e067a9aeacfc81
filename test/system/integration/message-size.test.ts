import { afterEach, expect, it } from 'vitest'
import { bodiesOf, startQueueStack, type QueueStack } from './queue-stack.ts'
import { until } from '../../support/until.ts'

let stack: QueueStack

afterEach(() => stack.stop())

// proves: quota.message, sqs.bytes
it('delivers messages of 1 MiB, as many in one event as 6 MB hold', async () => {
  stack = await startQueueStack({ functions: { orders: { timeoutS: 3 } } })
  const arn = stack.queue('large')
  const bodies = Array.from({ length: 8 }, (_, index) => `${index}`.padEnd(1_048_576, 'x'))
  for (const body of bodies) stack.queues.sendMessage('large', body)
  await stack.start({ mappings: [{ EventSourceArn: arn, FunctionName: 'orders', BatchSize: 10 }] })
  await until(() => stack.left('large') === 0, 'all messages are deleted')
  const { invocations } = stack.functions
  expect(bodiesOf(invocations).toSorted()).toEqual(bodies)
  for (const { payload } of invocations) expect(Buffer.byteLength(payload)).toBeLessThanOrEqual(6 * 1_048_576)
})
