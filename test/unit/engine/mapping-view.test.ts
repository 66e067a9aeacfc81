import { expect, it } from 'vitest'
import { createLogger } from '../../../src/observe/log.ts'
import { createMemoryQueue } from '../../support/sources/memory-queue.ts'
import { engineRig } from './engine-rig.ts'
import { manualClock } from '../../support/manual-clock.ts'

// proves: sqs.visibility-cover
it('says once that messages are received with a longer visibility than the queue has', async () => {
  const lines: string[] = []
  const log = createLogger('info', { destination: { write: (line) => void lines.push(line) } })
  const time = manualClock()
  const queue = createMemoryQueue({ clock: time.clock, visibilityMs: 10_000 })
  const { create, registry } = engineRig({ time, source: queue, log })
  registry.start()
  const { uuid, parameters } = await create(queue.arn, { BatchSize: 100, MaximumBatchingWindowInSeconds: 20 })
  await time.pass(120_000)
  await registry.update(uuid, { parameters: { ...parameters, BatchSize: 50 } })
  await time.pass(120_000)
  await registry.update(uuid, { parameters: { ...parameters, Enabled: false } })
  await time.pass(10_000)
  await registry.update(uuid, { parameters: { ...parameters, Enabled: true } })
  await time.pass(10_000)
  const told = lines.filter((line) => line.includes('received with a longer one'))
  expect(told.map((line) => JSON.parse(line) as object)).toMatchObject([
    { queueVisibilityMs: 10_000, receiveVisibilityMs: 53_000, timeoutMs: 3_000, mapping: uuid },
  ])
})
