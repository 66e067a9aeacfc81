import { describe, expect, it } from 'vitest'
import { createAdoption } from '../../../src/engine/adopt-service.ts'
import type { AdoptionParts } from '../../../src/engine/adopt.ts'
import type { Log } from '../../../src/observe/log.ts'
import type { Source, Store } from '../../../src/ports.ts'
import { createMemoryStore } from '../../../src/store/memory.ts'
import { createMemoryQueue } from '../../support/sources/memory-queue.ts'
import { createMemoryStream } from '../../support/sources/memory-stream.ts'
import { createUpstreamLambda, type UpstreamLambda } from '../../support/upstream-lambda.ts'
import { engineRig, place } from './engine-rig.ts'
import { manualClock } from '../../support/manual-clock.ts'

const functionArn = 'arn:aws:lambda:us-east-1:000000000000:function:orders'
const queueArn = 'arn:aws:sqs:us-east-1:000000000000:memory'
const declared = { EventSourceArn: queueArn, FunctionArn: functionArn, BatchSize: 10 }

interface Options {
  readonly mode?: AdoptionParts['mode']
  readonly time?: ReturnType<typeof manualClock>
  readonly upstream?: UpstreamLambda | null
  readonly store?: Store
  readonly source?: Source
  readonly remembers?: boolean
}

async function rigOf(options: Options = {}) {
  const time = options.time ?? manualClock()
  const queue = createMemoryQueue({ clock: time.clock })
  const upstream = options.upstream === undefined ? createUpstreamLambda() : options.upstream
  const store = options.store ?? createMemoryStore()
  const rig = engineRig({ time, store, source: options.source ?? queue })
  const lines: string[] = []
  const write = (_: object, message: string) => void lines.push(message)
  const log: Log = { debug: write, info: write, warn: write, error: write, child: () => log }
  const adoption = createAdoption({
    mode: options.mode ?? 'on',
    upstream: upstream && upstream.port,
    registry: rig.registry,
    remembers: options.remembers ?? true,
    place,
    checkPattern: () => true,
    clock: time.clock,
    log,
  })
  await rig.registry.load()
  rig.registry.start()
  const lambda = upstream ?? createUpstreamLambda()
  return { ...rig, queue, upstream: lambda, adoption, lines, said: (part: string) => saidOf(lines, part) }
}

function saidOf(lines: readonly string[], part: string): number {
  return lines.filter((line) => line.includes(part)).length
}

/** A mapping of the stack that runs here already. */
async function adoptedRig(options: Options = {}) {
  const rig = await rigOf(options)
  rig.upstream.put('a', declared)
  rig.adoption.start()
  await rig.time.pass(3_000)
  expect(rig.registry.get('a')?.state).toBe('Enabled')
  return rig
}

async function stopped({ adoption, registry, time }: Awaited<ReturnType<typeof rigOf>>): Promise<void> {
  await adoption.stop()
  const over = registry.stop()
  await time.pass(5_000)
  await over
}

describe('a mapping that a stack created upstream', () => {
  it('is disabled there and runs here under its UUID, as the stack declared it', async () => {
    const { registry, upstream, queue, events, time } = await adoptedRig()
    expect(upstream.orders).toEqual(['update a {"Enabled":false}'])
    expect(registry.get('a')).toMatchObject({
      uuid: 'a',
      origin: 'adopted',
      functionArn,
      parameters: { Enabled: true, BatchSize: 10 },
      adopted: { phase: 'taken' },
    })
    queue.send('one')
    await time.pass(1_000)
    expect(events).toHaveLength(1)
  })

  it('reads nothing here before the upstream says Disabled', async () => {
    const { adoption, upstream, queue, time, registry, said } = await rigOf()
    upstream.put('a', declared)
    upstream.ignoreChanges()
    adoption.start()
    await time.pass(60_000)
    expect(upstream.orders.length).toBeGreaterThan(10)
    expect(upstream.orders.length).toBeLessThan(60)
    expect(registry.get('a')?.state).toBe('Disabled')
    expect(queue.counts.reads).toBe(0)
    expect(said('takes the order to disable it and leaves it enabled')).toBe(1)
    upstream.put('a', { State: 'Disabled' })
    await time.pass(3_000)
    expect(registry.get('a')?.state).toBe('Enabled')
  })

  it('stays with an upstream that refuses, and that is said once', async () => {
    const { adoption, upstream, time, registry, said, queue } = await rigOf()
    upstream.put('a', declared)
    upstream.answerChanges({ kind: 'refused', message: 'UnknownOperation' })
    adoption.start()
    await time.pass(60_000)
    expect(registry.list()).toEqual([])
    expect(queue.counts.reads).toBe(0)
    expect(upstream.orders).toHaveLength(1)
    expect(said('The upstream refuses to disable it. Both would poll, so it is left to the upstream: Unknown')).toBe(1)
  })

  it('is asked for again after an answer that was lost', async () => {
    const { adoption, upstream, time, registry, said } = await rigOf()
    upstream.put('a', declared)
    upstream.answerChanges({ kind: 'failed', message: 'socket hang up' })
    adoption.start()
    await time.pass(10_000)
    expect(said('did not disable it yet, and is asked again: socket hang up')).toBe(1)
    upstream.answerChanges(null)
    await time.pass(10_000)
    expect(registry.get('a')?.state).toBe('Enabled')
  })

  it('stays disabled when the stack declared it so, until the stack enables it', async () => {
    const { adoption, upstream, time, registry } = await rigOf()
    upstream.put('a', { ...declared, State: 'Disabled' })
    adoption.start()
    await time.pass(3_000)
    expect(registry.get('a')).toMatchObject({ state: 'Disabled', adopted: { phase: 'taken' } })
    expect(upstream.orders).toEqual([])
    upstream.put('a', { State: 'Enabled' })
    await time.pass(5_000)
    expect(registry.get('a')?.state).toBe('Enabled')
    expect(upstream.get('a')?.['State']).toBe('Disabled')
  })

  it('that Millrace cannot run is left alone, and named once', async () => {
    const { adoption, upstream, time, registry, lines } = await rigOf()
    upstream.put('kafka', { FunctionArn: functionArn, Topics: ['t'], SelfManagedEventSource: {} })
    upstream.put('fan', {
      EventSourceArn: 'arn:aws:kinesis:us-east-1:000000000000:stream/s/consumer/c:1',
      FunctionArn: functionArn,
    })
    upstream.put('secret', { ...declared, KMSKeyArn: 'arn:aws:kms:us-east-1:000000000000:key/k', FilterCriteria: null })
    adoption.start()
    await time.pass(20_000)
    expect(registry.list()).toEqual([])
    expect(upstream.orders).toEqual([])
    expect(lines.filter((line) => line.includes('leaves it to the upstream'))).toEqual([
      expect.stringContaining('it reads neither queue nor stream'),
      expect.stringContaining('enhanced fan-out'),
      expect.stringContaining('its filter is encrypted'),
    ])
  })

  it('is read in the words of an emulator: members of other sources, none of its own', async () => {
    const { adoption, upstream, time, registry } = await rigOf()
    upstream.put('a', {
      EventSourceArn: queueArn,
      FunctionName: 'orders',
      BatchSize: null,
      StartingPosition: 'LATEST',
      ParallelizationFactor: 1,
      Topics: [],
      MaximumRetryAttempts: -1,
      DestinationConfig: { OnFailure: {} },
      FilterCriteria: { Filters: [{ Pattern: '{"body":["x"]}' }] },
    })
    adoption.start()
    await time.pass(3_000)
    const { parameters } = registry.get('a') ?? {}
    expect(parameters).toEqual({
      EventSourceArn: queueArn,
      FunctionName: 'orders',
      Enabled: true,
      BatchSize: 10,
      MaximumBatchingWindowInSeconds: 0,
      FilterCriteria: { Filters: [{ Pattern: '{"body":["x"]}' }] },
      FunctionResponseTypes: [],
    })
  })
})

describe('where a stream begins that was adopted', () => {
  const streamRig = async (position: string | undefined) => {
    const time = manualClock(1_700_000_100_000)
    const stream = createMemoryStream({ clock: time.clock, shardIds: ['shard-0'] })
    const rig = await rigOf({ time, source: stream })
    rig.upstream.put('a', { EventSourceArn: stream.arn, FunctionArn: functionArn, StartingPosition: position })
    return { ...rig, stream }
  }

  it('LATEST: when the upstream last says it was changed, so that nothing written since is left out', async () => {
    const { adoption, time, registry, stream, events } = await streamRig('LATEST')
    stream.put('shard-0', 'written before it was adopted')
    adoption.start()
    await time.pass(5_000)
    expect(registry.get('a')?.createdMs).toBe(1_700_000_000_000)
    expect(events).toHaveLength(1)
  })

  it('LATEST: now at the latest, whatever the clock of the upstream says', async () => {
    const time = manualClock(1_600_000_000_000)
    const rig = await adoptedRig({ time })
    expect(rig.registry.get('a')?.createdMs).toBe(1_600_000_000_000)
  })

  it('TRIM_HORIZON, also where an emulator does not say: at the beginning, since nobody tells how far the upstream came', async () => {
    const { adoption, time, registry, stream, events } = await streamRig(undefined)
    stream.put('shard-0', 'old')
    adoption.start()
    await time.pass(5_000)
    expect(registry.get('a')?.parameters.StartingPosition).toBe('TRIM_HORIZON')
    expect(events).toHaveLength(1)
  })
})

it.each([
  ['BatchSize', '7', { BatchSize: 7 }],
  ['ScalingConfig', { MaximumConcurrency: '5' }, { ScalingConfig: { MaximumConcurrency: 5 } }],
])('a %s that came as text from a template’s parameter is read as a number', async (name, text, parameters) => {
  const { adoption, registry, time, upstream } = await rigOf()
  upstream.put('a', { ...declared, [name]: text })
  adoption.start()
  await time.pass(3_000)
  expect(registry.get('a')).toMatchObject({ state: 'Enabled', parameters })
  // Nor is the number that an emulator writes later a change of the stack.
  const before = registry.get('a')?.lastModifiedMs
  upstream.put('a', { ...parameters, State: 'Enabled' })
  await time.pass(5_000)
  expect(registry.get('a')).toMatchObject({ state: 'Enabled', parameters, lastModifiedMs: before })
})

it('a text that is no number is left to the upstream', async () => {
  const { adoption, registry, time, upstream, said } = await rigOf()
  upstream.put('a', { ...declared, BatchSize: 'many' })
  adoption.start()
  await time.pass(3_000)
  expect(registry.list()).toEqual([])
  expect(said('Millrace cannot run it')).toBe(1)
})

describe('an upstream whose LastModified never moves', () => {
  it('hides that a stack disables a mapping: that is said once for all, with the command that disables', async () => {
    // Fractions of a second, as LocalStack has them: the same twice is no chance.
    const { adoption, registry, time, upstream, said } = await rigOf({
      upstream: createUpstreamLambda(1_700_000_000_500),
    })
    upstream.neverModified()
    upstream.put('a', declared)
    upstream.put('b', { ...declared, FunctionArn: `${functionArn}2` })
    adoption.start()
    await time.pass(3_000)
    expect([registry.get('a')?.state, registry.get('b')?.state]).toEqual(['Enabled', 'Enabled'])
    expect(said('millrace mappings update UUID --no-enabled')).toBe(1)
    upstream.put('a', { State: 'Disabled' })
    await time.pass(5_000)
    expect(registry.get('a')?.state).toBe('Enabled')
  })

  it('is not presumed where it moves', async () => {
    const { said } = await adoptedRig()
    expect(said('does not tell when a mapping is written')).toBe(0)
  })
})

describe('what the stack does later', () => {
  it('is taken over', async () => {
    const { registry, upstream, time, said } = await adoptedRig()
    upstream.put('a', { BatchSize: 3, FunctionArn: `${functionArn}:live` })
    await time.pass(3_000)
    expect(registry.get('a')).toMatchObject({
      state: 'Enabled',
      functionArn: `${functionArn}:live`,
      parameters: { BatchSize: 3 },
    })
    expect(said('It was changed upstream; the change is taken over.')).toBe(1)
  })

  it('does not have both poll: enabled again, it is disabled again', async () => {
    const { registry, upstream, time, said } = await adoptedRig()
    upstream.put('a', { State: 'Enabled', BatchSize: 3 })
    await time.pass(5_000)
    expect(upstream.get('a')?.['State']).toBe('Disabled')
    expect(registry.get('a')).toMatchObject({ state: 'Enabled', parameters: { BatchSize: 3 } })
    expect(said('being disabled there again')).toBe(1)
  })

  it('disables it here', async () => {
    const { registry, upstream, time } = await adoptedRig()
    upstream.put('a', {})
    await time.pass(5_000)
    expect(registry.get('a')?.state).toBe('Disabled')
  })

  it('is no trouble however often it enables it', async () => {
    const { upstream, time, said, registry } = await adoptedRig()
    for (let times = 0; times < 12; times++) {
      upstream.put('a', { State: 'Enabled', BatchSize: (times % 9) + 1 })
      await time.pass(5_000)
    }
    expect(said('takes the order')).toBe(0)
    expect(registry.get('a')?.state).toBe('Enabled')
  })

  it('is not read out of a LastModified that never holds still', async () => {
    const { upstream, time, registry } = await adoptedRig()
    upstream.alwaysModified()
    await time.pass(20_000)
    expect(registry.get('a')?.state).toBe('Enabled')
  })

  it('deletes it here', async () => {
    const { registry, upstream, time } = await adoptedRig()
    upstream.remove('a')
    await time.pass(6_000)
    expect(registry.list()).toEqual([])
  })
})

describe('an upstream that does not answer as it should', () => {
  it('is said once, asked again, and does no harm', async () => {
    const { registry, upstream, time, said } = await adoptedRig()
    upstream.answerList({ kind: 'failed', message: 'connection refused' })
    await time.pass(120_000)
    expect(said('cannot be listed')).toBe(1)
    expect(registry.get('a')?.state).toBe('Enabled')
    upstream.answerList(null)
    await time.pass(40_000)
    expect(said('can be listed.')).toBe(1)
    upstream.remove('a')
    await time.pass(6_000)
    expect(registry.list()).toEqual([])
  })

  it('is asked every 30 s only where it does not know the operations', async () => {
    const { upstream, time, said, adoption } = await rigOf()
    upstream.answerList({ kind: 'unsupported', message: '404' })
    adoption.start()
    await time.pass(120_000)
    expect(said('are not there to be adopted')).toBe(1)
    expect(upstream.lists).toBe(5)
  })

  it('is looked at every 2 s at rest, and not any more after a stop', async () => {
    const { upstream, time, adoption } = await adoptedRig()
    await time.pass(10_000)
    const before = upstream.lists
    await time.pass(10_000)
    expect(upstream.lists - before).toBe(5)
    await adoption.stop()
    await time.pass(10_000)
    expect(upstream.lists - before).toBe(5)
  })

  it('is not there at all: that is said', async () => {
    const { adoption, lines } = await rigOf({ upstream: null })
    adoption.start()
    expect(lines).toEqual([expect.stringContaining('--adopt does nothing')])
    await adoption.stop()
    await adoption.leave(new AbortController().signal)
  })
})

describe('--adopt=undo', () => {
  it('enables upstream what ran here, forgets it, and says when it is done', async () => {
    const store = createMemoryStore()
    const first = await adoptedRig({ store })
    await stopped(first)
    const { upstream, time } = first
    const second = await rigOf({ mode: 'undo', store, upstream, time })
    second.adoption.start()
    await time.pass(5_000)
    expect(upstream.get('a')?.['State']).toBe('Enabled')
    expect(second.registry.list()).toEqual([])
    expect(await store.mappings()).toEqual([])
    expect(second.said('everything that was adopted is with the upstream again')).toBe(1)
    const { lists } = upstream
    await time.pass(60_000)
    expect(upstream.lists).toBe(lists)
  })

  it('says when nothing is known of an adoption, and why', async () => {
    const { adoption, lines, time, upstream } = await rigOf({ mode: 'undo', remembers: false })
    upstream.put('a', { ...declared, State: 'Disabled' })
    adoption.start()
    await time.pass(3_000)
    expect(lines[0]).toContain('nothing is known of an earlier adoption (store memory: forgets with the process)')
    expect(upstream.orders).toEqual([])
  })
})

describe('a stop', () => {
  it('gives back what the store will forget, and nothing that it remembers', async () => {
    for (const remembers of [false, true]) {
      const rig = await adoptedRig({ remembers })
      const { adoption, upstream, time } = rig
      upstream.put('b', { ...declared, FunctionArn: `${functionArn}:b`, State: 'Disabled' })
      await time.pass(3_000)
      await stopped(rig)
      await adoption.leave(new AbortController().signal)
      const given = remembers ? [] : ['update a {"Enabled":true}']
      expect(upstream.orders).toEqual(['update a {"Enabled":false}', ...given])
    }
  })
})

describe('changes through our own port', () => {
  it('delete it upstream as well, so that it does not come back', async () => {
    const { adoption, registry, upstream, time } = await adoptedRig()
    await adoption.mappings.delete('a')
    await time.pass(10_000)
    expect(upstream.get('a')).toBeUndefined()
    expect(registry.list()).toEqual([])
  })

  it('do not delete it here when the upstream does not', async () => {
    const { adoption, registry, upstream } = await adoptedRig()
    upstream.answerChanges({ kind: 'failed', message: 'socket hang up' })
    await expect(adoption.mappings.delete('a')).rejects.toMatchObject({
      type: 'ServiceException',
      message: expect.stringContaining('it would come back: socket hang up'),
    })
    upstream.answerChanges({ kind: 'busy', message: 'in use' })
    await expect(adoption.mappings.delete('a')).rejects.toMatchObject({ type: 'ResourceInUseException' })
    expect(registry.get('a')?.state).toBe('Enabled')
  })

  it('are passed on, cleared members too, and are not taken for changes of the stack', async () => {
    const { adoption, registry, upstream, time, lines } = await adoptedRig()
    const { parameters } = registry.get('a') ?? {}
    if (parameters === undefined) throw new Error('gone')
    const criteria = { Filters: [{ Pattern: '{"body":["x"]}' }] }
    await adoption.mappings.update('a', { parameters: { ...parameters, BatchSize: 5, FilterCriteria: criteria } })
    await time.pass(5_000)
    await adoption.mappings.update('a', { parameters: { ...parameters, BatchSize: 5 } })
    await time.pass(5_000)
    expect(upstream.orders.slice(1)).toEqual([
      `update a {"BatchSize":5,"FilterCriteria":${JSON.stringify(criteria)},"Enabled":false}`,
      'update a {"FilterCriteria":{},"Enabled":false}',
    ])
    expect(registry.get('a')).toMatchObject({ state: 'Enabled', parameters: { BatchSize: 5 } })
    expect(registry.get('a')?.parameters.FilterCriteria).toBeUndefined()
    expect(lines.filter((line) => line.includes('stays disabled') || line.includes('changed upstream'))).toEqual([])
    expect(registry.get('a')?.adopted?.declared).toContain('"BatchSize":5')
  })

  it('hold here where the upstream does not take them', async () => {
    const { adoption, registry, upstream, time, said } = await adoptedRig()
    const { parameters } = registry.get('a') ?? {}
    if (parameters === undefined) throw new Error('gone')
    upstream.answerChanges({ kind: 'refused', message: 'no' })
    await adoption.mappings.update('a', { parameters: { ...parameters, BatchSize: 5 } })
    await time.pass(5_000)
    expect(registry.get('a')).toMatchObject({ state: 'Enabled', parameters: { BatchSize: 5 } })
    expect(said('the upstream did not take it')).toBe(1)
  })

  it('are not taken for the stack’s where the upstream takes them and forgets them', async () => {
    const { adoption, registry, upstream, time } = await adoptedRig()
    const { parameters } = registry.get('a') ?? {}
    if (parameters === undefined) throw new Error('gone')
    upstream.ignoreChanges()
    await adoption.mappings.update('a', { parameters: { ...parameters, BatchSize: 5 } })
    await time.pass(10_000)
    expect(registry.get('a')).toMatchObject({ state: 'Enabled', parameters: { BatchSize: 5 } })
  })

  it('delete here what is already gone upstream', async () => {
    const { adoption, registry, upstream, time } = await adoptedRig()
    upstream.remove('a')
    await adoption.mappings.delete('a')
    await time.pass(1_500)
    expect(registry.list()).toEqual([])
  })

  it('wait for a look that is under way', async () => {
    const { adoption, upstream, time } = await adoptedRig()
    const { list } = upstream.port
    const gate = Promise.withResolvers<void>()
    Object.assign(upstream.port, { list: (signal: AbortSignal) => gate.promise.then(() => list(signal)) })
    await time.pass(3_000)
    const deleted = adoption.mappings.delete('a')
    await time.pass(100)
    expect(upstream.orders).toHaveLength(1)
    gate.resolve()
    await deleted
    expect(upstream.orders.at(-1)).toBe('delete a')
  })

  it('of Enabled are ours alone', async () => {
    const { adoption, registry, upstream, time } = await adoptedRig()
    const { parameters } = registry.get('a') ?? {}
    if (parameters === undefined) throw new Error('gone')
    await adoption.mappings.update('a', { parameters: { ...parameters, Enabled: false } })
    await time.pass(5_000)
    expect(registry.get('a')?.state).toBe('Disabled')
    await adoption.mappings.update('a', { parameters })
    await time.pass(5_000)
    expect(registry.get('a')?.state).toBe('Enabled')
    expect(upstream.orders).toHaveLength(1)
  })

  it('wait for the end of an adoption that is under way', async () => {
    const { adoption, upstream, time } = await rigOf()
    upstream.put('a', declared)
    upstream.ignoreChanges()
    adoption.start()
    await time.pass(3_000)
    await expect(adoption.mappings.delete('a')).rejects.toMatchObject({ type: 'ResourceInUseException' })
  })

  it('of what was made here stay here', async () => {
    const { adoption, create, time, upstream, registry } = await rigOf()
    const { uuid, parameters } = await create(queueArn)
    await time.pass(1_000)
    await adoption.mappings.update(uuid, { parameters: { ...parameters, BatchSize: 4 } })
    await time.pass(1_000)
    await adoption.mappings.delete(uuid)
    await time.pass(1_000)
    expect(registry.list()).toEqual([])
    expect(upstream.orders).toEqual([])
  })
})

describe('a phase that the store does not take', () => {
  it('is none, so that the upstream is not told before it is written down', async () => {
    const memory = createMemoryStore()
    let isFull = false
    const store: Store = {
      ...memory,
      putMapping: (document) => (isFull ? Promise.reject(new Error('disk full')) : memory.putMapping(document)),
    }
    const { upstream, time, registry, said } = await adoptedRig({ store })
    isFull = true
    upstream.put('a', { State: 'Enabled' })
    await time.pass(10_000)
    expect(registry.get('a')?.adopted?.phase).toBe('taken')
    expect(upstream.orders).toHaveLength(1)
    expect(said('It could not be written down: Error: disk full')).toBe(1)
  })
})
