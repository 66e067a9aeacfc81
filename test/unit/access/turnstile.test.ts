import { getEventListeners } from 'node:events'
import { describe, expect, it } from 'vitest'
import { Turnstile } from '../../../src/access/turnstile.ts'

const never = new AbortController().signal

describe('a turnstile', () => {
  it('lets so many through at once, the others in the order in which they came', async () => {
    const turnstile = new Turnstile(2)
    const through: string[] = []
    const enter = (name: string): void => {
      const turn = turnstile.enter(never)
      if (turn === null) through.push(name)
      else void turn.then(() => through.push(name))
    }
    for (const name of ['a', 'b', 'c', 'd']) enter(name)
    expect([through, turnstile.waiting]).toEqual([['a', 'b'], 2])
    turnstile.leave()
    await Promise.resolve()
    expect(through).toEqual(['a', 'b', 'c'])
    // Who comes now does not overtake the one that waits.
    enter('e')
    turnstile.leave()
    turnstile.leave()
    await Promise.resolve()
    expect(through).toEqual(['a', 'b', 'c', 'd', 'e'])
    turnstile.leave()
    turnstile.leave()
    expect(turnstile.enter(never)).toBeNull()
  })

  it('forgets who gives up, and leaves nothing on its signal', async () => {
    const turnstile = new Turnstile(1)
    expect(turnstile.enter(never)).toBeNull()
    const [first, second] = [new AbortController(), new AbortController()]
    const turns = [turnstile.enter(first.signal), turnstile.enter(second.signal)]
    const reason = new Error('enough')
    first.abort(reason)
    await expect(turns[0]).rejects.toBe(reason)
    turnstile.leave()
    await turns[1]
    expect(getEventListeners(second.signal, 'abort')).toEqual([])
    expect(turnstile.waiting).toBe(0)
    expect(() => turnstile.enter(AbortSignal.abort(reason))).toThrow(reason)
  })
})
