import { expect, it } from 'vitest'
import { AttemptIds } from '../../../src/engine/attempt-ids.ts'
import { manualClock } from '../../support/manual-clock.ts'

it('keeps no name of a read that was answered', () => {
  const ids = new AttemptIds(manualClock().clock)
  const lost = ids.of({ id: 1, repeats: null })
  expect(ids.of({ id: 2, repeats: 1 })).toBe(lost)
  ids.forget(2)
  expect(ids.of({ id: 3, repeats: 2 })).not.toBe(lost)
})
