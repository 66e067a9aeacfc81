import { describe, expect, it } from 'vitest'
import { readingsOf } from '../../../src/engine/meters.ts'
import { createLogger } from '../../../src/observe/log.ts'
import { createMemoryStore } from '../../../src/store/memory.ts'
import { engineRig, type EngineOptions } from '../../unit/engine/engine-rig.ts'
import { manualClock } from '../../support/manual-clock.ts'
import { createMemoryStream, type MemoryStreamOptions } from '../../support/sources/memory-stream.ts'

function startRig(options: MemoryStreamOptions & Pick<EngineOptions, 'store' | 'time'> = {}) {
  const { store = createMemoryStore(), time = manualClock(), ...more } = options
  const stream = createMemoryStream({ clock: time.clock, ...more })
  const lines: { readonly level: string; readonly msg: string }[] = []
  const log = createLogger('info', {
    destination: { write: (line) => void lines.push(JSON.parse(line) as (typeof lines)[number]) },
  })
  const rig = engineRig({ time, store, source: stream, log })
  const start = async () => {
    await rig.registry.load()
    rig.registry.start()
  }
  const create = (more: object = {}) => rig.create(stream.arn, { StartingPosition: 'TRIM_HORIZON', ...more })
  const warnings = () => lines.filter(({ level }) => level !== 'info').map(({ msg }) => msg)
  const seen = () =>
    rig.events.flatMap((payload) =>
      (JSON.parse(payload) as { Records: { kinesis: { data: string } }[] }).Records.map(({ kinesis }) =>
        atob(kinesis.data),
      ),
    )
  return { ...rig, stream, start, create, warnings, seen }
}

const down = { kind: 'failed', message: 'InternalFailure: 500' } as const

// proves: state.last-result.heals
describe('what was refused once', () => {
  it.each([
    ['nothing was processed before', [], 'No records processed'],
    ['records were processed before', ['a'], 'OK'],
  ])('is over in LastProcessingResult with the next read: %s', async (_when, before, result) => {
    const { start, create, stream, time, registry, store } = startRig()
    await start()
    const { uuid } = await create()
    for (const data of before) stream.put('shard-0', data)
    await time.pass(1_000)
    stream.faults.readAnswers.push(down)
    await time.pass(100)
    expect(registry.get(uuid)?.lastProcessingResult).toBe('PROBLEM: InternalFailure: 500')
    expect(registry.status(uuid)).toMatchObject({ pauseReasons: ['source failed'], sourceTrouble: { kind: 'failed' } })
    // It is this process's to know: the next one sees for itself.
    expect((await store.mappings())[0]?.lastProcessingResult).toBe(result)
    await time.pass(1_000)
    expect(registry.get(uuid)?.lastProcessingResult).toBe(result)
    expect(registry.status(uuid)).toMatchObject({ pauseReasons: [], sourceTrouble: null, lastProcessingResult: result })
  })

  it('is over when a look finds the source again', async () => {
    const { start, create, stream, time, registry } = startRig()
    stream.faults.describeAnswers.push({ kind: 'failed', message: 'InternalFailure: 500' })
    await start()
    const { uuid } = await create()
    await time.pass(10)
    expect(registry.get(uuid)?.lastProcessingResult).toBe('PROBLEM: InternalFailure: 500')
    await time.pass(2_000)
    expect(registry.get(uuid)?.lastProcessingResult).toBe('No records processed')
  })

  it('is over when a function that was missing is there, although nothing is to be processed', async () => {
    let there = false
    const time = manualClock()
    const stream = createMemoryStream({ clock: time.clock })
    const found = { kind: 'found', arn: null, timeoutMs: null, concurrency: null } as const
    const describeFunction = () => (there ? found : ({ kind: 'missing', message: 'Function not found' } as const))
    const { registry, create } = engineRig({ time, source: stream, describeFunction })
    registry.start()
    const { uuid } = await create(stream.arn, { StartingPosition: 'TRIM_HORIZON' })
    await time.pass(1_000)
    expect(registry.get(uuid)?.lastProcessingResult).toBe('PROBLEM: Function call failed')
    there = true
    await time.pass(40_000)
    expect(registry.get(uuid)?.lastProcessingResult).toBe('No records processed')
    expect(registry.status(uuid)).toMatchObject({ functionTrouble: null, pauseReasons: [] })
  })

  it('stays as long as one shard of several is refused', async () => {
    const { start, create, stream, time, registry } = startRig({ shardIds: ['shard-0', 'shard-1'] })
    await start()
    const { uuid } = await create()
    await time.pass(1_000)
    const denied = { kind: 'denied', message: 'AccessDeniedException: no' } as const
    for (let reads = 0; reads < 2; reads += 1) stream.faults.readAnswers.push(denied)
    await time.pass(500)
    stream.faults.readAnswers.push(denied)
    await time.pass(300)
    expect(registry.get(uuid)?.lastProcessingResult).toBe('PROBLEM: AccessDeniedException: no')
    await time.pass(10_000)
    expect(registry.get(uuid)?.lastProcessingResult).toBe('No records processed')
  })

  it('that an earlier version wrote down is forgotten at the start', async () => {
    const first = startRig()
    await first.start()
    await first.create({ Enabled: false })
    await first.time.pass(100)
    const [document] = await first.store.mappings()
    if (document === undefined) throw new Error('There is no mapping.')
    await first.store.putMapping({ ...document, lastProcessingResult: 'PROBLEM: InternalFailure: 500' })
    const second = startRig({ store: first.store, time: first.time })
    await second.start()
    expect(second.registry.list()[0]?.lastProcessingResult).toBe('No records processed')
  })
})

// proves: stream.expired-parent
it('a new mapping on a stream that was resharded longer ago than its retention has no problem to tell', async () => {
  const { start, create, stream, time, registry, warnings, seen } = startRig({ shardIds: [] })
  stream.addShard('left', ['parent'])
  stream.addShard('right', ['parent'])
  stream.put('left', 'a')
  await start()
  const { uuid } = await create()
  for (let ms = 0; ms < 5_000; ms += 50) {
    await time.pass(50)
    expect(registry.get(uuid)?.lastProcessingResult).toMatch(/^(No records processed|OK)$/)
    expect(registry.status(uuid)).toMatchObject({ pauseReasons: [], sourceTrouble: null, lastError: null })
  }
  expect(seen()).toEqual(['a'])
  expect(warnings()).toEqual([])
})

it('a parent that goes away while it is read is told, since records may have gone with it', async () => {
  const { start, create, stream, time, warnings } = startRig({ shardIds: ['parent'] })
  await start()
  await create()
  await time.pass(1_000)
  stream.split('parent', ['left', 'right'])
  stream.dropShard('parent')
  await time.pass(60_000)
  expect(warnings()).toContain('The shard is neither listed nor readable any more; it counts as done.')
})

// proves: stream.start.latest@Kinesis
it('a mapping that was created by a fast clock, set right since, begins at LATEST with what is written now', async () => {
  const fast = startRig({ time: manualClock(1_700_000_600_000) })
  await fast.start()
  await fast.create({ StartingPosition: 'LATEST', Enabled: false })
  await fast.time.pass(100)
  const { start, registry, stream, time, seen } = startRig({ store: fast.store })
  await start()
  const [document] = registry.list()
  if (document === undefined) throw new Error('There is no mapping.')
  await registry.update(document.uuid, { parameters: { ...document.parameters, Enabled: true } })
  await time.pass(100)
  stream.put('shard-0', 'a')
  await time.pass(1_000)
  expect(seen()).toEqual(['a'])
})

// proves: metric.behind, metric.iterator-age
it('a shard that is blocked is as far behind as the record that blocks it, between attempts too', async () => {
  const time = manualClock()
  const stream = createMemoryStream({ clock: time.clock })
  let fails = true
  const { registry, create } = engineRig({
    time,
    source: stream,
    invoke: () =>
      Promise.resolve(
        fails
          ? { kind: 'unreachable', message: 'refused' }
          : {
              kind: 'answered',
              reply: { requestId: 'r', statusCode: 200, executedVersion: '1', functionError: null },
              payload: '',
            },
      ),
  })
  registry.start()
  await create(stream.arn, { StartingPosition: 'TRIM_HORIZON', BatchSize: 1 })
  const readings = () => [...readingsOf(registry)].map(({ behindMs, iteratorAgeMs }) => ({ behindMs, iteratorAgeMs }))
  await time.pass(1_000)
  expect(readings()).toEqual([{ behindMs: 0, iteratorAgeMs: 0 }])
  stream.put('shard-0', 'poison')
  await time.pass(5_000)
  stream.put('shard-0', 'next')
  for (let ageMs = 6_000; ageMs <= 60_000; ageMs += 1_000) {
    await time.pass(1_000)
    expect(readings()).toEqual([{ behindMs: ageMs, iteratorAgeMs: ageMs }])
  }
  fails = false
  await time.pass(20_000)
  expect(readings()).toEqual([{ behindMs: 0, iteratorAgeMs: 0 }])
})
