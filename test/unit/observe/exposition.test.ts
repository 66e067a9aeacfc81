import { Counter, Histogram, Registry } from 'prom-client'
import { describe, expect, it } from 'vitest'
import { createExposition } from '../../../src/observe/exposition.ts'

const nothing = (): void => {}

function registryOf(metrics: number): Registry {
  const registry = new Registry()
  const registers = [registry]
  for (let index = 0; index < metrics; index += 1) {
    const counter = new Counter({ name: `counter_${index}`, help: 'A counter.', labelNames: ['one'], registers })
    counter.inc({ one: 'a "quoted" \\ text' }, index)
  }
  new Histogram({ name: 'took', help: 'A histogram.', buckets: [1, 2], registers }).observe(1.5)
  return registry
}

describe('the text of all metrics', () => {
  it('is the one that prom-client writes', async () => {
    const registry = registryOf(3)
    expect(await createExposition(registry)()).toBe(await registry.metrics())
  })

  it('lets the event loop turn between two metrics', async () => {
    let turns = 0
    await createExposition(registryOf(10), nothing, () => Promise.resolve(void (turns += 1)))()
    expect(turns).toBe(11)
  })

  it('is written once for all who ask at the same time, and anew for who asks later', async () => {
    let turns = 0
    const scrape = createExposition(registryOf(2), nothing, () => Promise.resolve(void (turns += 1)))
    const [first, second] = await Promise.all([scrape(), scrape()])
    expect([first === second, turns]).toEqual([true, 3])
    await scrape()
    expect(turns).toBe(6)
  })
})
