import { describe, expect, it } from 'vitest'
import { createLogger } from '../../../src/observe/log.ts'
import { createMemoryQueue } from '../../support/sources/memory-queue.ts'
import { engineRig } from '../../unit/engine/engine-rig.ts'
import { manualClock } from '../../support/manual-clock.ts'

describe('a batching window close to the visibility of its queue', () => {
  // proves: sqs.visibility-cover
  it.each([
    { visibilityS: 30, windowS: 26, timeoutMs: 3_000 },
    { visibilityS: 30, windowS: 29, timeoutMs: 1_000 },
    { visibilityS: 30, windowS: 30, timeoutMs: 3_000 },
    { visibilityS: 2, windowS: 300, timeoutMs: 900_000 },
    { visibilityS: 30, windowS: 26, timeoutMs: null },
  ])(
    'delivers: $windowS s of $visibilityS s, a function of $timeoutMs ms',
    async ({ visibilityS, windowS, timeoutMs }) => {
      const time = manualClock()
      const queue = createMemoryQueue({ clock: time.clock, visibilityMs: visibilityS * 1_000 })
      const { registry, create, events } = engineRig({
        time,
        source: queue,
        describeFunction: () => ({ kind: 'found', arn: null, timeoutMs, concurrency: null }),
      })
      registry.start()
      await create(queue.arn, { BatchSize: 100, MaximumBatchingWindowInSeconds: windowS })
      queue.send('one')
      await time.pass((windowS + 1) * 1_000)
      expect(events).toHaveLength(1)
      expect(queue.bodies()).toEqual([])
    },
  )

  it('says which visibility no receive can name', async () => {
    const lines: string[] = []
    const log = createLogger('warn', { destination: { write: (line) => void lines.push(line) } })
    const time = manualClock()
    const queue = createMemoryQueue({ clock: time.clock })
    const { registry, create } = engineRig({
      time,
      source: queue,
      log,
      describeFunction: () => ({ kind: 'found', arn: null, timeoutMs: 43_200_001, concurrency: null }),
    })
    registry.start()
    await create(queue.arn)
    await time.pass(1_000)
    const told = lines.filter((line) => line.includes('12 hours'))
    expect(told.map((line) => JSON.parse(line) as object)).toMatchObject([{ receiveVisibilityMs: 43_200_000 }])
  })
})
