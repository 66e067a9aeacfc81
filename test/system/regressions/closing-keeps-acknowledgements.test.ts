import { describe, expect, it } from 'vitest'
import { createGate } from '../../support/sources/gate.ts'
import { createMemoryQueue } from '../../support/sources/memory-queue.ts'
import { answered, engineRig } from '../../unit/engine/engine-rig.ts'
import { manualClock } from '../../support/manual-clock.ts'

/** A queue whose one message is with the function. */
async function withAcceptedInvocation() {
  const time = manualClock()
  const queue = createMemoryQueue({ clock: time.clock, visibilityMs: 30_000 })
  const answer = createGate()
  answer.shut()
  const rig = engineRig({
    time,
    source: queue,
    invoke: async (_request, signal) => {
      await answer.pass(signal)
      return answered()
    },
  })
  rig.registry.start()
  const document = await rig.create(queue.arn)
  queue.send('one')
  await time.pass(1_500)
  return { ...rig, ...document, queue, answer }
}

describe('an invocation that was accepted', () => {
  // proves: sqs.success-deletes
  it.each(['deleted', 'disabled', 'stopped', 'stopped twice'] as const)(
    'acknowledges its messages although its queue mapping was %s meanwhile',
    async (how) => {
      const { registry, time, queue, answer, uuid, parameters, events } = await withAcceptedInvocation()
      expect(events).toHaveLength(1)
      const stopped = how.startsWith('stopped') ? registry.stop(time.clock.monoMs() + 8_000) : null
      if (how === 'stopped twice') void registry.stop(time.clock.monoMs() + 8_000)
      if (how === 'deleted') await registry.delete(uuid)
      if (how === 'disabled') await registry.update(uuid, { parameters: { ...parameters, Enabled: false } })
      await time.pass(2_000)
      expect(queue.bodies()).toEqual(['one'])
      answer.open()
      await time.pass(1_000)
      await stopped
      expect(queue.bodies()).toEqual([])
      expect(events).toHaveLength(1)
      if (how === 'deleted') expect(registry.get(uuid)).toBeUndefined()
      if (how === 'disabled') expect(registry.get(uuid)?.state).toBe('Disabled')
    },
  )
})
