import { expect, it } from 'vitest'
import { engineRig } from '../../unit/engine/engine-rig.ts'
import { manualClock } from '../../support/manual-clock.ts'
import { createMemoryStream } from '../../support/sources/memory-stream.ts'
import type { ReadResult, Source } from '../../../src/ports.ts'

const arns = {
  kinesis: 'arn:aws:kinesis:us-east-1:000000000000:stream/memory',
  dynamodb: 'arn:aws:dynamodb:us-east-1:000000000000:table/t/stream/2026-01-01T00:00:00.000',
}

/** DynamoDB stamps to the second and does not say how far behind a page is. */
const asDynamo = (source: Source): Source => ({
  ...source,
  async read(request, signal): Promise<ReadResult> {
    const result = await source.read(request, signal)
    if (result.kind !== 'records') return result
    const records = result.records.map((one) => ({ ...one, arrivedMs: Math.floor(one.arrivedMs / 1_000) * 1_000 }))
    return { ...result, records, tip: result.end || records.length === 0, behindMs: null }
  },
})

/** Ten seconds of a record every 100 ms, to a mapping that has caught up. */
async function trickled(kind: 'kinesis' | 'dynamodb', isAws: boolean) {
  const time = manualClock()
  const stream = createMemoryStream({ clock: time.clock })
  const rig = engineRig({ time, isAws, source: kind === 'dynamodb' ? asDynamo(stream) : stream })
  rig.registry.start()
  await rig.create(arns[kind], { StartingPosition: 'TRIM_HORIZON' })
  await time.pass(2_000)
  const before = { reads: stream.counts.reads, invocations: rig.events.length }
  for (let put = 0; put < 100; put += 1) {
    stream.put('shard-0', String(put))
    await time.pass(100)
  }
  const spent = { reads: stream.counts.reads - before.reads, invocations: rig.events.length - before.invocations }
  await time.pass(2_000)
  const delivered = rig.events.flatMap((payload) => (JSON.parse(payload) as { Records: unknown[] }).Records).length
  await rig.registry.stop()
  return { ...spent, delivered }
}

// proves: stream.pace.tip
it.each([
  ['kinesis', 1],
  ['dynamodb', 4],
] as const)(
  'a caught-up shard of %s at AWS is read and invoked %i times a second under a trickle',
  async (kind, rate) => {
    const { reads, invocations, delivered } = await trickled(kind, true)
    expect(delivered).toBe(100)
    expect(reads).toBeGreaterThanOrEqual(10 * rate - 1)
    expect(reads).toBeLessThanOrEqual(10 * rate + 1)
    expect(invocations).toBeLessThanOrEqual(10 * rate + 1)
  },
)

it.each(['kinesis', 'dynamodb'] as const)(
  'a trickle into a shard of %s at an emulator is delivered record by record',
  async (kind) => {
    const { delivered, invocations } = await trickled(kind, false)
    expect(delivered).toBe(100)
    expect(invocations).toBe(100)
  },
)
