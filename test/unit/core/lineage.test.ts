import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { forgettable, planLineage, type ShardFacts } from '../../../src/core/mapping/lineage.ts'

const shard = (shardId: string, ...parentIds: string[]): ShardFacts => ({ shardId, parentIds })
const plan = (listed: readonly ShardFacts[], ...done: string[]) => planLineage({ listed, done: new Set(done) })

describe('lineage', () => {
  it('reads unrelated shards at once', () => {
    expect(plan([shard('a'), shard('b')])).toEqual({ readable: ['a', 'b'], waiting: [] })
  })

  it('keeps both children of a split waiting until the parent is done', () => {
    const listed = [shard('parent'), shard('left', 'parent'), shard('right', 'parent')]
    expect(plan(listed)).toMatchObject({ readable: ['parent'], waiting: ['left', 'right'] })
    expect(plan(listed, 'parent')).toMatchObject({ readable: ['left', 'right'], waiting: [] })
  })

  it('keeps a merged child waiting for both of its parents', () => {
    const listed = [shard('a'), shard('b'), shard('merged', 'a', 'b')]
    expect(plan(listed, 'a')).toMatchObject({ readable: ['b'], waiting: ['merged'] })
    expect(plan(listed, 'a', 'b')).toMatchObject({ readable: ['merged'], waiting: [] })
  })

  it('reads a parent that the listing has dropped before its children (behaviour §13.5)', () => {
    expect(plan([shard('child', 'gone')])).toEqual({ readable: ['gone'], waiting: ['child'] })
    expect(plan([shard('child', 'gone')], 'gone')).toEqual({ readable: ['child'], waiting: [] })
  })

  it('does not read the dropped parents of shards that are done', () => {
    expect(plan([shard('child', 'gone')], 'child').readable).toEqual([])
  })

  it('does not let shards that name each other as parents wait for ever', () => {
    expect(plan([shard('a', 'b'), shard('b', 'a'), shard('self', 'self')]).readable).toEqual(['a', 'b', 'self'])
  })

  it('forgets done shards only when no listed shard names them', () => {
    const listed = [shard('child', 'parent')]
    expect(forgettable({ listed, done: new Set(['parent', 'child', 'old']) })).toEqual(['old'])
  })

  it('finishes any family: something is readable as long as a shard is not done, and no child before its parents', () => {
    const families = fc.uniqueArray(
      fc.record({
        shardId: fc.nat(12).map(String),
        parentIds: fc.uniqueArray(fc.nat(12).map(String), { maxLength: 2 }),
      }),
      { selector: (each) => each.shardId, maxLength: 12 },
    )
    fc.assert(
      fc.property(families, (listed) => {
        const done = new Set<string>()
        for (let round = 0; round < 40; round++) {
          const { readable, waiting } = planLineage({ listed, done })
          if (readable.length === 0) {
            expect(waiting).toEqual([])
            return listed.every((each) => done.has(each.shardId))
          }
          expect(readable.some((each) => done.has(each))).toBe(false)
          done.add(readable[0] ?? '')
        }
        return false
      }),
    )
  })
})
