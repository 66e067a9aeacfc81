import { describe, expect, test } from 'vitest'
import { partsOf, seedsOf } from '../seeds.ts'
import { runEngineSeed } from './run.ts'

/** Level 2 of the simulation: the real engine on a virtual clock, with ports that fail. A failure prints its seed, options and trace. */
describe('the engine keeps every promise whatever the world does', () => {
  test.each(partsOf(seedsOf(40), 10))('seeds $from to $to', { timeout: 120_000 }, async ({ from, to }) => {
    let steps = 0
    for (let seed = from; seed <= to; seed++) steps += (await runEngineSeed(seed)).steps
    expect(steps).toBeGreaterThan(to - from)
  })
})
