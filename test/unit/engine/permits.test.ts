import { describe, expect, it } from 'vitest'
import { manualClock } from '../../support/manual-clock.ts'
import { Permits, type Permit } from '../../../src/engine/permits.ts'

const { clock } = manualClock()
const never = new AbortController().signal
const upstream = { functionName: 'f', capacity: null }

/** Asks for permits and keeps what was granted, in the order of the grants. */
function asker(permits: Permits) {
  const granted: { mapping: string; permit: Permit }[] = []
  return {
    granted,
    names: () => granted.map((each) => each.mapping).join(''),
    ask: (mapping: string, count: number, request: { functionName: string; capacity: number | null } = upstream) => {
      for (let index = 0; index < count; index++) {
        void permits.acquire({ mapping, ...request }, never).then((permit) => granted.push({ mapping, permit }))
      }
    },
    giveBack: (mapping: string) => {
      const index = granted.findIndex((each) => each.mapping === mapping)
      granted.splice(index, 1)[0]?.permit.release()
    },
  }
}

const settled = () =>
  new Promise<void>((resolve) => {
    setImmediate(resolve)
  })

describe('permits', () => {
  it('never grants more than the process allows at once', async () => {
    const permits = new Permits(3, clock)
    const { ask, granted, giveBack } = asker(permits)
    ask('a', 10)
    await settled()
    expect(granted).toHaveLength(3)
    giveBack('a')
    await settled()
    expect(granted).toHaveLength(3)
    expect(permits.inFlight).toBe(3)
  })

  it('goes round the mappings in turn, however long the line of one is', async () => {
    const { ask, names, giveBack } = asker(new Permits(1, clock))
    ask('a', 4)
    ask('b', 2)
    ask('c', 1)
    const order: string[] = []
    for (let round = 0; round < 7; round++) {
      await settled()
      order.push(names())
      giveBack(names())
    }
    // The first comes before anybody waits.
    expect(order.join('')).toBe('aabcaba')
  })

  it('sizes a hosted function by its URLs, and does not let it hold places of the process while it waits', async () => {
    const permits = new Permits(8, clock)
    const { ask, names, giveBack } = asker(permits)
    ask('a', 5, { functionName: 'single', capacity: 1 })
    ask('b', 5)
    await settled()
    expect(names().split('').toSorted().join('')).toBe('abbbbb')
    giveBack('a')
    await settled()
    expect(names().replaceAll('b', '')).toBe('a')
  })

  it('serves the mappings that share a hosted function in turn', async () => {
    const { ask, names, giveBack } = asker(new Permits(10, clock))
    const single = { functionName: 'single', capacity: 1 }
    // The first comes before anybody waits; from there on it goes in turn.
    ask('a', 3, single)
    ask('b', 2, single)
    const order: string[] = []
    for (let round = 0; round < 5; round++) {
      await settled()
      order.push(names())
      giveBack(names())
    }
    expect(order.join('')).toBe('aabab')
  })

  it.each([null, 1])('forgets who gives up waiting (capacity %s)', async (capacity) => {
    const permits = new Permits(1, clock)
    const request = { mapping: 'a', functionName: 'f', capacity }
    const first = await permits.acquire(request, never)
    const waiting = new AbortController()
    const second = permits.acquire(request, waiting.signal)
    waiting.abort(new Error('enough'))
    await expect(second).rejects.toThrow('enough')
    first.release()
    first.release()
    const third = await permits.acquire(request, never)
    expect(permits.inFlight).toBe(1)
    third.release()
    expect(permits.inFlight).toBe(0)
  })

  it('frees the hosted function when its attempt gives up waiting for the process', async () => {
    const permits = new Permits(1, clock)
    const other = await permits.acquire({ mapping: 'b', functionName: 'other', capacity: null }, never)
    const controller = new AbortController()
    const waiting = permits.acquire({ mapping: 'a', functionName: 'f', capacity: 1 }, controller.signal)
    await settled()
    controller.abort(new Error('enough'))
    await expect(waiting).rejects.toThrow('enough')
    other.release()
    const next = await permits.acquire({ mapping: 'c', functionName: 'f', capacity: 1 }, never)
    expect(permits.inFlight).toBe(1)
    next.release()
  })

  it('keeps a permit that was granted although its signal comes later', async () => {
    const permits = new Permits(2, clock)
    const request = { mapping: 'a', functionName: 'f', capacity: 1 }
    const controller = new AbortController()
    const held = await permits.acquire(request, controller.signal)
    controller.abort(new Error('too late'))
    const next = permits.acquire(request, never)
    await settled()
    expect(permits.inFlight).toBe(1)
    held.release()
    ;(await next).release()
  })

  it('refuses at once when the signal has come already', async () => {
    const permits = new Permits(1, clock)
    const signal = AbortSignal.abort(new Error('over'))
    await expect(permits.acquire({ mapping: 'a', functionName: 'f', capacity: 1 }, signal)).rejects.toThrow('over')
    await expect(permits.acquire({ mapping: 'a', functionName: 'f', capacity: null }, signal)).rejects.toThrow('over')
    expect(permits.inFlight).toBe(0)
  })
})
