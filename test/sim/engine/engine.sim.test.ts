import { describe, expect, it } from 'vitest'
import { partsOf, seedsOf } from '../seeds.ts'
import { cornersOf, everywhere } from './corners.ts'
import type { Observation } from './observation.ts'
import { runEngineSeed } from './run.ts'

const seeds = seedsOf(150)
const reached = new Set<string>()

/** Level 2 of the simulation: the real engine on a virtual clock, with ports that fail. A failure prints its seed, options and trace. */
// proves: stream.reshard, stream.checkpoint
describe('the engine keeps every promise whatever the world does', () => {
  it.each(partsOf(seeds, 25))('seeds $from to $to', { timeout: 120_000 }, async ({ from, to }) => {
    let steps = 0
    for (let seed = from; seed <= to; seed++) {
      const watch = (seen: Observation): void => {
        for (const corner of cornersOf(seen)) reached.add(corner)
      }
      const result = await runEngineSeed(seed, undefined, { watch })
      steps += result.steps
    }
    expect(steps).toBeGreaterThan(to - from)
  })

  it.skipIf(seeds.count < 150)('and the world goes into every corner', () => {
    expect(everywhere.filter((corner) => !reached.has(corner))).toEqual([])
  })
})
