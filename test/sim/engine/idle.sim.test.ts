import { describe, expect, it } from 'vitest'
import type { MappingRest } from '../../../src/model/mapping-rest.ts'
import { partsOf, seedsOf } from '../seeds.ts'
import type { IdlePlant } from './idle-judge.ts'
import { runEngineSeed } from './run.ts'
import { nothingPlanted } from './world/plants.ts'

const seeds = seedsOf(100)

/** Seeds within which each plant is to be noticed. */
const seedsMax = 60

describe('a process that is asked all the time whether it is idle', () => {
  it.each(partsOf(seeds, 25))(
    'says so when it is, and only then: seeds $from to $to',
    { timeout: 120_000 },
    async ({ from, to }) => {
      const said = { idle: 0, not: 0 }
      for (let seed = from; seed <= to; seed++) {
        const result = await runEngineSeed(seed, nothingPlanted, { idle: (deps) => deps })
        said.idle += result.said?.idle ?? 0
        said.not += result.said?.not ?? 0
      }
      expect(said.idle).toBeGreaterThan(to - from)
      expect(said.not).toBeGreaterThan(0)
    },
  )
})

function resting(change: (rest: MappingRest) => Partial<MappingRest>): IdlePlant {
  return (deps) => ({
    ...deps,
    rest: (uuid) => {
      const rest = deps.rest(uuid)
      return rest && { ...rest, ...change(rest) }
    },
  })
}

interface Case {
  readonly wrong: string
  readonly says: RegExp
  readonly plant: IdlePlant
}

const cases: readonly Case[] = [
  {
    wrong: 'queues that are never looked at',
    says: /^idle: says idle with message/,
    plant: (deps) => ({
      ...deps,
      queueDepth: async () => ({
        kind: 'queue',
        visible: 0,
        inFlight: 0,
        delayed: 0,
        visibilityMs: null,
        redrive: null,
      }),
    }),
  },
  {
    wrong: 'shards whose tip is taken for seen',
    says: /^idle: says idle with record/,
    plant: resting(({ flows }) => ({
      flows: new Map([...flows].map(([flow, tip]) => [flow, { ...tip, tipMs: Number.MAX_VALUE }])),
    })),
  },
  {
    wrong: 'work that does not count',
    says: /^idle: says idle with record/,
    plant: resting(() => ({ reasons: [] })),
  },
  {
    wrong: 'activity that never ends',
    says: /^idle: nothing is left, and yet/,
    plant: (deps) => {
      let activity = 0
      return { ...deps, others: () => ({ count: 0, activity: (activity += 1), activeMs: 0 }) }
    },
  },
]

describe('who judges the answers notices', () => {
  it.each(cases)('$wrong', { timeout: 120_000 }, async ({ plant, says }) => {
    let noticed = ''
    for (let seed = 1; seed <= seedsMax && !says.test(noticed); seed++) {
      noticed = await runEngineSeed(seed, nothingPlanted, { idle: plant }).then(
        () => '',
        (error: unknown) => (error instanceof Error ? error.message : String(error)),
      )
    }
    expect(noticed).toMatch(says)
  })
})
