import { afterEach, describe, expect, it } from 'vitest'
import { createLogger } from '../../../src/observe/log.ts'
import { ok } from '../../support/functions/behaviour.ts'
import { startFunctionServer, type FunctionServer } from '../../support/functions/server.ts'
import { createMemoryQueue, type MemoryQueue } from '../../support/sources/memory-queue.ts'
import { answered, engineRig } from '../../unit/engine/engine-rig.ts'
import { manualClock } from '../../support/manual-clock.ts'
import { bodiesOf, queueArn, startQueueStack, type QueueStack } from '../integration/queue-stack.ts'
import { until } from '../../support/until.ts'

const hourMs = 3_600_000

/** A queue that hides messages for 10 s, and a function of which nobody knows how long it takes. */
async function start(runMs: number, parameters: object, prepare: (queue: MemoryQueue) => unknown = () => undefined) {
  const time = manualClock()
  const queue = createMemoryQueue({ clock: time.clock, visibilityMs: 10_000 })
  prepare(queue)
  const lines: string[] = []
  const rig = engineRig({
    time,
    source: queue,
    log: createLogger('debug', { destination: { write: (line) => void lines.push(line) } }),
    describeFunction: () => ({ kind: 'found', arn: null, timeoutMs: null, concurrency: null }),
    invoke: () =>
      new Promise((resolve) => {
        time.clock.timer(time.clock.monoMs() + runMs, () => resolve(answered()))
      }),
  })
  rig.registry.start()
  const document = await rig.create(queue.arn, parameters)
  for (let nth = 0; nth < 3; nth += 1) queue.send(`m${nth}`)
  return { ...rig, document, queue, time, told: (text: string) => lines.filter((line) => line.includes(text)) }
}

describe('a function that is slower than the visibility of its queue', () => {
  // proves: sqs.extend-visibility
  it('sees each message once where the visibility is extended', async () => {
    const { events, queue, time } = await start(100_000, { extendVisibility: true })
    await time.pass(101_000)
    expect(events).toHaveLength(1)
    expect(queue.bodies()).toEqual([])
    // Every 5 s, for the three of them together.
    expect(queue.counts.extends).toBe(19)
  })

  it('sees them again where it is not', async () => {
    const { events, queue, time } = await start(100_000, {})
    await time.pass(101_000)
    expect(events.length).toBeGreaterThan(1)
    expect(queue.counts.extends).toBe(0)
  })

  it('may take 12 hours and no more', async () => {
    const { events, queue, time } = await start(13 * hourMs, { extendVisibility: true })
    await time.pass(12 * hourMs - 11_000)
    expect([events.length, queue.sizes().hidden]).toEqual([1, 3])
    const { extends: asked } = queue.counts
    await time.pass(12_000)
    expect(queue.counts.extends).toBeLessThanOrEqual(asked + 1)
    expect(events.length).toBeGreaterThan(1)
  })

  it('goes on, and the log says so, where the queue refuses', async () => {
    const { events, queue, time, told } = await start(8_000, { extendVisibility: true }, ({ faults }) => {
      faults.refuseExtend = () => 'slow down'
    })
    await time.pass(9_000)
    expect([events.length, queue.bodies()]).toEqual([1, []])
    expect(told('it is tried again').length).toBeGreaterThan(0)
  })

  it('has its messages extended from the moment that an update says so', async () => {
    const { document, events, queue, registry, time } = await start(60_000, {})
    await time.pass(4_000)
    await registry.update(document.uuid, { parameters: { ...document.parameters, extendVisibility: true } })
    await time.pass(57_000)
    expect([events.length, queue.bodies()]).toEqual([1, []])
  })
})

describe('over HTTP', () => {
  let stack: QueueStack
  let emulator: FunctionServer

  afterEach(async () => {
    await stack.stop()
    await emulator.close()
  })

  it('a queue hides a message for as long as its function runs', async () => {
    stack = await startQueueStack()
    emulator = await startFunctionServer({ dialect: 'rie' })
    const deadlines = new Set<number>()
    emulator.behave(async () => {
      // Each extension moves the end that the queue has for it.
      await until(() => {
        for (const one of stack.queues.inspectQueue('q')?.messages.inflight ?? []) deadlines.add(one.visibilityDeadline)
        return deadlines.size > 3
      }, 'three extensions')
      return ok()
    })
    stack.queue('q', { VisibilityTimeout: '2' })
    await stack.start({
      functions: { audit: { url: emulator.invokeUrl } },
      mappings: [{ EventSourceArn: queueArn('q'), FunctionName: 'audit', extendVisibility: true }],
    })
    stack.queues.sendMessage('q', 'slow')
    await until(() => stack.left('q') === 0, 'it is deleted')
    expect(bodiesOf(emulator.invocations)).toEqual(['slow'])
  })
})
