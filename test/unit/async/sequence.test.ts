import { describe, expect, it } from 'vitest'
import { Sequence } from '../../../src/async/sequence.ts'

describe('a sequence', () => {
  it('runs what shares a key one after the other, and other keys beside it', async () => {
    const sequence = new Sequence<string>()
    const seen: string[] = []
    const gate = Promise.withResolvers<void>()
    const one = sequence.run('a', async () => {
      seen.push('a1 begins')
      await gate.promise
      seen.push('a1 ends')
      return 1
    })
    const two = sequence.run('a', () => Promise.resolve(seen.push('a2')))
    await sequence.run('b', () => Promise.resolve(seen.push('b')))
    expect(seen).toEqual(['a1 begins', 'b'])
    gate.resolve()
    expect(await one).toBe(1)
    await two
    expect(seen).toEqual(['a1 begins', 'b', 'a1 ends', 'a2'])
  })

  it('goes on after what failed, which fails for who asked for it', async () => {
    const sequence = new Sequence<string>()
    const failing = sequence.run('a', () => Promise.reject(new Error('no')))
    const next = sequence.run('a', () => Promise.resolve('yes'))
    await expect(failing).rejects.toThrow('no')
    expect(await next).toBe('yes')
  })

  it('has ended when everything has that was asked for, failed or not', async () => {
    const sequence = new Sequence<string>()
    const gate = Promise.withResolvers<void>()
    const seen: string[] = []
    const failing = sequence.run('a', () => Promise.reject(new Error('no')))
    void sequence.run('b', () => gate.promise.then(() => seen.push('b')))
    const ended = sequence.ended().then(() => seen.push('ended'))
    await expect(failing).rejects.toThrow('no')
    expect(seen).toEqual([])
    gate.resolve()
    await ended
    expect(seen).toEqual(['b', 'ended'])
  })
})
