import { describe, expect, it } from 'vitest'
import { startCoreMachine, type StartMachine } from '../../../src/engine/flow-machine.ts'
import type { DescribeResult, ReadRequest, Source } from '../../../src/ports.ts'
import { createMemoryStore } from '../../../src/store/memory.ts'
import { createMemoryQueue } from '../../support/sources/memory-queue.ts'
import { createMemoryStream } from '../../support/sources/memory-stream.ts'
import { answered, engineRig, thrown, type EngineOptions } from './engine-rig.ts'
import { manualClock } from '../../support/manual-clock.ts'

function queueRig(options: Partial<EngineOptions> = {}) {
  const time = manualClock()
  const queue = createMemoryQueue({ clock: time.clock, visibilityMs: 30_000 })
  const rig = engineRig({ time, source: queue, ...options })
  rig.registry.start()
  return { ...rig, queue, create: (more: object = {}) => rig.create(queue.arn, more) }
}

function streamRig(options: Partial<EngineOptions> = {}, shardIds: readonly string[] = ['shard-0']) {
  const time = options.time ?? manualClock()
  const stream = createMemoryStream({ clock: time.clock, shardIds })
  const rig = engineRig({ time, source: stream, ...options })
  rig.registry.start()
  const seen = () =>
    rig.events.flatMap((payload) =>
      (JSON.parse(payload) as { Records: { kinesis: { data: string } }[] }).Records.map((record) =>
        Buffer.from(record.kinesis.data, 'base64').toString(),
      ),
    )
  const create = (more: object = {}, sourceName = stream.arn) =>
    rig.create(sourceName, { StartingPosition: 'TRIM_HORIZON', MaximumRetryAttempts: -1, ...more })
  return { ...rig, stream, seen, create }
}

describe('the mappings of a process', () => {
  it('are written down before they are answered, and run', async () => {
    const { create, store, queue, time, registry } = queueRig()
    const created = await create()
    expect(created.state).toBe('Creating')
    expect((await store.mappings()).map(({ uuid }) => uuid)).toEqual([created.uuid])
    queue.send('one')
    await time.pass(100)
    expect(registry.get(created.uuid)?.state).toBe('Enabled')
    expect((await store.mappings())[0]?.state).toBe('Enabled')
    expect(queue.bodies()).toEqual([])
  })

  it('do not exist when the store refuses them', async () => {
    const memory = createMemoryStore()
    const store = { ...memory, putMapping: () => Promise.reject(new Error('disk full')) }
    const { create, registry } = queueRig({ store })
    await expect(create()).rejects.toThrow('disk full')
    expect(registry.list()).toEqual([])
    await expect(create()).rejects.toThrow('disk full')
  })

  it('keep their state when the store refuses an update', async () => {
    const memory = createMemoryStore()
    let full = false
    const store = {
      ...memory,
      putMapping: (document: Parameters<typeof memory.putMapping>[0]) =>
        full ? Promise.reject(new Error('disk full')) : memory.putMapping(document),
    }
    const { create, registry, time } = queueRig({ store })
    const { uuid, parameters } = await create()
    await time.pass(10)
    full = true
    await expect(registry.update(uuid, { parameters: { ...parameters, BatchSize: 3 } })).rejects.toThrow('disk full')
    expect(registry.get(uuid)).toMatchObject({ state: 'Enabled', parameters: { BatchSize: 10 } })
  })

  it('are in use while in transition', async () => {
    const { create, registry } = queueRig()
    const { uuid, parameters } = await create()
    await expect(registry.update(uuid, { parameters })).rejects.toMatchObject({ type: 'ResourceInUseException' })
    await expect(registry.delete(uuid)).rejects.toMatchObject({ type: 'ResourceInUseException' })
    await expect(registry.delete('nobody')).rejects.toMatchObject({ type: 'ResourceNotFoundException' })
  })

  it('exist once for a source and a function, also when two creates run at the same time', async () => {
    const { create } = queueRig()
    const results = await Promise.allSettled([create(), create()])
    expect(results.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected'])
  })

  it('pass through their states, and are forgotten with all that was kept of them', async () => {
    const { create, registry, time, store, stream } = streamRig()
    const { uuid, parameters } = await create()
    stream.put('shard-0', 'a')
    await time.pass(500)
    expect(await store.checkpoints(uuid)).toHaveLength(1)
    expect((await registry.update(uuid, { parameters: { ...parameters, Enabled: false } })).state).toBe('Disabling')
    await time.pass(100)
    expect(registry.get(uuid)?.state).toBe('Disabled')
    const { reads } = stream.counts
    await time.pass(60_000)
    expect(stream.counts.reads).toBe(reads)
    expect((await registry.delete(uuid)).state).toBe('Deleting')
    await time.pass(100)
    expect(registry.get(uuid)).toBeUndefined()
    expect(await store.mappings()).toEqual([])
    expect(await store.checkpoints(uuid)).toEqual([])
  })

  it('ask nothing of their source any more when they are stopped while a flow opens', async () => {
    const memory = createMemoryStore()
    const opening = Promise.withResolvers<void>()
    const checkpoint = { incarnation: 'life 0', watermark: null, completed: [], window: null, done: false }
    const store = {
      ...memory,
      openFlow: async () => {
        await opening.promise
        return { fence: 1, checkpoint: { ...checkpoint, arrivedMs: null } }
      },
    }
    const { create, registry, stream, time } = streamRig({ store })
    await create()
    await time.pass(100)
    await registry.stop()
    const { describes } = stream.counts
    opening.resolve()
    await time.pass(1_000)
    expect(stream.counts.describes).toBe(describes)
  })

  it('resume in the life that the checkpoint is of when the listing is the older one', async () => {
    const time = manualClock()
    const store = createMemoryStore()
    let breaks = false
    const startMachine: StartMachine = (config) => {
      const machine = startCoreMachine(config)
      return {
        ...machine,
        step: (...step) => {
          if (breaks && step[0].kind === 'timer') throw new Error('impossible')
          return machine.step(...step)
        },
      }
    }
    const { create, stream, seen } = streamRig({ time, store, startMachine })
    const { uuid } = await create()
    stream.put('shard-0', 'a')
    await time.pass(500)
    stream.recreate()
    stream.put('shard-0', 'b')
    await time.pass(500)
    expect((await store.checkpoints(uuid))[0]?.checkpoint).toMatchObject({ incarnation: 'life 2', watermark: '1' })
    // The flow fails and is started again before the stream is listed anew.
    breaks = true
    await time.pass(300)
    breaks = false
    stream.put('shard-0', 'c')
    await time.pass(3_000)
    expect(seen()).toEqual(['a', 'b', 'c'])
  })

  // proves: state.disable-position
  it('resume where they stood when they are enabled again', async () => {
    const { create, registry, time, stream, seen } = streamRig()
    const { uuid, parameters } = await create()
    stream.put('shard-0', 'a')
    await time.pass(500)
    await registry.update(uuid, { parameters: { ...parameters, Enabled: false } })
    await time.pass(100)
    stream.put('shard-0', 'b')
    await registry.update(uuid, { parameters })
    await time.pass(500)
    expect(seen()).toEqual(['a', 'b'])
  })

  // proves: state.last-result, stream.permission-lost
  it('tell LastProcessingResult as AWS does', async () => {
    let fails = true
    const { create, registry, time, stream } = streamRig({
      invoke: () => Promise.resolve(fails ? thrown() : answered()),
    })
    const { uuid, lastProcessingResult } = await create()
    expect(lastProcessingResult).toBe('No records processed')
    stream.put('shard-0', 'a')
    await time.pass(200)
    expect(registry.get(uuid)?.lastProcessingResult).toBe('PROBLEM: Function call failed')
    fails = false
    await time.pass(60_000)
    expect(registry.get(uuid)?.lastProcessingResult).toBe('OK')
  })

  it('of queues have no LastProcessingResult', async () => {
    const { create, queue, time, registry } = queueRig()
    const { uuid } = await create()
    queue.send('one')
    await time.pass(100)
    expect(registry.get(uuid)?.lastProcessingResult).toBe('No records processed')
    expect(registry.status(uuid)?.lastProcessingResult).toBeNull()
  })

  it('are written down in the order of their changes, however slow the store is', async () => {
    const memory = createMemoryStore()
    const held = Promise.withResolvers<void>()
    let first = true
    const store = {
      ...memory,
      putMapping: async (document: Parameters<typeof memory.putMapping>[0]) => {
        if (document.tags['a'] === '1' && first) {
          first = false
          await held.promise
        }
        await memory.putMapping(document)
      },
    }
    const { create, registry, time } = queueRig({ store })
    const { uuid } = await create()
    await time.pass(10)
    const writes = [registry.tag(uuid, { a: '1' }), registry.tag(uuid, { a: '2' })]
    await time.settle()
    held.resolve()
    await Promise.all(writes)
    expect((await memory.mappings())[0]?.tags).toEqual({ a: '2' })
  })

  it('follow the visibility of their queue when that is changed', async () => {
    const time = manualClock()
    const queue = createMemoryQueue({ clock: time.clock })
    let visibilityMs = 30_000
    const asked = new Set<number | null>()
    const source: Source = {
      ...queue,
      describe: async (signal) => ({ ...(await queue.describe(signal)), visibilityMs }) as DescribeResult,
      read: (request, signal) => {
        asked.add(request.visibilityMs)
        return queue.read(request, signal)
      },
    }
    const { create, registry } = engineRig({ time, source })
    registry.start()
    await create(queue.arn)
    await time.pass(5_000)
    visibilityMs = 2_000
    await time.pass(60_000)
    expect([...asked]).toEqual([30_000, 33_000])
  })

  it('take a clock that is off by the grain of a Date header for a right one', async () => {
    const time = manualClock()
    const stream = createMemoryStream({ clock: time.clock })
    const asked: ReadRequest['from'][] = []
    const source: Source = {
      ...stream,
      clockOffsetMs: () => 900,
      read: (request, signal) => {
        asked.push(request.from)
        return stream.read(request, signal)
      },
    }
    const { create, registry } = engineRig({ time, source })
    registry.start()
    const { createdMs } = await create(stream.arn, { StartingPosition: 'LATEST' })
    await time.pass(10)
    expect(asked[0]).toEqual({ at: 'time', ms: createdMs, orNow: true })
  })

  // proves: state.function-missing
  it('do not receive while their function does not exist, and begin when it does', async () => {
    let there = false
    const { create, queue, time, registry } = queueRig({
      describeFunction: () =>
        there
          ? { kind: 'found', arn: null, timeoutMs: null, concurrency: null }
          : { kind: 'missing', message: 'Function not found' },
    })
    queue.send('one')
    const { uuid } = await create()
    await time.pass(10_000)
    expect(queue.counts.reads).toBe(0)
    const missing = registry.status(uuid)
    expect(missing).toMatchObject({ state: 'Enabled', pauseReasons: ['function missing'], sourceTrouble: null })
    expect(missing?.functionTrouble).toMatchObject({ kind: 'missing', message: 'Function not found' })
    there = true
    await time.pass(10_000)
    expect(queue.bodies()).toEqual([])
    expect(registry.status(uuid)).toMatchObject({ pauseReasons: [], functionTrouble: null })
  })
})

describe('flows', () => {
  it('start again from their checkpoint after an assertion failed, and the process lives', async () => {
    let planted = 0
    const startMachine: StartMachine = (config) => {
      const real = startCoreMachine(config)
      return {
        ...real,
        step: (event, ...rest) => {
          if (event.kind === 'invoked' && planted++ === 0) throw new Error('impossible')
          return real.step(event, ...rest)
        },
      }
    }
    const { create, stream, time, seen } = streamRig({ startMachine })
    await create()
    stream.put('shard-0', 'a')
    await time.pass(5_000)
    expect(seen()).toEqual(['a', 'a'])
  })

  // proves: stream.checkpoint
  it('lose nothing when the process dies between any two moments: only repeats', async () => {
    const store = createMemoryStore()
    const time = manualClock()
    const stream = createMemoryStream({ clock: time.clock })
    const first = engineRig({ time, store, source: stream })
    first.registry.start()
    await first.create(stream.arn, { StartingPosition: 'LATEST' })
    await time.settle()
    // The first process is never heard of again; nothing was read, but the moment of the creation is known.
    const second = engineRig({ time, store, source: stream })
    await time.pass(10)
    stream.put('shard-0', 'a')
    await second.registry.load()
    second.registry.start()
    await time.pass(1_000)
    expect(second.events).toHaveLength(1)
  })

  it('go on with the children when a parent vanishes from the source', async () => {
    const { create, stream, time, seen, registry } = streamRig()
    const { uuid } = await create()
    stream.put('shard-0', 'a')
    await time.pass(500)
    stream.split('shard-0', ['left', 'right'])
    stream.put('left', 'b')
    stream.put('right', 'c')
    stream.dropShard('shard-0')
    await time.pass(60_000)
    expect(seen().toSorted()).toEqual(['a', 'b', 'c'])
    expect(
      registry
        .status(uuid)
        ?.flows.map(({ flow }) => flow)
        .toSorted(),
    ).toEqual(['left', 'right'])
  })

  it('read a stream that lives anew from its beginning (floci#2076)', async () => {
    const { create, stream, time, seen } = streamRig()
    await create({ StartingPosition: 'LATEST' })
    await time.pass(100)
    stream.put('shard-0', 'a')
    await time.pass(500)
    stream.recreate()
    stream.put('shard-0', 'b')
    await time.pass(60_000)
    expect(seen()).toEqual(['a', 'b'])
  })

  it('learn the ARN of a stream that was given by its name, write it down, and take no second mapping of it', async () => {
    const store = createMemoryStore()
    const { create, registry, stream, time } = streamRig({ store })
    const { uuid } = await create({}, 'kinesis:s')
    expect(registry.get(uuid)?.sourceArn).toBeUndefined()
    await time.pass(100)
    expect(registry.get(uuid)).toMatchObject({ sourceName: 'kinesis:s', sourceArn: stream.arn })
    expect((await store.mappings())[0]).toMatchObject({ sourceName: 'kinesis:s', sourceArn: stream.arn })
    await expect(create()).rejects.toThrow(
      `already exists. Please update or delete the existing mapping with UUID ${uuid}`,
    )
    const other = await create({ FunctionName: 'invoices' })
    expect(registry.get(other.uuid)?.sourceArn).toBeUndefined()
  })

  it.each([-3_600_000, 3_600_000])(
    'judge the age of records by the clock of their source, %i ms from ours',
    async (offsetMs) => {
      const { create, stream, time, seen } = streamRig()
      stream.faults.clockOffsetMs = offsetMs
      await create({ MaximumRecordAgeInSeconds: 60 })
      await time.pass(100)
      const sourceMs = time.clock.wallMs() + offsetMs
      stream.put('shard-0', 'old', { arrivedMs: sourceMs - 61_000 })
      stream.put('shard-0', 'young', { arrivedMs: sourceMs - 50_000 })
      await time.pass(1_000)
      expect(seen()).toEqual(['young'])
    },
  )

  it('finish what they hold of a shard that vanished, before its children are read', async () => {
    let fails = true
    const { create, stream, time, seen, registry } = streamRig({
      invoke: () => Promise.resolve(fails ? thrown() : answered()),
    })
    const { uuid } = await create()
    stream.put('shard-0', 'a')
    await time.pass(500)
    stream.addShard('child', ['shard-0'])
    stream.put('child', 'b')
    stream.dropShard('shard-0')
    await time.pass(120_000)
    expect(registry.status(uuid)?.flows.map(({ flow, held }) => [flow, held])).toEqual([
      ['shard-0', 1],
      ['child', 0],
    ])
    fails = false
    const before = seen().length
    await time.pass(60_000)
    expect(seen().slice(before)).toEqual(['a', 'b'])
  })

  it('of many idle shards look less often than one alone', async () => {
    const shardIds = Array.from({ length: 50 }, (_, index) => `shard-${index}`)
    const many = streamRig({}, shardIds)
    await many.create()
    await many.time.pass(1_000)
    const before = many.stream.counts.reads
    await many.time.pass(1_000)
    const perShard = (many.stream.counts.reads - before) / 50
    expect(perShard).toBeLessThanOrEqual(6)
    const [mapping] = many.registry.list()
    expect(many.census.tipMsMax).toBe(200)
    await many.registry.delete(mapping?.uuid ?? '')
    await many.time.pass(100)
    expect(many.census.tipMsMax).toBe(20)
    const one = streamRig()
    await one.create()
    await one.time.pass(1_000)
    const beforeOne = one.stream.counts.reads
    await one.time.pass(1_000)
    expect(one.stream.counts.reads - beforeOne).toBeGreaterThan(20)
  })

  it('keep a failing batch and its attempts while other mappings come and go', async () => {
    const poison = (payload: string): boolean => payload.includes(Buffer.from('poison').toString('base64'))
    const { create, stream, time, seen, events, registry } = streamRig({
      invoke: ({ payload, functionName }) =>
        Promise.resolve(functionName === 'orders' && poison(payload) ? thrown() : answered()),
    })
    await create({ BatchSize: 1, MaximumRetryAttempts: 2 })
    stream.put('shard-0', 'poison')
    await time.pass(100)
    for (let round = 0; round < 8; round++) {
      const { uuid } = await create({ FunctionName: `neighbour-${round}`, StartingPosition: 'LATEST' })
      await time.pass(200)
      await registry.delete(uuid)
      await time.pass(200)
    }
    stream.put('shard-0', 'sound')
    await time.pass(10_000)
    expect(seen()).toEqual(['poison', 'poison', 'poison', 'sound'])
    expect(events.filter(poison)).toHaveLength(3)
  })
})

describe('positions', () => {
  it('move over records that the filter drops (ministack PR 1034)', async () => {
    const { create, stream, time, seen, store } = streamRig()
    const { uuid } = await create({ FilterCriteria: { Filters: [{ Pattern: '{"data":{"keep":[true]}}' }] } })
    stream.put('shard-0', '{"keep":true}')
    let last = ''
    for (let index = 0; index < 30; index++) last = stream.put('shard-0', '{"keep":false}')
    await time.pass(5_000)
    expect(seen()).toEqual(['{"keep":true}'])
    expect((await store.checkpoints(uuid))[0]?.checkpoint.watermark).toBe(last)
  })

  it('are kept by an update of a mapping that began at LATEST: nothing is lost (awsdocs/lambda#487)', async () => {
    const { create, stream, time, seen, registry } = streamRig()
    const { uuid, parameters } = await create({ StartingPosition: 'LATEST' })
    await time.pass(100)
    const expected: string[] = []
    for (let round = 1; round <= 5; round++) {
      stream.put('shard-0', `before ${round}`)
      await registry.update(uuid, { parameters: { ...parameters, BatchSize: round } })
      stream.put('shard-0', `after ${round}`)
      expected.push(`before ${round}`, `after ${round}`)
      await time.pass(1_000)
    }
    expect(seen()).toEqual(expected)
  })

  it('of two mappings on one stream are apart: each has its own (LocalStack#7918)', async () => {
    const { create, stream, time, store, events } = streamRig()
    const [one, two] = [await create(), await create({ FunctionName: 'other' })]
    const last = stream.put('shard-0', 'a')
    await time.pass(1_000)
    expect(events).toHaveLength(2)
    for (const { uuid } of [one, two]) {
      expect((await store.checkpoints(uuid))[0]?.checkpoint.watermark).toBe(last)
    }
  })
})

describe('a stop', () => {
  it('ends when the attempt that is out has ended, and keeps the checkpoint', async () => {
    const gate = Promise.withResolvers<void>()
    const { create, stream, time, registry, store } = streamRig({
      invoke: async () => {
        await gate.promise
        return answered()
      },
    })
    const { uuid } = await create()
    const position = stream.put('shard-0', 'a')
    await time.pass(100)
    let stopped = false
    const stopping = registry.stop().then(() => (stopped = true))
    await time.pass(1_000)
    expect(stopped).toBe(false)
    gate.resolve()
    await stopping
    expect((await store.checkpoints(uuid))[0]?.checkpoint.watermark).toBe(position)
    expect(registry.get(uuid)?.state).toBe('Enabled')
  })

  it('refuses what would begin meanwhile', async () => {
    const { create, registry, time } = queueRig()
    const { uuid, parameters } = await create()
    await time.pass(10)
    const stopping = registry.stop()
    await expect(create({ FunctionName: 'other' })).rejects.toMatchObject({ type: 'ServiceException' })
    await expect(registry.update(uuid, { parameters })).rejects.toMatchObject({ type: 'ServiceException' })
    await time.pass(5_000)
    await stopping
  })

  it('can be cut short', async () => {
    const { create, queue, time, registry } = queueRig({ invoke: (_, signal) => hang(signal) })
    await create()
    queue.send('one')
    await time.pass(100)
    const stopping = registry.stop()
    registry.abort()
    await stopping
    expect(queue.sizes()).toMatchObject({ total: 1 })
  })
})

function hang(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true })
  })
}
