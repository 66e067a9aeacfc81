import { describe, expect, it } from 'vitest'
import { sleep } from '../../../src/async/sleep.ts'
import { createLogger } from '../../../src/observe/log.ts'
import { createMemoryQueue } from '../../support/sources/memory-queue.ts'
import { answered, engineRig } from '../../unit/engine/engine-rig.ts'
import { manualClock } from '../../support/manual-clock.ts'

/** A queue that gives each message once, and a mapping that has read ahead of a busy function. */
async function busyMapping({ fifo = false, runMs = 400, timeoutMs = 3_000 } = {}) {
  const time = manualClock()
  const lines: string[] = []
  const log = createLogger('warn', { destination: { write: (line) => void lines.push(line) } })
  const queue = createMemoryQueue({ clock: time.clock, fifo, visibilityMs: 30_000, maxReceiveCount: 1 })
  const invoked = new Set<string>()
  const rig = engineRig({
    time,
    source: queue,
    log,
    describeFunction: () => ({ kind: 'found', arn: null, timeoutMs, concurrency: null }),
    async invoke({ payload }, signal) {
      for (const { body } of (JSON.parse(payload) as { Records: { readonly body: string }[] }).Records)
        invoked.add(body)
      await sleep(time.clock, runMs, signal)
      return answered()
    },
  })
  for (let index = 0; index < 100; index++) queue.send(`m${index}`, fifo ? { group: `g${index % 60}` } : {})
  rig.registry.start()
  const { uuid, parameters } = await rig.create(queue.arn, { BatchSize: 3 })
  await time.pass(1_000)
  const received = () => queue.bodies().filter((body) => queue.receiveCount(body) > 0)
  const named = () =>
    lines.flatMap((line) => {
      const { messageIds, maxReceiveCount } = JSON.parse(line) as { messageIds?: string[]; maxReceiveCount?: number }
      return maxReceiveCount === undefined ? [] : (messageIds ?? [])
    })
  return { ...rig, queue, uuid, parameters, invoked, received, named }
}

describe('what a queue has given', () => {
  // proves: sqs.drain-attempts
  it.each([
    ['disabled', false],
    ['disabled', true],
    ['deleted', false],
    ['deleted', true],
  ] as const)('is run once before its mapping is %s (FIFO: %s)', async (how, fifo) => {
    const { registry, time, uuid, parameters, queue, invoked, received, named } = await busyMapping({ fifo })
    const before = received()
    expect(before.some((body) => !invoked.has(body))).toBe(true)
    if (how === 'disabled') await registry.update(uuid, { parameters: { ...parameters, Enabled: false } })
    else await registry.delete(uuid)
    await time.pass(18_000)
    expect(registry.get(uuid)?.state).toBe(how === 'disabled' ? 'Disabled' : undefined)
    expect(before.filter((body) => !invoked.has(body))).toEqual([])
    expect(received()).toEqual([])
    expect(queue.deadLetters()).toEqual([])
    expect(named()).toEqual([])
  })

  it('is run before a stop as far as that fits into the grace time; the rest is handed back and named', async () => {
    const { registry, time, queue, invoked, received, named } = await busyMapping()
    const stopped = registry.stop(time.clock.monoMs() + 3_200)
    await time.pass(3_200)
    await stopped
    const back = received()
    expect(back.length).toBeGreaterThan(0)
    expect(back.some((body) => invoked.has(body))).toBe(false)
    expect(queue.sizes().hidden).toBe(0)
    expect(named()).toHaveLength(back.length)
  })

  it('is all run before a stop that leaves the time for it', async () => {
    const { registry, time, queue, received, named } = await busyMapping()
    const stopped = registry.stop(time.clock.monoMs() + 8_000)
    await time.pass(8_000)
    await stopped
    expect(received()).toEqual([])
    expect(queue.sizes().hidden).toBe(0)
    expect(named()).toEqual([])
  })

  it('goes back within timeout + 15 s when the function lets nothing start', async () => {
    const { registry, time, uuid, parameters, queue } = await busyMapping({ runMs: 14_000, timeoutMs: 14_000 })
    await registry.update(uuid, { parameters: { ...parameters, Enabled: false } })
    await time.pass(29_000)
    expect(registry.get(uuid)?.state).toBe('Disabled')
    expect(queue.sizes().hidden).toBe(0)
  })
})
