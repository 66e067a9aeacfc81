import { describe, expect, it } from 'vitest'
import { sleep } from '../../../src/async/sleep.ts'
import { createMemoryQueue } from '../../support/sources/memory-queue.ts'
import { answered, engineRig } from '../../unit/engine/engine-rig.ts'
import { manualClock } from '../../support/manual-clock.ts'

interface Run {
  readonly fifo: boolean
  readonly groups: number
  readonly visibilityMs: number
  readonly timeoutMs: number | null
  readonly runMs: number
  readonly sent?: number
}

/** Runs a backlog at full concurrency, and tells how often each message was run and received. */
async function runBacklog({ fifo, groups, visibilityMs, timeoutMs, runMs, sent = 12 }: Run) {
  const time = manualClock()
  const queue = createMemoryQueue({ clock: time.clock, fifo, visibilityMs, maxReceiveCount: 2 })
  const receives: string[] = []
  const runs: string[] = []
  const { registry, create } = engineRig({
    time,
    source: queue,
    describeFunction: () => ({ kind: 'found', arn: null, timeoutMs, concurrency: null }),
    async invoke({ payload }, signal) {
      for (const { body, attributes } of recordsOf(payload)) {
        runs.push(body)
        receives.push(attributes.ApproximateReceiveCount)
      }
      await sleep(time.clock, runMs, signal)
      return answered()
    },
  })
  for (let index = 0; index < sent; index++) queue.send(`m${index}`, fifo ? { group: `g${index % groups}` } : {})
  registry.start()
  await create(queue.arn, { BatchSize: 1, ScalingConfig: { MaximumConcurrency: 2 } })
  await time.pass(120_000)
  const all = Array.from({ length: sent }, (_, index) => `m${index}`)
  return { queue, all, runs, receives }
}

function recordsOf(payload: string) {
  return (
    JSON.parse(payload) as {
      Records: { readonly body: string; readonly attributes: { readonly ApproximateReceiveCount: string } }[]
    }
  ).Records
}

// proves: sqs.receipts-expire
describe('a backlog at full concurrency', () => {
  it.each<Run & { readonly title: string }>([
    {
      title: 'FIFO, a run of 2.8 s of 4 s',
      fifo: true,
      groups: 12,
      visibilityMs: 4_000,
      timeoutMs: 3_000,
      runMs: 2_800,
    },
    { title: 'FIFO in one group', fifo: true, groups: 1, visibilityMs: 4_000, timeoutMs: 3_000, runMs: 2_800 },
    { title: 'standard', fifo: false, groups: 1, visibilityMs: 4_000, timeoutMs: 3_000, runMs: 2_800 },
    {
      title: 'a visibility that equals the timeout',
      fifo: true,
      groups: 12,
      visibilityMs: 3_000,
      timeoutMs: 3_000,
      runMs: 2_900,
    },
    {
      title: 'a timeout that nobody knows',
      fifo: true,
      groups: 12,
      visibilityMs: 4_000,
      timeoutMs: null,
      runMs: 2_800,
    },
    {
      title: 'a visibility that lasts for two runs',
      fifo: false,
      groups: 1,
      visibilityMs: 30_000,
      timeoutMs: 3_000,
      runMs: 2_800,
    },
  ])('receives and runs every message once: $title', async (run) => {
    const { queue, all, runs, receives } = await runBacklog(run)
    expect(runs.toSorted()).toEqual(all.toSorted())
    expect(new Set(receives)).toEqual(new Set(['1']))
    expect(queue.bodies()).toEqual([])
    expect(queue.deadLetters()).toEqual([])
  })
})
