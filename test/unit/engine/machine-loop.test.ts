import { describe, expect, it } from 'vitest'
import { MachineLoop } from '../../../src/engine/machine-loop.ts'
import { MovableClock } from '../../../src/engine/movable-clock.ts'
import { manualClock } from '../../support/manual-clock.ts'

function loopOf(step: (event: string, loop: MachineLoop<string>) => void = () => {}) {
  const time = manualClock()
  const seen: string[] = []
  const failures: unknown[] = []
  const due = { ms: null as number | null }
  const loop: MachineLoop<string> = new MachineLoop<string>({
    step: (event) => {
      seen.push(event)
      step(event, loop)
    },
    deadlines: [{ clock: time.clock, dueMs: () => due.ms }],
    timer: 'timer',
    failed: (error) => failures.push(error),
  })
  return { loop, seen, failures, due, time }
}

describe('the loop of a machine', () => {
  it('takes events in the order they came, those that a step causes behind the step', () => {
    const { loop, seen } = loopOf((event, self) => {
      if (event !== 'a') return
      self.happen('b')
      self.happen('c')
      expect(seen).toEqual(['a'])
    })
    loop.happen('a')
    expect(seen).toEqual(['a', 'b', 'c'])
  })

  it('takes nothing any more once it has ended, not even what was waiting', async () => {
    const { loop, seen, due, time } = loopOf((event, self) => {
      self.happen('later')
      if (event === 'end') self.end()
    })
    due.ms = 10
    loop.happen('end')
    loop.happen('after')
    await time.pass(100)
    expect(seen).toEqual(['end'])
    expect([loop.isOver, loop.end(), time.timers()]).toEqual([true, false, []])
  })

  it('tells of an error in a step once, and takes the next event all the same', () => {
    const { loop, seen, failures } = loopOf((event) => {
      if (event === 'a') throw new Error('a bug')
    })
    loop.happen('a')
    loop.happen('b')
    expect([seen, failures.length]).toEqual([['a', 'b'], 1])
  })

  it('has one timer, which follows the deadline and is left alone while that stays', async () => {
    const { loop, seen, due, time } = loopOf()
    due.ms = 50
    loop.happen('a')
    loop.happen('b')
    expect(time.timers()).toEqual([50])
    due.ms = 30
    loop.happen('c')
    expect(time.timers()).toEqual([30])
    due.ms = null
    await time.pass(30)
    expect(seen).toEqual(['a', 'b', 'c', 'timer'])
    expect(time.timers()).toEqual([])
  })

  it('has one timer on each clock, and the move of one leaves that of the other alone', async () => {
    const time = manualClock()
    const movable = new MovableClock(time.clock)
    const due = { own: 1_000 as number | null, real: 500 as number | null }
    const seen: [number, string][] = []
    const loop = new MachineLoop<string>({
      step: (event) => {
        seen.push([time.clock.monoMs(), event])
        if (movable.monoMs() >= 1_000) due.own = null
        if (time.clock.monoMs() >= 500) due.real = null
      },
      deadlines: [
        { clock: movable, dueMs: () => due.own },
        { clock: time.clock, dueMs: () => due.real },
      ],
      timer: 'timer',
      failed: () => {},
    })
    loop.happen('a')
    movable.advance(990)
    await time.pass(10)
    expect([seen, time.timers()]).toEqual([
      [
        [0, 'a'],
        [10, 'timer'],
      ],
      [500],
    ])
    await time.pass(490)
    expect([seen.at(-1), time.timers()]).toEqual([[500, 'timer'], []])
  })
})
