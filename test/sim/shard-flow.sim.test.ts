import { describe, expect, it } from 'vitest'
import { realFlow } from './real-flow.ts'
import { partsOf, seedsOf } from './seeds.ts'
import { runSeed } from './world/run.ts'

/** Level 1 of the simulation: the pure flow of a shard against a fake world. A failure prints its seed, options and trace. */
// proves: stream.one-shard, stream.checkpoint
describe('a shard keeps every promise whatever the world does', () => {
  it.each(partsOf(seedsOf(5_000), 500))('seeds $from to $to', { timeout: 120_000 }, ({ from, to }) => {
    let events = 0
    for (let seed = from; seed <= to; seed++) events += runSeed(seed, 'shard', realFlow).events
    expect(events).toBeGreaterThan(to - from)
  })
})
