import { expect, it } from 'vitest'
import { createMemoryStream } from '../../support/sources/memory-stream.ts'
import { answered, engineRig, thrown } from './engine-rig.ts'
import { manualClock } from '../../support/manual-clock.ts'

const dayMs = 86_400_000
const minuteMs = 60_000

function rig(retentionMs: number, invoke?: Parameters<typeof engineRig>[0]['invoke']) {
  const time = manualClock()
  const stream = createMemoryStream({ clock: time.clock, retentionMs })
  const engine = engineRig({ time, source: stream, ...(invoke && { invoke }) })
  engine.registry.start()
  const dataOf = (payload: string): readonly string[] =>
    (JSON.parse(payload) as { Records: { kinesis: { data: string } }[] }).Records.map(({ kinesis }) =>
      Buffer.from(kinesis.data, 'base64').toString(),
    )
  const create = (more: object = {}) =>
    engine.create(stream.arn, { StartingPosition: 'TRIM_HORIZON', MaximumRetryAttempts: -1, ...more })
  return { ...engine, time, stream, create, seen: () => engine.events.flatMap(dataOf) }
}

// An emulator that keeps its data through the weekend says "24 hours" all the same.
it('records that a source serves although they are older than its retention are not lost: it still has them', async () => {
  const { create, stream, time, seen, registry } = rig(dayMs)
  stream.put('shard-0', 'friday', { arrivedMs: time.clock.wallMs() - 3 * dayMs })
  stream.put('shard-0', 'monday')
  const { uuid } = await create()
  await time.pass(1_000)
  expect(seen()).toEqual(['friday', 'monday'])
  await registry.update(uuid, { parameters: { ...(registry.get(uuid)?.parameters ?? stop()), BatchSize: 1 } })
  await time.pass(100)
  stream.put('shard-0', 'saturday', { arrivedMs: time.clock.wallMs() - 2 * dayMs })
  await time.pass(1_000)
  expect(seen()).toEqual(['friday', 'monday', 'saturday'])
})

it('what such a source still has is not lost by an update either, while it is blocked', async () => {
  let fails = true
  const { create, stream, time, seen, registry } = rig(dayMs, () => Promise.resolve(fails ? thrown() : answered()))
  stream.put('shard-0', 'friday', { arrivedMs: time.clock.wallMs() - 3 * dayMs })
  const { uuid } = await create()
  await time.pass(1_000)
  await registry.update(uuid, { parameters: { ...(registry.get(uuid)?.parameters ?? stop()), BatchSize: 1 } })
  fails = false
  const before = seen().length
  await time.pass(minuteMs)
  expect(seen().slice(before)).toEqual(['friday'])
})

it('a record that is a little late is no sign of such a source: what the retention has passed over is lost', async () => {
  const { create, stream, time, seen } = rig(dayMs)
  stream.put('shard-0', 'late', { arrivedMs: time.clock.wallMs() - dayMs - minuteMs })
  stream.put('shard-0', 'kept')
  await create()
  await time.pass(1_000)
  expect(seen()).toEqual(['kept'])
})

// proves: stream.retention
it('a record that outlives the retention while its shard is blocked is lost, and the shard goes on', async () => {
  const poison = Buffer.from('poison').toString('base64')
  const { create, stream, time, seen } = rig(minuteMs, ({ payload }) =>
    Promise.resolve(payload.includes(poison) ? thrown() : answered()),
  )
  stream.put('shard-0', 'poison')
  await create({ BatchSize: 1 })
  await time.pass(minuteMs / 2)
  stream.put('shard-0', 'after')
  await time.pass(minuteMs)
  expect(seen().at(-1)).toBe('after')
})

function stop(): never {
  throw new Error('the mapping is gone')
}
