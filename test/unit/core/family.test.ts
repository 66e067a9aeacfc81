import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  type Family,
  familyOf,
  finishShard,
  inOrder,
  isNamed,
  type ShardFacts,
} from '../../../src/core/mapping/family.ts'

const shard = (shardId: string, ...parentIds: string[]): ShardFacts => ({ shardId, parentIds })
const shown = (family: Family) => ({
  readable: inOrder(family, family.readable),
  waiting: inOrder(family, family.waiting.keys()),
})
const plan = (listed: readonly ShardFacts[], ...done: string[]) => shown(familyOf(listed, new Set(done)))

const families = fc.uniqueArray(
  fc.record({
    shardId: fc.nat(12).map(String),
    parentIds: fc.uniqueArray(fc.nat(12).map(String), { maxLength: 2 }),
  }),
  { selector: (each) => each.shardId, maxLength: 12 },
)

describe('a family of shards', () => {
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

  it('names a shard that is listed, and the parents of one', () => {
    const family = familyOf([shard('child', 'parent')], new Set(['parent', 'child', 'old']))
    expect(['child', 'parent', 'old'].filter((each) => isNamed(family, each))).toEqual(['child', 'parent'])
  })

  it('is after each end what it would be laid out anew, whoever ends', () => {
    const facts = (family: Family) => ({ ...shown(family), unlisted: family.unlisted })
    fc.assert(
      fc.property(families, fc.array(fc.nat(12).map(String), { maxLength: 15 }), (listed, ends) => {
        const done = new Set<string>()
        const family = familyOf(listed, done)
        for (const shardId of ends) {
          finishShard(family, shardId)
          done.add(shardId)
          expect(facts(family)).toEqual(facts(familyOf(listed, done)))
          expect([...family.idle].every((each) => family.readable.has(each))).toBe(true)
        }
      }),
    )
  })

  it('finishes any family: something is readable as long as a shard is not done, and no child before its parents', () => {
    fc.assert(
      fc.property(families, (listed) => {
        const done = new Set<string>()
        for (let round = 0; round < 40; round++) {
          const { readable, waiting } = shown(familyOf(listed, done))
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
