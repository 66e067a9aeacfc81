import { describe, expect, it } from 'vitest'
import type { InvokeResult } from '../../../src/ports.ts'
import { answered, engineRig, thrown } from '../../unit/engine/engine-rig.ts'
import { manualClock } from '../../support/manual-clock.ts'
import { createMemoryStream } from '../../support/sources/memory-stream.ts'

const destination = 'arn:aws:sqs:us-east-1:000000000000:failures'

/** A mapping whose function has a record and has not answered yet. */
async function startRig(more: object = {}) {
  const time = manualClock()
  const stream = createMemoryStream({ clock: time.clock })
  const answer = Promise.withResolvers<InvokeResult>()
  const told: string[] = []
  const rig = engineRig({
    time,
    source: stream,
    invoke: () => answer.promise,
    deliver: ({ arn, body }) => {
      told.push(`${arn} ${(JSON.parse(body) as { requestContext: { condition: string } }).requestContext.condition}`)
      return Promise.resolve({ kind: 'delivered' })
    },
  })
  rig.registry.start()
  const { uuid, parameters } = await rig.create(stream.arn, {
    StartingPosition: 'TRIM_HORIZON',
    MaximumRetryAttempts: 0,
    DestinationConfig: { OnFailure: { Destination: destination } },
    ...more,
  })
  await time.pass(100)
  stream.put('shard-0', 'a')
  await time.pass(100)
  const watermark = async () => (await rig.store.checkpoints(uuid))[0]?.checkpoint.watermark
  return { ...rig, time, answer, told, uuid, parameters, watermark }
}

type Rig = Awaited<ReturnType<typeof startRig>>

const closings = [
  ['stopped', ({ registry }: Rig) => void registry.stop()],
  [
    'disabled',
    ({ registry, uuid, parameters }: Rig) =>
      void registry.update(uuid, { parameters: { ...parameters, Enabled: false } }),
  ],
  ['deleted', ({ registry, uuid }: Rig) => void registry.delete(uuid)],
] as const

// proves: state.closing-delivers
describe.each(closings)('a mapping that is %s while its function runs', (how, close) => {
  it('tells the destination of the attempt that fails, and keeps the place behind it', async () => {
    const rig = await startRig()
    expect(rig.events).toHaveLength(1)
    close(rig)
    await rig.time.pass(1_000)
    rig.answer.resolve(thrown())
    await rig.time.pass(1_000)
    expect(rig.told).toEqual([`${destination} RetryAttemptsExhausted`])
    expect(rig.events).toHaveLength(1)
    if (how === 'deleted') expect(rig.registry.list()).toEqual([])
    else expect(await rig.watermark()).toBe('1')
  })

  it('keeps the place behind the attempt that succeeds', async () => {
    const rig = await startRig()
    close(rig)
    await rig.time.pass(1_000)
    expect(await rig.watermark()).toBeFalsy()
    rig.answer.resolve(answered())
    await rig.time.pass(1_000)
    expect(rig.told).toEqual([])
    if (how === 'deleted') expect(rig.registry.list()).toEqual([])
    else expect(await rig.watermark()).toBe('1')
  })
})

it('a record that is too old in a longer batching window is told of before the window ends', async () => {
  const rig = await startRig({ MaximumBatchingWindowInSeconds: 300, MaximumRecordAgeInSeconds: 60 })
  await rig.time.pass(59_000)
  expect(rig.told).toEqual([])
  await rig.time.pass(2_000)
  expect(rig.told).toEqual([`${destination} RecordAgeExceeded`])
  expect([rig.events, await rig.watermark()]).toEqual([[], '1'])
  await rig.registry.stop()
})
