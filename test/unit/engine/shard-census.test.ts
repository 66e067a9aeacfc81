import { expect, it } from 'vitest'
import { ShardCensus } from '../../../src/engine/shard-census.ts'

it('lengthens the pause at the tip with the number of shards, and tells the members', () => {
  const census = new ShardCensus()
  const [a, b] = [{}, {}]
  let told = 0
  census.join(a, () => told++)
  census.count(a, 1)
  expect([census.tipMsMax, told]).toEqual([20, 0])
  census.count(b, 4)
  expect([census.tipMsMax, told]).toEqual([100, 1])
  census.count(b, 100)
  expect(census.tipMsMax).toBe(200)
  census.leave(b)
  expect([census.tipMsMax, told]).toEqual([20, 3])
})

it('tells the members seldom while thousands of shards come or go one by one', () => {
  const census = new ShardCensus()
  let told = 0
  census.join(census, () => told++)
  census.count(census, 900)
  told = 0
  for (let shards = 900; shards >= 400; shards--) census.count(census, shards)
  expect([census.tipMsMax, told]).toEqual([400, 10])
})

it("never waits longer for many shards than AWS's own pollers do for one", () => {
  const census = new ShardCensus()
  const pauses = [10, 200, 500, 1_000, 5_000].map((shards) => {
    census.count(census, shards)
    return census.tipMsMax
  })
  expect(pauses).toEqual([200, 200, 500, 1_000, 1_000])
})
