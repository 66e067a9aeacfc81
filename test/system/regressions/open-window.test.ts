import { afterEach, beforeEach, expect, it } from 'vitest'
import { queueArn } from '../integration/queue-stack.ts'
import { until } from '../../support/until.ts'
import { messages, ok, Scenario } from '../../unit/core/scenario.ts'
import { startRig, type Rig } from './rig.ts'

let rig: Rig

beforeEach(async () => {
  rig = await startRig()
})

afterEach(() => rig.stop())

it('what an open window holds is visible again at once when the service stops (own reading: open window)', async () => {
  const { run, queues, functions } = rig
  rig.queue('q', { VisibilityTimeout: '600' })
  const millrace = await run({
    EventSourceArn: queueArn('q'),
    // It may run for longer than the stop has time.
    FunctionName: 'slow',
    BatchSize: 100,
    MaximumBatchingWindowInSeconds: 300,
  })
  queues.sendMessage('q', 'one')
  const ready = () => queues.inspectQueue('q')?.messages.ready.length
  await until(() => ready() === 0, 'it is received')
  await millrace.stop()
  await until(() => ready() === 1, 'it is handed back')
  expect(functions.invocations).toHaveLength(0)
})

// proves: sqs.window
it('a slow trickle under a window of 300 s builds up no backlog (LocalStack PR 12002)', () => {
  const flow = new Scenario('sqs', { windowMs: 300_000, batchSize: 1_000, visibilityMs: 400_000 }).open()
  const sent = 600
  for (let id = 1; id <= sent; id += 1) {
    // One message every ten seconds, each by a receive of its own.
    flow.page(messages([id])).after(10_000)
    flow.run(() => ok, 0)
  }
  flow.after(300_000).run(() => ok, 0)
  const batches = flow.invocations()
  expect(batches.flat()).toEqual(Array.from({ length: sent }, (_, index) => String(index + 1)))
  // A batch for each window and none for each message.
  expect(batches.length).toBeGreaterThanOrEqual(sent / 31)
  expect(batches.length).toBeLessThanOrEqual(sent / 25)
})
