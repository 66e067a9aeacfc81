import { expect, test } from 'vitest'
import { lineagePasses } from '../../src/events/trace.ts'

// proves: sqs.recursion
test.each([
  [undefined, 0],
  ['', 0],
  ['Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=1', 0],
  ['Root=1-1-1;Parent=2;Sampled=0;Lineage=a87bd80c:0', 0],
  ['Root=1-1-1;Lineage=a87bd80c:16', 16],
  ['Root=1-1-1; Lineage=a87bd80c:2|68fd508a:5|c512fbe3:3', 5],
  ['Lineage=1:a87bd80c:7;Root=1-1-1', 7],
  ['Lineage=', 0],
  ['Lineage=a87bd80c', 0],
  ['Lineage=a:x|b:4|:', 4],
  ['NotLineage=a:9', 0],
])('a record with the trace header %j went through a function %d times', (header, passes) => {
  expect(lineagePasses(header)).toBe(passes)
})
