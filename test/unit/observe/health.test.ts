import { expect, it } from 'vitest'
import { createHealth, type HealthPhase } from '../../../src/observe/health.ts'

it('a process is ready between the end of its start and its drain', () => {
  const health = createHealth()
  const seen = () => [health.phase, health.ready]
  expect(seen()).toEqual(['starting', false])
  health.enter('ready')
  expect(seen()).toEqual(['ready', true])
  health.enter('draining')
  expect(seen()).toEqual(['draining', false])
})

it.each<[HealthPhase, HealthPhase]>([
  ['draining', 'ready'],
  ['draining', 'starting'],
  ['ready', 'starting'],
])('a process that is %s does not go back to %s', (reached, back) => {
  const health = createHealth()
  health.enter(reached)
  health.enter(back)
  expect(health.phase).toBe(reached)
})
