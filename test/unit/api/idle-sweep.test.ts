import { describe, expect, it } from 'vitest'
import type { IdleAnswer, IdleDeps, IdleQuestion } from '../../../src/api/idle-sweep.ts'
import { neverAborted } from '../../contract/source-contract.ts'
import { questionOf, sweepOver } from '../../support/idle-rig.ts'
import { manualClock } from '../../support/manual-clock.ts'
import { createMemoryQueue } from '../../support/sources/memory-queue.ts'
import { createMemoryStream } from '../../support/sources/memory-stream.ts'
import { answered, engineRig, thrown, type EngineOptions } from '../engine/engine-rig.ts'

interface Options extends Partial<EngineOptions> {
  readonly deps?: Partial<IdleDeps>
}

function asking(
  rig: ReturnType<typeof engineRig>,
  { sweep, looks }: ReturnType<typeof sweepOver>,
): { ask(more?: Partial<IdleQuestion>, left?: AbortSignal): { answer: IdleAnswer | null }; looks: typeof looks } {
  return {
    looks,
    ask(more = {}, left = neverAborted) {
      const asked: { answer: IdleAnswer | null } = { answer: null }
      void sweep.wait(questionOf(rig.registry, more), left).then((answer) => {
        asked.answer = answer
      })
      return asked
    },
  }
}

async function queueRig({ deps, ...options }: Options = {}) {
  const time = manualClock()
  const queue = createMemoryQueue({ clock: time.clock, visibilityMs: 30_000 })
  const rig = engineRig({ time, source: queue, ...options })
  const swept = sweepOver(rig.registry, queue, time.clock, deps)
  rig.registry.start()
  await rig.create(queue.arn)
  await time.pass(1_000)
  return { ...rig, queue, sweep: swept.sweep, ...asking(rig, swept) }
}

async function streamRig({ deps, ...options }: Options = {}) {
  const time = manualClock()
  const stream = createMemoryStream({ clock: time.clock, shardIds: ['shard-0'] })
  const rig = engineRig({ time, source: stream, ...options })
  const swept = sweepOver(rig.registry, stream, time.clock, deps)
  rig.registry.start()
  await rig.create(stream.arn, { StartingPosition: 'TRIM_HORIZON', MaximumRetryAttempts: -1 })
  await time.pass(2_000)
  return { ...rig, stream, ...asking(rig, swept) }
}

describe('a queue is idle', () => {
  it('when it is empty and nothing is out', async () => {
    const { ask, time } = await queueRig()
    const asked = ask()
    await time.pass(50)
    expect(asked.answer).toMatchObject({ idle: true, reasons: [] })
  })

  it('only when the function that runs has ended', async () => {
    const gate = Promise.withResolvers<void>()
    const { ask, queue, time } = await queueRig({ invoke: () => gate.promise.then(() => answered()) })
    queue.send('one')
    await time.pass(100)
    const asked = ask()
    await time.pass(1_000)
    expect(asked.answer).toBeNull()
    gate.resolve()
    await time.pass(200)
    expect(asked.answer).toMatchObject({ idle: true })
    expect(queue.bodies()).toEqual([])
  })

  it('not while failed messages are to be shown again, and says when they are', async () => {
    const { ask, queue, time } = await queueRig({ invoke: () => Promise.resolve(thrown()) })
    queue.send('one')
    const asked = ask({ timeoutMs: 3_000 })
    await time.pass(4_000)
    expect(asked.answer?.idle).toBe(false)
    expect(asked.answer?.reasons).toEqual([expect.stringMatching(/: 1 message failed and is shown again in 2\d s\.$/)])
  })

  it('not while a message is delayed, unless that is ignored', async () => {
    const { ask, queue, time } = await queueRig()
    queue.send('later', { delayMs: 60_000 })
    const strict = ask({ timeoutMs: 1_000 })
    const lenient = ask({ timeoutMs: 1_000, ignore: new Set(['delayed']) })
    await time.pass(2_000)
    expect(strict.answer?.reasons).toEqual([expect.stringMatching(/: 1 message is delayed\.$/)])
    expect(lenient.answer).toMatchObject({ idle: true })
  })

  it('not when something happened during the look: another one is made', async () => {
    const late = Promise.withResolvers<void>()
    let looks = 0
    const rig = await queueRig({
      deps: {
        queueDepth: async () => {
          looks += 1
          if (looks === 1) await late.promise
          return { kind: 'queue', visible: 0, inFlight: 0, delayed: 0, visibilityMs: 30_000, redrive: null }
        },
      },
    })
    const asked = rig.ask()
    await rig.time.pass(50)
    rig.queue.send('one')
    await rig.time.pass(200)
    late.resolve()
    await rig.time.settle()
    expect(asked.answer).toBeNull()
    await rig.time.pass(200)
    expect(asked.answer).toMatchObject({ idle: true })
    expect(looks).toBe(2)
  })

  it('not while asynchronous invocations have not ended', async () => {
    let count = 1
    const { ask, time } = await queueRig({ deps: { others: () => ({ count, activity: 2 - count, activeMs: 0 }) } })
    const inTime = ask()
    const late = ask({ timeoutMs: 500 })
    await time.pass(1_000)
    expect(late.answer?.reasons).toEqual(['1 asynchronous invocation has not ended.'])
    count = 0
    await time.pass(100)
    expect(inTime.answer).toMatchObject({ idle: true })
  })

  it('when it is disabled: it does not count', async () => {
    const { ask, queue, registry, time } = await queueRig()
    const [document] = registry.list()
    if (document === undefined) throw new Error('no mapping')
    await registry.update(document.uuid, { parameters: { ...document.parameters, Enabled: false } })
    await time.pass(1_000)
    queue.send('left')
    const asked = ask()
    await time.pass(100)
    expect(asked.answer).toMatchObject({ idle: true, mappings: [] })
  })

  it('not while its function is missing, and says so', async () => {
    const describeFunction = () => ({ kind: 'missing', message: 'no such function' }) as const
    const { ask, time } = await queueRig({ describeFunction })
    const asked = ask({ timeoutMs: 1_000 })
    await time.pass(2_000)
    expect(asked.answer?.reasons).toEqual([expect.stringContaining('no such function')])
  })

  it('not when it is gone: a source that is not attached is a reason', async () => {
    const { ask, queue, time } = await queueRig()
    queue.remove()
    const asked = ask({ timeoutMs: 1_000 })
    const lenient = ask({ timeoutMs: 1_000, ignore: new Set(['unattached']) })
    await time.pass(2_000)
    expect(asked.answer?.reasons).toEqual([expect.stringMatching(/: The source cannot be looked at \(missing\)/)])
    expect(lenient.answer).toMatchObject({ idle: true })
  })
})

describe('a stream is idle', () => {
  it('when a read that began later found its tip, not before', async () => {
    const { ask, time } = await streamRig()
    const asked = ask()
    await time.settle()
    expect(asked.answer).toBeNull()
    await time.pass(2_000)
    expect(asked.answer).toMatchObject({ idle: true })
  })

  it('not while a batch is tried again, and says what blocks the shard', async () => {
    const { ask, stream, time } = await streamRig({ invoke: () => Promise.resolve(thrown()) })
    stream.put('shard-0', 'one')
    const asked = ask({ timeoutMs: 3_000 })
    await time.pass(5_000)
    expect(asked.answer?.idle).toBe(false)
    expect(asked.answer?.reasons[0]).toMatch(/shard shard-0 is blocked by record .*, after \d attempts? that failed/)
  })

  it('not while a shard of a fresh listing is not read yet', async () => {
    const { ask, stream, time } = await streamRig()
    stream.split('shard-0', ['left', 'right'])
    stream.put('right', 'one')
    const asked = ask()
    await time.pass(30_000)
    expect(asked.answer).toMatchObject({ idle: true })
  })
})

describe('many who wait', () => {
  it('are served by one look', async () => {
    const { ask, looks, time } = await queueRig()
    const all = Array.from({ length: 1_000 }, () => ask())
    await time.pass(100)
    expect(all.filter(({ answer }) => answer?.idle)).toHaveLength(1_000)
    // The first who asked had begun one; it does not count for those who asked after that.
    expect(looks.count).toBe(2)
  })

  it('cost nothing once they have left', async () => {
    const left = new AbortController()
    const { ask, looks, queue, time } = await queueRig()
    queue.send('later', { delayMs: 60_000 })
    const asked = ask({}, left.signal)
    await time.pass(1_000)
    left.abort()
    await time.pass(200)
    const { count } = looks
    await time.pass(5_000)
    expect(looks.count).toBe(count)
    expect(asked.answer).toBeNull()
  })

  it('are told when the process stops', async () => {
    const { ask, queue, sweep, time } = await queueRig()
    queue.send('later', { delayMs: 60_000 })
    const asked = ask()
    await time.pass(100)
    sweep.close()
    await time.settle()
    expect(asked.answer).toMatchObject({ idle: false, reasons: ['Millrace is stopping.'] })
    const late = ask()
    await time.settle()
    expect(late.answer).toMatchObject({ idle: false })
  })
})

it('a quiet time is kept from the last thing that happened, and from the question', async () => {
  const { ask, time } = await queueRig()
  const asked = ask({ quietMs: 500 })
  await time.pass(490)
  expect(asked.answer).toBeNull()
  await time.pass(100)
  expect(asked.answer).toMatchObject({ idle: true })
})
