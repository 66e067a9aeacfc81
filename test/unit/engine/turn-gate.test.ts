import { describe, expect, it } from 'vitest'
import { PlaceWatch } from '../../../src/engine/place-watch.ts'
import { TurnGate, type Holder } from '../../../src/engine/turn-gate.ts'
import { manualClock } from '../../support/manual-clock.ts'

const never = new AbortController().signal

/** Mappings whose functions take as long as they are said to, at one gate. */
function rig(placesMax: number, ...mappings: readonly string[]) {
  const time = manualClock()
  const gate = new TurnGate(placesMax, time.clock)
  const held: { mapping: string; giveBack: () => void }[] = []
  const ended = new Map<string, number>()
  for (const mapping of mappings) gate.join(mapping)

  async function call(mapping: string, tookMs: number | null): Promise<void> {
    const giveBack = await gate.acquire(mapping, never)
    held.push({ mapping, giveBack })
    if (tookMs === null) return
    time.clock.timer(time.clock.monoMs() + tookMs, () => {
      held.splice(
        held.findIndex((each) => each.giveBack === giveBack),
        1,
      )
      ended.set(mapping, (ended.get(mapping) ?? 0) + 1)
      giveBack()
    })
  }
  return {
    time,
    gate,
    /** So many calls want to run at once, each followed by the next. `null`: they hang. */
    async keep(mapping: string, count: number, tookMs: number | null) {
      const lane = async (): Promise<void> => {
        await call(mapping, tookMs)
        if (tookMs === null) return
        time.clock.timer(time.clock.monoMs() + tookMs, () => void lane())
      }
      for (let index = 0; index < count; index += 1) void lane()
      await time.settle()
    },
    async ask(mapping: string, count: number) {
      for (let index = 0; index < count; index += 1) void call(mapping, null)
      await time.settle()
    },
    async giveBack(mapping: string) {
      const [first] = held.splice(
        held.findIndex((each) => each.mapping === mapping),
        1,
      )
      first?.giveBack()
      await time.settle()
    },
    places: (mapping: string) => held.filter((each) => each.mapping === mapping).length,
    ended: (mapping: string) => ended.get(mapping) ?? 0,
  }
}

// proves: mapping.fair-share
describe('places for invocations', () => {
  it('are to be had for a share of them beside a mapping whose function hangs, whoever came first', async () => {
    const { time, keep, places, ended } = rig(100, 'hangs', 'quick')
    await keep('hangs', 200, null)
    expect(places('hangs')).toBe(50)
    await keep('quick', 39, 50)
    await time.pass(1_000)
    // 39 at once, 20 times a second: as fast as alone.
    expect(ended('quick')).toBe(39 * 20)
  })

  it('go to who can use them: one that gives them back soon has three quarters beside mappings without work', async () => {
    const { time, keep, places } = rig(100, 'quick', 'idle')
    await keep('quick', 200, 50)
    expect(places('quick')).toBe(50)
    await time.pass(500)
    expect(places('quick')).toBe(75)
  })

  it('go to who can use them, where another has work and needs few', async () => {
    const { time, keep, places } = rig(100, 'quick', 'modest')
    await keep('modest', 2, 200)
    await keep('quick', 200, 50)
    await time.pass(1_000)
    expect(places('quick')).toBe(75 - 2)
    expect(places('modest')).toBe(2)
  })

  it('are all taken by a mapping that is alone', async () => {
    const { gate, ask, places, time } = rig(8, 'a', 'b')
    await ask('a', 20)
    expect(places('a')).toBe(4)
    gate.leave('b')
    await time.settle()
    expect(places('a')).toBe(8)
  })

  it('are a quarter free for the others when a mapping that was quick begins to hang', async () => {
    const { time, keep, ask, places } = rig(100, 'quick', 'other', 'third')
    await keep('quick', 100, 50)
    await time.pass(1_000)
    await ask('quick', 200)
    await time.pass(1_000)
    expect(places('quick')).toBe(75)
    await ask('other', 100)
    expect(places('other')).toBe(24)
    await ask('third', 100)
    expect(places('third')).toBe(1)
  })

  it('go to who has less than its share before they go to who has it', async () => {
    const { time, keep, ask, places } = rig(40, 'quick', 'other')
    await keep('quick', 100, 50)
    await time.pass(1_000)
    expect(places('quick')).toBe(30)
    await ask('other', 100)
    await time.pass(1_000)
    expect([places('quick'), places('other')]).toEqual([20, 20])
  })

  it('are no longer lent to who keeps one for long', async () => {
    const { time, ask, giveBack, places } = rig(40, 'slow', 'idle')
    await ask('slow', 100)
    await time.pass(1_000)
    for (let index = 0; index < 5; index += 1) await giveBack('slow')
    expect(places('slow')).toBe(25)
    await time.pass(10_000)
    for (let index = 0; index < 10; index += 1) await giveBack('slow')
    expect(places('slow')).toBe(20)
  })

  it('have a first one for each of the mappings, when all hang and come one after the other', async () => {
    const names = Array.from({ length: 12 }, (_, index) => `m${index}`)
    const { ask, places } = rig(40, ...names)
    for (const name of names) await ask(name, 20)
    expect(names.filter((name) => places(name) === 0)).toEqual([])
  })

  it('are never more than there are, and are never lost', async () => {
    const { gate, time, keep, ended } = rig(5, 'a', 'b', 'c')
    for (const [mapping, tookMs] of Object.entries({ a: 7, b: 31, c: 90 })) {
      await keep(mapping, 9, tookMs)
    }
    for (let ms = 0; ms < 3_000; ms += 10) {
      await time.pass(10)
      expect(gate.running).toBeLessThanOrEqual(5)
    }
    expect(gate.running).toBeGreaterThan(0)
    // A first place each at least: a call every 180 ms of the slowest.
    expect(ended('c')).toBeGreaterThanOrEqual(16)
  })
})

describe('places that are held for long', () => {
  it('are told once for each mapping, with who holds them, while others wait', async () => {
    const { time, gate, ask, giveBack } = rig(3, 'hangs', 'other')
    const told: Holder[] = []
    const watch = new PlaceWatch(gate, time.clock, (holder) => told.push(holder))
    gate.leave('other')
    await ask('hangs', 4)
    watch.begin()
    await time.pass(120_000)
    // Nobody else wants one.
    expect(told).toEqual([])
    await ask('other', 1)
    await time.pass(60_000)
    expect(told).toEqual([{ mapping: 'hangs', places: 3, heldMs: 130_000 }])
    expect(gate.holders(0).map(({ mapping }) => mapping)).toEqual(['hangs'])
    for (let index = 0; index < 4; index += 1) await giveBack('hangs')
    await time.pass(60_000)
    expect(told).toHaveLength(1)
    expect([gate.waiting, time.timers()]).toEqual([0, []])
  })
})
