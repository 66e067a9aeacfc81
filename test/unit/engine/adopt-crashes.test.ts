import { describe, expect, it } from 'vitest'
import { createAdoption } from '../../../src/engine/adopt-service.ts'
import type { AdoptionParts } from '../../../src/engine/adopt.ts'
import { silentLog } from '../../../src/observe/log.ts'
import type { Store, UpstreamMappings } from '../../../src/ports.ts'
import { createMemoryStore } from '../../../src/store/memory.ts'
import { createMemoryQueue } from '../../support/sources/memory-queue.ts'
import { createUpstreamLambda } from '../../support/upstream-lambda.ts'
import { engineRig, place } from './engine-rig.ts'
import { manualClock } from '../../support/manual-clock.ts'

const declared = {
  EventSourceArn: 'arn:aws:sqs:us-east-1:000000000000:memory',
  FunctionArn: 'arn:aws:lambda:us-east-1:000000000000:function:orders',
  BatchSize: 10,
}

type Mode = AdoptionParts['mode']
type Backing = { readonly store: Store; readonly upstream: UpstreamMappings }

/** A process of its own, on a clock of its own. */
async function processOf(mode: Mode, { store, upstream }: Backing) {
  const time = manualClock()
  const rig = engineRig({ time, store, source: createMemoryQueue({ clock: time.clock }) })
  const adoption = createAdoption({
    mode,
    upstream,
    registry: rig.registry,
    remembers: true,
    place,
    checkPattern: () => true,
    clock: time.clock,
    log: silentLog,
  })
  await rig.registry.load()
  rig.registry.start()
  adoption.start()
  return { ...rig, time }
}

/** Dies at the nth write, here or upstream: just before it takes effect, or just after. Nothing is heard of it again. */
function dyingAt(nth: number, when: 'before' | 'after', { store, upstream }: Backing) {
  let writes = 0
  const dead = new Promise<never>(() => {})
  const mortal =
    <Args extends readonly unknown[], Result>(write: (...args: Args) => Promise<Result>) =>
    async (...args: Args): Promise<Result> => {
      writes += 1
      if (writes > nth || (writes === nth && when === 'before')) return dead
      const result = await write(...args)
      return writes === nth ? dead : result
    }
  return {
    store: { ...store, putMapping: mortal(store.putMapping), deleteMapping: mortal(store.deleteMapping) },
    upstream: { ...upstream, update: mortal(upstream.update) },
    isDead: () => writes >= nth,
  }
}

/** Every point at which a process that does this in this mode may die; then another one starts in the other mode. */
async function everyCrash(
  first: Mode,
  second: Mode,
  check: (found: Awaited<ReturnType<typeof afterCrash>>) => void,
): Promise<number> {
  for (let nth = 1; ; nth++) {
    for (const when of ['before', 'after'] as const) {
      const found = await afterCrash(first, second, { nth, when })
      check(found)
      if (!found.died) return nth - 1
    }
  }
}

async function afterCrash(first: Mode, second: Mode, { nth, when }: { nth: number; when: 'before' | 'after' }) {
  const lambda = createUpstreamLambda()
  const backing = { store: createMemoryStore(), upstream: lambda.port }
  lambda.put('a', declared)
  if (first === 'undo') await (await processOf('on', backing)).time.pass(5_000)
  const mortal = dyingAt(nth, when, backing)
  const { time } = await processOf(first, mortal)
  await time.pass(5_000)
  if (first === 'on') {
    lambda.put('a', { BatchSize: 3, State: 'Enabled' })
    await time.pass(5_000)
  }
  const next = await processOf(second, backing)
  await next.time.pass(15_000)
  return { died: mortal.isDead(), upstream: lambda.get('a')?.['State'], own: next.registry.get('a') }
}

describe('a process that dies in the middle of an adoption', () => {
  it('is followed by one that completes it', async () => {
    const points = await everyCrash('on', 'on', ({ upstream, own }) => {
      expect(upstream).toBe('Disabled')
      expect(own).toMatchObject({ state: 'Enabled', parameters: { BatchSize: 3 }, adopted: { phase: 'taken' } })
    })
    expect(points).toBeGreaterThan(5)
  })

  it('is followed by one that gives back whatever was taken', async () => {
    await everyCrash('on', 'undo', ({ upstream, own }) => {
      expect(upstream).toBe('Enabled')
      expect(own).toBeUndefined()
    })
  })

  it('is followed by one without --adopt, and somebody polls', async () => {
    await everyCrash('on', 'off', ({ upstream, own }) => {
      expect([upstream, own?.state]).toContain('Enabled')
    })
  })
})

describe('a process that dies in the middle of giving back', () => {
  it('is followed by one that ends it, with or without --adopt=undo', async () => {
    const points = await everyCrash('undo', 'undo', ({ upstream, own }) => {
      expect(upstream).toBe('Enabled')
      expect(own).toBeUndefined()
    })
    expect(points).toBeGreaterThan(3)
    await everyCrash('undo', 'off', ({ upstream, own }) => {
      expect([upstream, own?.state].filter((state) => state === 'Enabled')).toHaveLength(1)
    })
  })

  it('is followed by one that adopts it again', async () => {
    await everyCrash('undo', 'on', ({ upstream, own }) => {
      expect(upstream).toBe('Disabled')
      expect(own?.state).toBe('Enabled')
    })
  })
})
