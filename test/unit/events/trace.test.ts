import fc from 'fast-check'
import { expect, it } from 'vitest'
import { countedTrace, lineageCount, lineageCountMax } from '../../../src/events/trace.ts'

const chance = { nowMs: 1_795_817_318_000, uuid: '01234567-89ab-cdef-0123-456789abcdef' }

// proves: sqs.recursion
it.each([
  [undefined, -1],
  ['', -1],
  ['Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=1', -1],
  ['Root=1-1-1;Parent=2;Sampled=0;Lineage=a87bd80c:0', 0],
  ['Root=1-1-1;Lineage=a87bd80c:16', 16],
  ['Root=1-1-1; Lineage=a87bd80c:2|68fd508a:5|c512fbe3:3', 5],
  ['Lineage=1:a87bd80c:7;Root=1-1-1', 7],
  ['Root=1-1-1;lineage=17:a87bd80c:16|68fd508a:5', 16],
  ['Lineage=', -1],
  ['Lineage=a87bd80c', -1],
  ['Lineage=a:x|b:4|:', 4],
  ['NotLineage=a:9', -1],
])('%s came back %d times', (header, count) => {
  expect(lineageCount(header, 'orders')).toBe(count)
})

// proves: recursion.counted-here
it('a trace begins where there is none, unsampled, with the first execution', () => {
  expect(countedTrace(undefined, 'orders', chance)).toMatch(
    /^Root=1-6b09ff66-0123456789abcdef01234567;Parent=0123456789abcdef;Sampled=0;Lineage=1:m[0-9a-f]{7}:0$/,
  )
})

// proves: recursion.counted-here
it('what comes back is counted on, sixteen executions of one function', () => {
  let header: string | undefined
  for (let execution = 1; execution <= 16; execution++) {
    expect(lineageCount(header, 'orders')).toBe(execution - 2)
    header = countedTrace(header, execution % 2 === 0 ? 'orders:live' : 'orders', chance)
    expect(header).toMatch(new RegExp(`;Lineage=${execution}:m[0-9a-f]{7}:${execution - 1}$`))
  }
  expect(lineageCount(header, 'orders')).toBe(lineageCountMax)
})

// proves: recursion.counted-here
it('each function of a chain is counted by itself, and the rest of the header is kept', () => {
  const first = countedTrace('Root=1-1-1;Sampled=1', 'a', chance)
  const second = countedTrace(first, 'b', chance)
  const third = countedTrace(second, 'a', chance)
  expect(lineageCount(second, 'a')).toBe(0)
  expect(lineageCount(second, 'b')).toBe(0)
  expect(lineageCount(second, 'c')).toBe(-1)
  expect(third).toMatch(/^Root=1-1-1;Sampled=1;Lineage=3:m[0-9a-f]{7}:1\|m[0-9a-f]{7}:0$/)
})

it('what AWS counted is counted on', () => {
  const header = countedTrace('Root=1-1-1;Lineage=5:a87bd80c:4', 'orders', chance)
  expect(header).toMatch(/^Root=1-1-1;Lineage=6:m[0-9a-f]{7}:5\|a87bd80c:4$/)
  expect(lineageCount(header, 'orders')).toBe(5)
})

it('whatever header comes, one goes on that counts one more', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.stringMatching(/^Lineage=[0-9a-fm:|]*$/)), (header) => {
      const before = lineageCount(header, 'orders')
      expect(lineageCount(countedTrace(header, 'orders', chance), 'orders')).toBe(before + 1)
    }),
  )
})
