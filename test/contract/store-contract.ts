import fc from 'fast-check'
import { afterEach, describe, expect, it } from 'vitest'
import type { Checkpoint } from '../../src/model/checkpoint.ts'
import type { MappingDocument } from '../../src/model/mapping.ts'
import type { Store } from '../../src/ports.ts'

export interface StoreUnderTest {
  readonly store: Store
  /** Closes the store and opens what it left behind; null where nothing stays behind. */
  readonly reopen: (() => Promise<Store>) | null
  cleanUp(): Promise<void>
}

export function checkpointAt(watermark: string | null, changes: Partial<Checkpoint> = {}): Checkpoint {
  return { incarnation: 'first', watermark, completed: [], window: null, done: false, ...changes }
}

export function mappingDocument(uuid: string, changes: Partial<MappingDocument> = {}): MappingDocument {
  return {
    uuid,
    origin: 'api',
    source: 'sqs',
    sourceName: 'arn:aws:sqs:us-east-1:000000000000:orders',
    functionArn: 'arn:aws:lambda:us-east-1:000000000000:function:orders',
    state: 'Enabled',
    stateTransitionReason: 'USER_INITIATED',
    createdMs: 1_000,
    lastModifiedMs: 1_000,
    lastProcessingResult: '',
    tags: {},
    parameters: {
      EventSourceArn: 'arn:aws:sqs:us-east-1:000000000000:orders',
      FunctionName: 'orders',
      Enabled: true,
      BatchSize: 10,
      MaximumBatchingWindowInSeconds: 0,
      FunctionResponseTypes: [],
    },
    ...changes,
  }
}

/** What every `Store` promises; run against each of them. */
export function describeStore(name: string, open: () => Promise<StoreUnderTest>): void {
  describe(`the ${name} store`, () => {
    const opened: StoreUnderTest[] = []
    const openOne = async (): Promise<StoreUnderTest> => {
      const one = await open()
      opened.push(one)
      return one
    }
    afterEach(async () => {
      for (const one of opened.splice(0)) await one.cleanUp()
    })

    keepsMappings(openOne)
    keepsCheckpoints(openOne)
    fences(openOne)
    survives(openOne)
  })
}

type Open = () => Promise<StoreUnderTest>

function keepsMappings(open: Open): void {
  it('finds nothing wrong with what it wrote itself', async () => {
    const { store, reopen } = await open()
    await store.putMapping(mappingDocument('a'))
    await store.putMapping(mappingDocument('b'))
    await store.openFlow('a', 's1')
    const { fence } = await store.openFlow('a', 's2')
    await store.writeCheckpoint('a', 's2', fence, checkpointAt('1'))
    await store.putMapping(mappingDocument('a', { state: 'Disabled' }), 'process')
    await store.deleteCheckpoint('a', 's1')
    await store.deleteMapping('b')
    expect(store.findings()).toEqual({ damaged: [], lost: [] })
    const again = (await reopen?.()) ?? store
    expect(again.findings()).toEqual({ damaged: [], lost: [] })
    expect(await again.mappings()).toEqual([mappingDocument('a', { state: 'Disabled' })])
  })

  it('changes nothing by being tried', async () => {
    const { store } = await open()
    await store.putMapping(mappingDocument('a'))
    const { fence } = await store.openFlow('a', 's')
    await store.probe()
    expect(await store.mappings()).toEqual([mappingDocument('a')])
    expect(await store.writeCheckpoint('a', 's', fence, checkpointAt('1'))).toBe('written')
    expect((await store.openFlow('a', 's')).fence).toBe(fence + 1)
  })

  it('starts with nothing', async () => {
    const { store } = await open()
    expect(await store.mappings()).toEqual([])
    expect(await store.checkpoints('a')).toEqual([])
  })

  it('gives a mapping back as it was put, whatever its texts hold', async () => {
    const { store } = await open()
    const document = mappingDocument('a', {
      tags: { 'e\u0301 \u0000 "': "'; DROP TABLE mapping; --", empty: '' },
      lastProcessingResult: '🚰\n',
      createdMs: 1_763_710_821_000.5,
    })
    await store.putMapping(document)
    expect(await store.mappings()).toEqual([document])
  })

  it('replaces a mapping that is put again', async () => {
    const { store } = await open()
    await store.putMapping(mappingDocument('a', { tags: { old: '1' } }))
    await store.putMapping(mappingDocument('a', { state: 'Disabled' }))
    expect(await store.mappings()).toEqual([mappingDocument('a', { state: 'Disabled' })])
  })

  it('lists mappings oldest first, then by UUID', async () => {
    const { store } = await open()
    const documents = [
      mappingDocument('b', { createdMs: 2 }),
      mappingDocument('a', { createdMs: 2 }),
      mappingDocument('z', { createdMs: 1 }),
      mappingDocument('c', { createdMs: 10 }),
    ]
    await Promise.all(documents.map((document) => store.putMapping(document)))
    expect((await store.mappings()).map(({ uuid }) => uuid)).toEqual(['z', 'a', 'b', 'c'])
  })

  it('hands out copies: what a caller does to them changes nothing', async () => {
    const { store } = await open()
    const document = mappingDocument('a')
    await store.putMapping(document)
    const [copy] = await store.mappings()
    Object.assign(copy ?? {}, { state: 'Deleting' })
    expect(copy).not.toBe(document)
    expect(await store.mappings()).toEqual([mappingDocument('a')])
  })

  it('forgets a mapping with its checkpoints and leaves the others alone', async () => {
    const { store } = await open()
    await store.putMapping(mappingDocument('a'))
    await store.putMapping(mappingDocument('b'))
    for (const uuid of ['a', 'b']) {
      const { fence } = await store.openFlow(uuid, 's')
      await store.writeCheckpoint(uuid, 's', fence, checkpointAt('1'))
    }
    await store.deleteMapping('a')
    expect(await store.mappings()).toEqual([mappingDocument('b')])
    expect(await store.checkpoints('a')).toEqual([])
    expect(await store.checkpoints('b')).toEqual([{ flow: 's', checkpoint: checkpointAt('1') }])
  })

  it('takes the removal of a mapping it does not have in its stride', async () => {
    const { store } = await open()
    await store.deleteMapping('nobody')
    await store.deleteCheckpoint('nobody', 's')
    expect(await store.mappings()).toEqual([])
  })
}

function keepsCheckpoints(open: Open): void {
  it('gives a checkpoint back whole to the next owner', async () => {
    const { store } = await open()
    const checkpoint = checkpointAt('49545115243490985018280067714973144582180062593244200961', {
      completed: [{ first: '3', last: '5' }],
      window: { startMs: 0, endMs: 60_000, state: '{"count":1}', phase: 'closing' },
      done: true,
    })
    const first = await store.openFlow('a', 'shardId-000000000000')
    expect(first.checkpoint).toBeNull()
    expect(await store.writeCheckpoint('a', 'shardId-000000000000', first.fence, checkpoint)).toBe('written')
    expect((await store.openFlow('a', 'shardId-000000000000')).checkpoint).toEqual(checkpoint)
  })

  it('keeps two mappings on one stream apart (own reading: key by mapping, stream, shard)', async () => {
    const { store } = await open()
    const a = await store.openFlow('a', 's')
    const b = await store.openFlow('b', 's')
    await store.writeCheckpoint('a', 's', a.fence, checkpointAt('7'))
    await store.writeCheckpoint('b', 's', b.fence, checkpointAt('2'))
    expect((await store.openFlow('a', 's')).checkpoint?.watermark).toBe('7')
    expect((await store.openFlow('b', 's')).checkpoint?.watermark).toBe('2')
  })

  it('lists the checkpoints of a mapping by flow, without the flows that have none', async () => {
    const { store } = await open()
    for (const flow of ['s2', 's1', 's3']) {
      const { fence } = await store.openFlow('a', flow)
      if (flow !== 's3') await store.writeCheckpoint('a', flow, fence, checkpointAt(flow))
    }
    expect(await store.checkpoints('a')).toEqual([
      { flow: 's1', checkpoint: checkpointAt('s1') },
      { flow: 's2', checkpoint: checkpointAt('s2') },
    ])
  })

  it('forgets one checkpoint and keeps the others of the mapping', async () => {
    const { store } = await open()
    for (const flow of ['s1', 's2']) {
      const { fence } = await store.openFlow('a', flow)
      await store.writeCheckpoint('a', flow, fence, checkpointAt(flow))
    }
    await store.deleteCheckpoint('a', 's1')
    expect((await store.checkpoints('a')).map(({ flow }) => flow)).toEqual(['s2'])
    expect((await store.openFlow('a', 's1')).checkpoint).toBeNull()
  })
}

function fences(open: Open): void {
  // KCL#1765: a handoff that came late.
  it('refuses the writes of an owner whose flow another one took over', async () => {
    const { store } = await open()
    const old = await store.openFlow('a', 's')
    await store.writeCheckpoint('a', 's', old.fence, checkpointAt('1'))
    const now = await store.openFlow('a', 's')
    expect(now.fence).toBeGreaterThan(old.fence)
    expect(await store.writeCheckpoint('a', 's', old.fence, checkpointAt('9'))).toBe('fenced')
    expect(await store.writeCheckpoint('a', 's', now.fence, checkpointAt('2'))).toBe('written')
    expect(await store.writeCheckpoint('a', 's', old.fence, checkpointAt('9'))).toBe('fenced')
    expect(await store.checkpoints('a')).toEqual([{ flow: 's', checkpoint: checkpointAt('2') }])
  })

  it('refuses a write to a flow that nobody opened', async () => {
    const { store } = await open()
    expect(await store.writeCheckpoint('a', 's', 0, checkpointAt('1'))).toBe('fenced')
    expect(await store.checkpoints('a')).toEqual([])
  })

  it.each(['deleteMapping', 'deleteCheckpoint'] as const)(
    'refuses an owner from before %s, also after the flow was opened anew',
    async (removal) => {
      const { store } = await open()
      const old = await store.openFlow('a', 's')
      await (removal === 'deleteMapping' ? store.deleteMapping('a') : store.deleteCheckpoint('a', 's'))
      expect(await store.writeCheckpoint('a', 's', old.fence, checkpointAt('9'))).toBe('fenced')
      const now = await store.openFlow('a', 's')
      expect(now.checkpoint).toBeNull()
      expect(await store.writeCheckpoint('a', 's', old.fence, checkpointAt('9'))).toBe('fenced')
      expect(await store.writeCheckpoint('a', 's', now.fence, checkpointAt('1'))).toBe('written')
    },
  )

  it('one flow taken over leaves the owners of the others in place', async () => {
    const { store } = await open()
    const mine = await store.openFlow('a', 's1')
    await store.openFlow('a', 's2')
    await store.openFlow('b', 's1')
    expect(await store.writeCheckpoint('a', 's1', mine.fence, checkpointAt('1'))).toBe('written')
  })

  it('obeys its last owner and nobody else, in any order of calls made at once', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(command, { maxLength: 40 }), async (commands) => {
        const { store } = await open()
        const model = new Model()
        const answers = commands.map(
          async (one, index) => [model.apply(one, index), await run(store, one, model.fenceOf(one), index)] as const,
        )
        for (const [expected, actual] of await Promise.all(answers)) expect(actual).toEqual(expected)
        for (const uuid of uuids) expect(await store.checkpoints(uuid)).toEqual(model.checkpoints(uuid))
      }),
      { numRuns: 60 },
    )
  })
}

function survives(open: Open): void {
  it('refuses everything after it was closed, and closes only once', async () => {
    const { store } = await open()
    await store.close()
    await store.close()
    await expect(store.mappings()).rejects.toThrow('is closed')
    await expect(store.putMapping(mappingDocument('a'))).rejects.toThrow('is closed')
    await expect(store.openFlow('a', 's')).rejects.toThrow('is closed')
    await expect(store.probe()).rejects.toThrow('is closed')
  })

  it('commits what was written before it was closed', async () => {
    const { store, reopen } = await open()
    const { fence } = await store.openFlow('a', 's')
    const writes = [
      store.putMapping(mappingDocument('a')),
      store.writeCheckpoint('a', 's', fence, checkpointAt('1')),
      store.close(),
    ]
    expect((await Promise.all(writes))[1]).toBe('written')
    if (!reopen) return
    const again = await reopen()
    expect(await again.mappings()).toEqual([mappingDocument('a')])
    expect(await again.checkpoints('a')).toEqual([{ flow: 's', checkpoint: checkpointAt('1') }])
  })

  it('fences owners from before a restart', async () => {
    const { store, reopen } = await open()
    if (!reopen) return
    const old = await store.openFlow('a', 's')
    await store.writeCheckpoint('a', 's', old.fence, checkpointAt('1'))
    const again = await reopen()
    const now = await again.openFlow('a', 's')
    expect(now).toEqual({
      fence: expect.toSatisfy((fence: number) => fence > old.fence),
      checkpoint: checkpointAt('1'),
    })
    expect(await again.writeCheckpoint('a', 's', old.fence, checkpointAt('9'))).toBe('fenced')
  })
}

const uuids = ['a', 'b']

/** `owner`: which of the fences handed out so far signs the write; 0 is the newest. */
type Command =
  | { readonly kind: 'open' | 'forget'; readonly uuid: string; readonly flow: string }
  | { readonly kind: 'write'; readonly uuid: string; readonly flow: string; readonly owner: number }
  | { readonly kind: 'remove'; readonly uuid: string }

const where = { uuid: fc.constantFrom(...uuids), flow: fc.constantFrom('s1', 's2') }
const command: fc.Arbitrary<Command> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('open' as const), ...where }) },
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('write' as const), ...where, owner: fc.nat(2) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('forget' as const), ...where }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('remove' as const), uuid: where.uuid }) },
)

/** The straightforward account of what a store must answer. */
class Model {
  /** Fences are handed out one after another, so the model can name them before the store answers. */
  #fence = 0
  readonly #flows = new Map<string, { fence: number; checkpoint: Checkpoint | null }>()
  readonly #fences: number[] = []

  apply(command: Command, index: number): unknown {
    switch (command.kind) {
      case 'open': {
        const key = `${command.uuid} ${command.flow}`
        this.#fence += 1
        this.#fences.unshift(this.#fence)
        const checkpoint = this.#flows.get(key)?.checkpoint ?? null
        this.#flows.set(key, { fence: this.#fence, checkpoint })
        return { fence: this.#fence, checkpoint }
      }
      case 'write': {
        const entry = this.#flows.get(`${command.uuid} ${command.flow}`)
        if (!entry || entry.fence !== this.fenceOf(command)) return 'fenced'
        entry.checkpoint = checkpointAt(String(index))
        return 'written'
      }
      case 'forget':
        this.#flows.delete(`${command.uuid} ${command.flow}`)
        return undefined
      case 'remove':
        for (const key of this.#flows.keys()) if (key.startsWith(`${command.uuid} `)) this.#flows.delete(key)
        return undefined
    }
  }

  fenceOf(command: Command): number {
    return command.kind === 'write' ? (this.#fences[command.owner] ?? -1) : -1
  }

  checkpoints(uuid: string): { flow: string; checkpoint: Checkpoint }[] {
    return [...this.#flows]
      .flatMap(([key, { checkpoint }]) =>
        key.startsWith(`${uuid} `) && checkpoint ? [{ flow: key.slice(uuid.length + 1), checkpoint }] : [],
      )
      .sort((x, y) => x.flow.localeCompare(y.flow))
  }
}

async function run(store: Store, command: Command, fence: number, index: number): Promise<unknown> {
  switch (command.kind) {
    case 'open':
      return await store.openFlow(command.uuid, command.flow)
    case 'write':
      return await store.writeCheckpoint(command.uuid, command.flow, fence, checkpointAt(String(index)))
    case 'forget':
      return await store.deleteCheckpoint(command.uuid, command.flow)
    case 'remove':
      return await store.deleteMapping(command.uuid)
  }
}
