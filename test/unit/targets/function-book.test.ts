import { describe, expect, it } from 'vitest'
import type { FunctionDescription } from '../../../src/ports.ts'
import { awsPace, FunctionBook, paceElsewhere, type BookPace } from '../../../src/targets/function-book.ts'
import { manualClock } from '../../support/manual-clock.ts'

const signal = new AbortController().signal
const found = (timeoutMs: number): FunctionDescription => ({ kind: 'found', arn: null, timeoutMs, concurrency: null })

const settled = () =>
  new Promise<void>((resolve) => {
    setImmediate(resolve)
  })

function bookAt(pace: BookPace) {
  const time = manualClock()
  const asked: { readonly name: string; readonly atMs: number }[] = []
  let answer: FunctionDescription = found(3_000)
  const book = new FunctionBook(
    time.clock,
    (name) => {
      asked.push({ name, atMs: time.clock.monoMs() })
      return Promise.resolve({ description: answer, isReached: true })
    },
    pace,
  )
  const looks: Promise<unknown>[] = []
  return {
    book,
    time,
    asked,
    says: (next: FunctionDescription) => (answer = next),
    /** Every mapping looks at its function every 30 s, as the engine does. */
    async live(names: readonly string[], minutes: number) {
      for (let second = 0; second < minutes * 60; second += 1) {
        const nowNames = names.filter((_, index) => index % 30 === second % 30)
        for (const name of nowNames) looks.push(book.lately(name, signal))
        time.advance(1_000)
        await settled()
      }
      return Promise.all(looks)
    },
  }
}

function busiestSecond(asked: readonly { readonly atMs: number }[]): number {
  const perSecond = new Map<number, number>()
  for (const { atMs } of asked) perSecond.set(atMs, (perSecond.get(atMs) ?? 0) + 1)
  return Math.max(...perSecond.values())
}

/** From one question to the next, in the half minutes in which mappings look. */
function gapsS(asked: readonly { readonly atMs: number }[]): readonly number[] {
  return asked.slice(1).map(({ atMs }, index) => 30 * Math.round((atMs - (asked[index]?.atMs ?? 0)) / 30_000))
}

// proves: mapping.describes
describe('what is known of functions', () => {
  it('costs AWS one question a second however many there are, and nobody waits long for it', async () => {
    const { live, asked } = bookAt(awsPace)
    const names = Array.from({ length: 1_000 }, (_, index) => `f${index}`)
    await live(names, 40)
    expect(busiestSecond(asked)).toBe(1)
    expect(asked.length).toBeLessThanOrEqual(40 * 60 + 1)
    // None is forgotten over the others.
    expect(new Set(asked.map(({ name }) => name)).size).toBe(1_000)
  })

  it('costs a thousand mappings of one function one question now and then, ever more seldom while nothing changes', async () => {
    const { live, asked, says } = bookAt(awsPace)
    const names = Array.from({ length: 1_000 }, () => 'f')
    await live(names, 30)
    expect(gapsS(asked)).toEqual([30, 60, 120, 240, 300, 300, 300, 300])
    says(found(9_000))
    await live(names, 8)
    expect(gapsS(asked).slice(8)).toEqual([300, 30, 60, 120])
  })

  it('is no older elsewhere than a minute and the time until somebody looks', async () => {
    const { live, asked } = bookAt(paceElsewhere)
    await live(['f'], 10)
    expect(Math.max(...gapsS(asked))).toBeLessThanOrEqual(90)
  })

  it('is asked again at once where a function was not found', async () => {
    const { book, time, asked, says } = bookAt(paceElsewhere)
    says({ kind: 'missing', message: 'no' })
    await book.lately('f', signal)
    time.advance(1_000)
    says(found(3_000))
    expect(await book.lately('f', signal)).toMatchObject({ description: { kind: 'found' } })
    expect([asked.length, book.timeoutMs('f')]).toEqual([2, 3_000])
  })

  it('is told to all who ask while the question is out', async () => {
    const { book, asked } = bookAt(paceElsewhere)
    await Promise.all([book.now('f', 0, signal), book.now('f', 0, signal), book.lately('f', signal)])
    expect(asked).toHaveLength(1)
    await book.now('f', 0, signal)
    expect(asked).toHaveLength(2)
    await book.now('f', 100, signal)
    expect(asked).toHaveLength(2)
  })

  it('is asked out of turn for who cannot wait, and those in turn come later', async () => {
    const { book, time, asked } = bookAt(awsPace)
    await Promise.all(['a', 'b', 'c'].map((name) => book.now(name, 0, signal)))
    const later = book.lately('d', signal)
    time.advance(2_999)
    await settled()
    expect(asked).toHaveLength(3)
    time.advance(1)
    await later
    expect(asked).toHaveLength(4)
  })

  it('goes on as it was where the turn is far, and is not taken for a look of this moment', async () => {
    const { book, time } = bookAt(awsPace)
    await book.now('f', 0, signal)
    time.advance(60_000)
    for (let index = 0; index < 10; index += 1) void book.lately(`g${index}`, signal)
    expect(await book.lately('f', signal)).toMatchObject({ description: { kind: 'found' } })
    expect(await book.lately('f', signal, 1_000)).toMatchObject({ description: { kind: 'unknown' }, isReached: false })
    expect(await book.lately('h', signal)).toMatchObject({ description: { kind: 'unknown' }, isReached: false })
  })

  it('is given up by who aborts, and still learned', async () => {
    const { book, asked } = bookAt(paceElsewhere)
    const reason = new Error('enough')
    await expect(book.now('f', 0, AbortSignal.abort(reason))).rejects.toBe(reason)
    await settled()
    expect([asked.length, book.timeoutMs('f')]).toEqual([1, 3_000])
  })
})
