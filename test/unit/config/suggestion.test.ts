import { expect, it } from 'vitest'
import { nearest, suggestion } from '../../../src/config/suggestion.ts'

const keys = ['aws', 'server', 'store', 'scaling', 'maxInvocations', 'BatchSize', 'EventSourceArn']

it.each([
  ['sever', 'server'],
  ['Stroe', 'store'],
  ['batch_size', 'BatchSize'],
  ['batch-size', 'BatchSize'],
  ['max_invocation', 'maxInvocations'],
  ['eventSourceARN', 'EventSourceArn'],
  ['was', 'aws'],
])('%s was meant as %s', (given, meant) => {
  expect(nearest(given, keys)).toBe(meant)
})

it.each(['', 'a', 'xy', 'port', 'functionality', 'x'.repeat(10_000)])('%s is near nothing', (given) => {
  expect(nearest(given, keys)).toBeUndefined()
  expect(suggestion(given, keys, '')).toBe('')
})

it('a common beginning does not make two words near', () => {
  expect(suggestion('MILLRACE_FOO', ['MILLRACE_HOST'], 'MILLRACE_')).toBe('')
  expect(suggestion('--prot', ['--port', '--prune'], '--')).toBe(' Did you mean --port?')
})

it('of two that are equally near the first one is named', () => {
  expect(nearest('stare', ['stage', 'store'])).toBe('stage')
  expect(nearest('stare', ['store', 'stage'])).toBe('store')
})
