import { describe, expect, it } from 'vitest'
import { realFlow } from './real-flow.ts'
import { partsOf, seedsOf } from './seeds.ts'
import { runSeed } from './world/run.ts'

/** Level 1 of the simulation: the pure flow of a queue against a fake world. A failure prints its seed, options and trace. */
// proves: param.batch-size@SQS, param.batch-size@FIFO, sqs.receipts-expire
describe('a queue keeps every promise whatever the world does', () => {
  it.each(partsOf(seedsOf(2_000), 500))('seeds $from to $to', { timeout: 120_000 }, ({ from, to }) => {
    let events = 0
    for (let seed = from; seed <= to; seed++) events += runSeed(seed, 'queue', realFlow).events
    expect(events).toBeGreaterThan(to - from)
  })
})
