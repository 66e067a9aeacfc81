import { describe, expect, it } from 'vitest'
import { RecordSieve, type RecordFilter } from '../../../src/engine/record-sieve.ts'
import { record } from './flow-rig.ts'
import { manualClock } from '../../support/manual-clock.ts'

function sieveRig(first: RecordFilter) {
  const time = manualClock()
  const rig = { filter: first, turns: 0, end: new AbortController() }
  let nowMs = 0
  const clock = { ...time.clock, monoMs: () => nowMs }
  const turn = (): Promise<void> => {
    rig.turns += 1
    return Promise.resolve()
  }
  const sieve = new RecordSieve(clock, () => rig.filter, rig.end.signal, turn)
  /** Matches what is called so, after so many slices of 5 ms each. */
  const slow =
    (slices: number, name: string): NonNullable<RecordFilter> =>
    ({ id }) => {
      let left = slices
      const proceed = (): boolean | null => {
        nowMs += 5
        left -= 1
        return left > 0 ? null : id === name
      }
      return { proceed }
    }
  const pass = (ms: number): void => {
    nowMs += ms
  }
  return { rig, sieve, slow, pass }
}

const marks = (records: readonly { readonly id: string; readonly matched: boolean }[]): string[] =>
  records.map(({ id, matched }) => `${id} ${matched}`)

// proves: filter.slices
describe('records are held against filters', () => {
  it('at once where that is quick', () => {
    const { sieve, rig } = sieveRig(({ id }) => id === 'b')
    const marked = sieve.mark([record('a'), record('b')])
    expect(marked).toEqual([record('a', { matched: false }), record('b')])
    expect(rig.turns).toBe(0)
  })

  it('with turns for everybody else where it takes long: after each slice, and after many quick ones', async () => {
    const { sieve, rig, slow, pass } = sieveRig(null)
    rig.filter = slow(4, 'b')
    expect(marks(await sieve.mark([record('a'), record('b')]))).toEqual(['a false', 'b true'])
    expect(rig.turns).toBe(7)
    rig.turns = 0
    rig.filter = () => {
      pass(1)
      return true
    }
    await sieve.mark(Array.from({ length: 20 }, (_, at) => record(String(at))))
    expect(rig.turns).toBe(3)
  })

  it('in the order in which they were read, also what is quick', async () => {
    const { sieve, rig, slow } = sieveRig(null)
    rig.filter = (one) => (one.id.startsWith('slow') ? slow(9, one.id)(one) : true)
    const order: string[] = []
    const pages = [['slow1', 'a'], ['b'], ['slow2'], ['c']].map(async (ids) => {
      const marked = await sieve.mark(ids.map((id) => record(id)))
      order.push(...marked.map(({ id }) => id))
    })
    await Promise.all(pages)
    expect(order).toEqual(['slow1', 'a', 'b', 'slow2', 'c'])
    expect(sieve.mark([record('d')])).toEqual([record('d')])
  })

  it('by those of an update that comes in between, from the first record on', async () => {
    const { sieve, rig, slow } = sieveRig(null)
    rig.filter = slow(3, 'a')
    const marked = sieve.mark([record('a'), record('b')])
    rig.filter = slow(3, 'b')
    expect(marks(await marked)).toEqual(['a false', 'b true'])
  })

  it('no more once the flow has ended', async () => {
    const { sieve, rig, slow } = sieveRig(null)
    rig.filter = slow(1_000, 'a')
    const marked = sieve.mark([record('a')])
    rig.end.abort(new Error('the flow has ended'))
    await expect(marked).rejects.toThrow('the flow has ended')
    expect(rig.turns).toBe(1)
    expect(sieve.passes(record('a'))).toBe(true)
  })

  it('and told of a filter that throws, without holding up what comes next', async () => {
    const { sieve, rig, slow } = sieveRig(null)
    rig.filter = slow(3, 'a')
    const marked = sieve.mark([record('a')])
    rig.filter = () => {
      throw new Error('a bug')
    }
    await expect(marked).rejects.toThrow('a bug')
    rig.filter = null
    expect(sieve.mark([record('b')])).toEqual([record('b')])
  })
})
