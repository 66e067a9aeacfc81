import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { planAdoption } from '../../../src/core/adoption/plan.ts'
import type { AdoptionMode, AdoptionStep, AdoptionView } from '../../../src/core/adoption/view.ts'
import { AdoptionWorld, foreign, ownMapping, runnable, seenMapping, viewOf } from './adoption-world.ts'

const plan = (more: Partial<AdoptionView>) => planAdoption(viewOf(more))
const kinds = (steps: readonly AdoptionStep[]) => steps.map(({ kind }) => kind)

describe('a mapping of the upstream that is not known yet', () => {
  it('is written down before it is disabled, and does not run', () => {
    expect(plan({ upstream: [seenMapping('a', 'Enabled')] })).toEqual([
      {
        kind: 'adopt',
        uuid: 'a',
        declaration: runnable('a'),
        createdMs: 1_000,
        adopted: { phase: 'taking', declared: runnable('a').text, upstreamModifiedMs: 1_000 },
      },
    ])
  })

  it('is adopted as it is when the stack declared it disabled', () => {
    const [step] = plan({ upstream: [seenMapping('a', 'Disabled')] })
    expect(step).toMatchObject({ kind: 'adopt', adopted: { phase: 'taken' } })
  })

  it('waits for the end of its transition, and is nothing any more while it is deleted', () => {
    expect(kinds(plan({ upstream: [seenMapping('a', 'moving')] }))).toEqual(['wait'])
    expect(plan({ upstream: [seenMapping('a', 'Deleting')] })).toEqual([])
  })

  it('is left to the upstream when Millrace cannot run it', () => {
    const upstream = [seenMapping('a', 'Enabled', { declaration: foreign })]
    expect(plan({ upstream })).toEqual([{ kind: 'tell', uuid: 'a', reason: 'it reads Kafka' }])
  })

  it('is left alone where a mapping here has its source and its function', () => {
    const { declaration } = seenMapping('b', 'Enabled')
    const upstream = [seenMapping('a', 'Enabled', { declaration })]
    const [step] = plan({ upstream, ours: [ownMapping('b', 'Enabled')] })
    expect(step).toMatchObject({ kind: 'tell', reason: expect.stringContaining('Both poll now: delete one of them') })
    const [quiet] = plan({ upstream: [{ ...upstream[0]!, state: 'Disabled' }], ours: [ownMapping('b', 'Enabled')] })
    expect(quiet).toMatchObject({ kind: 'tell', reason: expect.stringContaining('left alone. Delete one of them') })
  })

  it('is not tried again after a refusal, until it has changed', () => {
    const refused = new Map([['a', 1_000]])
    expect(plan({ refused, upstream: [seenMapping('a', 'Enabled')] })).toEqual([])
    expect(kinds(plan({ refused, upstream: [seenMapping('a', 'Enabled', { modifiedMs: 2_000 })] }))).toEqual(['adopt'])
  })

  it('stays refused where LastModified is always now', () => {
    const refused = new Map([['a', 1_000]])
    const seen = seenMapping('a', 'Enabled', { modifiedMs: 2_000, isSteady: false })
    expect(plan({ refused, upstream: [seen] })).toEqual([])
    const taking = [ownMapping('a', 'Disabled', { phase: 'taking' })]
    expect(kinds(plan({ refused, upstream: [seen], ours: taking }))).toEqual(['remove'])
  })

  it('is nobody else than ourselves when its UUID is one that was made here', () => {
    const steps = plan({
      upstream: [seenMapping('a', 'Enabled'), seenMapping('b', 'Enabled')],
      ours: [ownMapping('a', 'Enabled')],
    })
    expect(steps).toMatchObject([{ kind: 'tell', uuid: '', reason: expect.stringContaining('this very Millrace') }])
  })
})

describe('a mapping that is being taken', () => {
  const taking = [ownMapping('a', 'Disabled', { phase: 'taking' })]

  it('is disabled upstream as long as it is enabled there', () => {
    const steps = plan({ ours: taking, upstream: [seenMapping('a', 'Enabled')] })
    expect(steps).toEqual([{ kind: 'switch', uuid: 'a', enabled: false }])
  })

  it('waits while the upstream or we are in transition', () => {
    expect(kinds(plan({ ours: taking, upstream: [seenMapping('a', 'moving')] }))).toEqual(['wait'])
    const creating = [ownMapping('a', 'Creating', { phase: 'taking' })]
    expect(kinds(plan({ ours: creating, upstream: [seenMapping('a', 'Enabled')] }))).toEqual(['wait'])
  })

  it('runs here once it is seen disabled, as the stack declared it', () => {
    const declaration = runnable('a', 7)
    const upstream = [seenMapping('a', 'Disabled', { declaration, modifiedMs: 2_000 })]
    expect(plan({ ours: taking, upstream })).toEqual([
      {
        kind: 'change',
        uuid: 'a',
        declaration,
        enabled: true,
        adopted: { phase: 'taken', declared: declaration.text, upstreamModifiedMs: 2_000 },
        why: 'started',
      },
    ])
  })

  it('is dropped when the upstream refuses, and only while it is seen to poll there', () => {
    const refused = new Map([['a', 1_000]])
    const dropped = plan({ ours: taking, refused, upstream: [seenMapping('a', 'Enabled')] })
    expect(dropped).toEqual([{ kind: 'remove', uuid: 'a', why: 'refused' }])
    expect(kinds(plan({ ours: taking, refused, upstream: [seenMapping('a', 'Disabled')] }))).toEqual(['change'])
  })

  it('goes back when it has become something that Millrace cannot run', () => {
    const back = plan({ ours: taking, upstream: [seenMapping('a', 'Disabled', { declaration: foreign })] })
    expect(back).toMatchObject([{ kind: 'tell' }, { kind: 'switch', enabled: true }])
    const there = plan({ ours: taking, upstream: [seenMapping('a', 'Enabled', { declaration: foreign })] })
    expect(there).toEqual([{ kind: 'remove', uuid: 'a', why: 'foreign' }])
  })
})

describe('a mapping that runs here', () => {
  const taken = [ownMapping('a', 'Enabled', { phase: 'taken' })]
  const touched = [ownMapping('a', 'Enabled', { phase: 'touched' })]

  it('is left alone while nothing changes upstream', () => {
    expect(plan({ ours: taken, upstream: [seenMapping('a', 'Disabled')] })).toEqual([])
    expect(plan({ ours: taken, upstream: [seenMapping('a', 'Disabled', { modifiedMs: null })] })).toEqual([])
    const unknown = [ownMapping('a', 'Enabled', { upstreamModifiedMs: null })]
    expect(plan({ ours: unknown, upstream: [seenMapping('a', 'Disabled')] })).toEqual([])
    const alwaysNow = { modifiedMs: 2_000, isSteady: false }
    expect(plan({ ours: taken, upstream: [seenMapping('a', 'Disabled', alwaysNow)] })).toEqual([])
  })

  it('takes over what was changed upstream, and goes on running', () => {
    const declaration = runnable('a', 7)
    const upstream = [seenMapping('a', 'Disabled', { declaration, modifiedMs: 2_000 })]
    expect(plan({ ours: taken, upstream })).toMatchObject([
      { kind: 'change', declaration, enabled: true, why: 'copied', adopted: { upstreamModifiedMs: 2_000 } },
    ])
  })

  it('keeps what it has when it was changed to something Millrace cannot run', () => {
    const upstream = [seenMapping('a', 'Disabled', { declaration: foreign })]
    expect(kinds(plan({ ours: taken, upstream }))).toEqual(['tell'])
    const returning = [ownMapping('a', 'Enabled', { phase: 'returning' })]
    expect(kinds(plan({ ours: returning, upstream }))).toEqual(['tell'])
  })

  it('counts as disabled by the stack when it was written upstream and is Disabled there with nothing else different', () => {
    const steps = plan({ ours: taken, upstream: [seenMapping('a', 'Disabled', { modifiedMs: 2_000 })] })
    expect(steps).toMatchObject([{ kind: 'change', enabled: false, why: 'disabledUpstream' }])
  })

  it('is disabled again where the upstream has it enabled, after that is written down', () => {
    const noted = plan({ ours: taken, upstream: [seenMapping('a', 'Enabled')] })
    expect(noted).toMatchObject([{ kind: 'note', adopted: { phase: 'touched' }, why: 'enabledAgain' }])
    const told = plan({ ours: touched, upstream: [seenMapping('a', 'Enabled')] })
    expect(told).toEqual([{ kind: 'switch', uuid: 'a', enabled: false }])
  })

  it('does not take its own order for one of the stack', () => {
    const steps = plan({ ours: touched, upstream: [seenMapping('a', 'Disabled', { modifiedMs: 2_000 })] })
    expect(steps).toMatchObject([{ kind: 'note', adopted: { phase: 'taken', upstreamModifiedMs: 2_000 } }])
  })

  it('is left to an upstream that does not let go of it any more', () => {
    const refused = new Map([['a', 1_000]])
    const steps = plan({ ours: touched, refused, upstream: [seenMapping('a', 'Enabled')] })
    expect(steps).toEqual([{ kind: 'remove', uuid: 'a', why: 'refused' }])
  })

  it('is deleted with the one upstream: when that is Deleting, or is missing at two looks', () => {
    expect(plan({ ours: taken, upstream: [seenMapping('a', 'Deleting')] })).toEqual([
      { kind: 'remove', uuid: 'a', why: 'gone' },
    ])
    expect(kinds(plan({ ours: taken }))).toEqual(['wait'])
    expect(plan({ ours: taken, missedBefore: new Set(['a']) })).toEqual([{ kind: 'remove', uuid: 'a', why: 'gone' }])
    expect(kinds(plan({ ours: [ownMapping('a', 'Deleting', {})], missedBefore: new Set(['a']) }))).toEqual(['wait'])
  })

  it('that was made here is nobody else’s business', () => {
    expect(plan({ ours: [ownMapping('a', 'Enabled')], missedBefore: new Set(['a']) })).toEqual([])
  })
})

describe('a mapping that was declared disabled', () => {
  const own = [ownMapping('a', 'Disabled', { phase: 'taken' })]

  it('is taken when the stack enables it', () => {
    const steps = plan({ ours: own, upstream: [seenMapping('a', 'Enabled', { modifiedMs: 2_000 })] })
    expect(steps).toMatchObject([{ kind: 'note', adopted: { phase: 'taking' }, why: 'enabledUpstream' }])
  })

  it('takes changes over and stays disabled', () => {
    const upstream = [seenMapping('a', 'Disabled', { declaration: runnable('a', 7), modifiedMs: 2_000 })]
    expect(plan({ ours: own, upstream })).toMatchObject([{ kind: 'change', enabled: false, why: 'copied' }])
    expect(plan({ ours: own, upstream: [seenMapping('a', 'Disabled', { modifiedMs: 2_000 })] })).toMatchObject([
      { kind: 'note', why: 'settled' },
    ])
  })
})

describe('giving back', () => {
  const undo = (more: Partial<AdoptionView>) => plan({ mode: 'undo', ...more })

  it('writes it down, stops here, enables upstream, forgets', () => {
    const disabled = [seenMapping('a', 'Disabled')]
    expect(undo({ ours: [ownMapping('a', 'Enabled', {})], upstream: disabled })).toMatchObject([
      { kind: 'note', adopted: { phase: 'returning' } },
    ])
    const returning = { phase: 'returning' } as const
    expect(undo({ ours: [ownMapping('a', 'Enabled', returning)], upstream: disabled })).toMatchObject([
      { kind: 'change', declaration: null, enabled: false, adopted: returning, why: 'stopped' },
    ])
    const stopped = [ownMapping('a', 'Disabled', returning)]
    expect(undo({ ours: stopped, upstream: disabled })).toEqual([{ kind: 'switch', uuid: 'a', enabled: true }])
    expect(kinds(undo({ ours: stopped, upstream: [seenMapping('a', 'moving')] }))).toEqual(['wait'])
    expect(undo({ ours: stopped, upstream: [seenMapping('a', 'Enabled')] })).toEqual([
      { kind: 'remove', uuid: 'a', why: 'returned' },
    ])
  })

  it('leaves disabled what was declared so, and what was never adopted as it is', () => {
    const upstream = [seenMapping('a', 'Disabled'), seenMapping('b', 'Enabled')]
    expect(undo({ ours: [ownMapping('a', 'Disabled', {}), ownMapping('c', 'Enabled')], upstream })).toEqual([
      { kind: 'remove', uuid: 'a', why: 'returned' },
    ])
  })

  it('forgets what is gone upstream', () => {
    const ours = [ownMapping('a', 'Enabled', {})]
    expect(kinds(undo({ ours }))).toEqual(['wait'])
    expect(undo({ ours, missedBefore: new Set(['a']) })).toEqual([{ kind: 'remove', uuid: 'a', why: 'gone' }])
    expect(undo({ ours, upstream: [seenMapping('a', 'Deleting')] })).toEqual([
      { kind: 'remove', uuid: 'a', why: 'gone' },
    ])
  })

  it('without --adopt happens only to what was left half done', () => {
    const off = (more: Partial<AdoptionView>) => plan({ mode: 'off', ...more })
    const upstream = [seenMapping('a', 'Disabled'), seenMapping('b', 'Enabled')]
    expect(off({ ours: [ownMapping('a', 'Enabled', {})], upstream })).toEqual([])
    const taking = [ownMapping('a', 'Disabled', { phase: 'taking' })]
    expect(off({ ours: taking, upstream })).toMatchObject([{ kind: 'change', enabled: true, why: 'started' }])
    expect(off({ ours: taking, upstream: [seenMapping('a', 'Enabled')] })).toMatchObject([
      { kind: 'remove', why: 'returned' },
    ])
    expect(off({ ours: taking, upstream: [seenMapping('a', 'Disabled', { declaration: foreign })] })).toEqual([
      { kind: 'switch', uuid: 'a', enabled: true },
    ])
  })
})

/** What may happen between two looks, in any order. */
const deed = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom('create', 'createDisabled', 'enable', 'update', 'delete') },
  { weight: 3, arbitrary: fc.constantFrom('settle', 'crash') },
  {
    weight: 8,
    arbitrary: fc.record({
      mode: fc.constantFrom<AdoptionMode>('on', 'on', 'on', 'off', 'undo'),
      acts: fc.constantFrom(0, 1, 2),
      obeys: fc.boolean(),
    }),
  },
)
type Deed = typeof deed extends fc.Arbitrary<infer T> ? T : never

/** Plays the deeds; answers whether the stack wants the mapping to run (null: there is none). */
function play(world: AdoptionWorld, deeds: readonly Deed[]): boolean | null {
  let wanted: boolean | null = null
  let isMade = false
  for (const each of deeds) {
    if (typeof each !== 'string') world.look(each.mode, each.acts, each.obeys)
    else if (each === 'settle') world.settle()
    else if (each === 'crash') world.crash()
    else {
      world.stack(each)
      if (each === 'delete') wanted = null
      else if (each === 'create' || each === 'createDisabled') {
        if (!isMade) wanted = each === 'create'
        isMade = true
      } else if (each === 'enable' && wanted !== null) wanted = true
    }
  }
  return wanted
}

/** Healed: nothing fails any more. Answers when a look has nothing left to do. */
function converge(world: AdoptionWorld, mode: AdoptionMode): void {
  for (let look = 0; look < 40; look++) {
    world.settle()
    const isQuiet = world.look(mode).length === 0
    if (isQuiet && world.look(mode).length === 0) return
  }
  throw new Error('It does not come to rest.')
}

describe('whatever happens between looks: crashes, lost answers, changes of the stack, other modes', () => {
  const healed = (mode: AdoptionMode, check: (world: AdoptionWorld, wanted: boolean | null) => void) => {
    fc.assert(
      fc.property(fc.array(deed, { maxLength: 25 }), (deeds) => {
        const world = new AdoptionWorld()
        const wanted = play(world, deeds)
        converge(world, mode)
        expect(world.early, 'begun before it was seen disabled upstream').toBe(0)
        check(world, wanted)
      }),
      { numRuns: 3_000, seed: 20_261_121 },
    )
  }

  it('with --adopt it runs here alone, as the stack has it', () => {
    healed('on', ({ own, upstream }, wanted) => {
      if (wanted === null) return expect(own).toBeNull()
      expect(upstream?.state).toBe('Disabled')
      expect(own).toMatchObject({
        state: wanted ? 'Enabled' : 'Disabled',
        parameters: { BatchSize: upstream?.batchSize },
      })
    })
  })

  it('with --adopt=undo it is with the upstream alone', () => {
    healed('undo', ({ own, upstream }, wanted) => {
      expect(own).toBeNull()
      if (wanted === null) expect(upstream).toBeNull()
      else expect(upstream?.state).toBe(wanted ? 'Enabled' : 'Disabled')
    })
  })

  it('without it somebody polls, if anybody is to', () => {
    healed('off', ({ own, upstream }, wanted) => {
      const polls = [upstream?.state, own?.state].includes('Enabled')
      expect(polls).toBe(wanted ?? polls)
    })
  })
})
