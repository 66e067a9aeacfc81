import { expect, it } from 'vitest'
import type { FlowRequest } from '../../../src/core/flow/messages.ts'
import { flowRig, record } from './flow-rig.ts'

const arrivedMs = 1_700_000_000_000
const records = [record('a', { arrivedMs: arrivedMs - 60_000 }), record('b', { arrivedMs: arrivedMs - 10_000 })]
const invoke = (id: number): FlowRequest => ({ kind: 'invoke', id, permit: 1, records, attempt: 1, window: null })

async function measured(kind: 'sqs' | 'kinesis') {
  const ages: number[] = []
  const rig = flowRig(kind, { meter: { iteratorAge: (ms) => ages.push(ms) } })
  rig.runner.start()
  await rig.time.settle()
  await rig.say({ kind: 'permit', id: 1 })
  return { ...rig, ages }
}

// proves: metric.iterator-age
it('the age of the last record of an event is taken when it is sent, by the clock of the stream, and anew with each attempt', async () => {
  const { ages, runner, say, time } = await measured('kinesis')
  await say(invoke(2))
  // Nothing was answered yet. The clock of the source is half a second ahead.
  expect(ages).toEqual([10_500])
  await time.pass(5_000)
  await say(invoke(3))
  expect(ages).toEqual([10_500, 15_500])
  runner.abort()
})

it('queues have no such age', async () => {
  const { ages, runner, say } = await measured('sqs')
  await say(invoke(2))
  expect(ages).toEqual([])
  runner.abort()
})
