import { describe, expect, it } from 'vitest'
import { isAtRest, restingState, stateAfterCreate, stateAfterUpdate } from '../../../src/core/mapping/states.ts'
import { sourceTraits } from '../../../src/model/source.ts'

describe('the states of a mapping (behaviour §1.4)', () => {
  it('makes a queue that is created disabled Disabled at once, and everything else Creating', () => {
    expect(stateAfterCreate(sourceTraits.sqs, false)).toBe('Disabled')
    expect(stateAfterCreate(sourceTraits.sqs, true)).toBe('Creating')
    expect(stateAfterCreate(sourceTraits.kinesis, false)).toBe('Creating')
  })

  // proves: state.update
  it('answers an update with the transition that it begins', () => {
    expect(stateAfterUpdate('Enabled', true)).toBe('Updating')
    expect(stateAfterUpdate('Enabled', false)).toBe('Disabling')
    expect(stateAfterUpdate('Disabled', true)).toBe('Enabling')
    expect(stateAfterUpdate('Disabled', false)).toBe('Disabled')
  })

  // proves: state.update
  it('comes to rest where each transition leads', () => {
    expect(restingState('Creating', true)).toBe('Enabled')
    expect(restingState('Creating', false)).toBe('Disabled')
    expect(restingState('Updating', true)).toBe('Enabled')
    expect(restingState('Disabling', false)).toBe('Disabled')
    expect(restingState('Deleting', true)).toBeNull()
  })

  // proves: state.in-use
  it('is in use while in transition', () => {
    expect(
      ['Enabled', 'Disabled', 'Creating', 'Updating', 'Deleting'].map((state) => isAtRest(state as never)),
    ).toEqual([true, true, false, false, false])
  })
})
