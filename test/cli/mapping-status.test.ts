import { expect, test } from 'vitest'
import { statusRow, type FlowReport, type MappingReport } from '../../src/cli/mapping-status.ts'

const flow: FlowReport = {
  flow: 'queue',
  phase: 'open',
  held: 0,
  invoking: 0,
  waiting: 0,
  concurrency: 5,
  watermark: null,
  behindMs: null,
  trouble: null,
}

const report: MappingReport = {
  uuid: 'u-1',
  state: 'Enabled',
  source: 'arn:aws:sqs:us-east-1:000000000000:orders',
  functionArn: 'arn:aws:lambda:us-east-1:000000000000:function:orders:live',
  pauseReasons: [],
  lastError: null,
  flows: [flow],
}

test('a row sums the flows and shortens the names', () => {
  const flows = [
    { ...flow, invoking: 1, held: 10 },
    { ...flow, invoking: 2, held: 5, waiting: 1 },
  ]
  expect(statusRow({ ...report, flows })).toEqual([
    'u-1',
    'Enabled',
    'sqs:orders',
    'lambda:orders:live',
    '2',
    '3',
    '1',
    '15',
    '-',
  ])
})

test('what is wrong stands at the end of the row, the flow before the mapping', () => {
  const last = (changed: Partial<MappingReport>) => statusRow({ ...report, ...changed }).at(-1)
  expect(last({ pauseReasons: ['missing', 'pressure'] })).toBe('missing, pressure')
  expect(last({ pauseReasons: ['missing'], flows: [{ ...flow, trouble: 'no such queue' }] })).toBe('no such queue')
  expect(last({ state: 'Disabled', pauseReasons: ['disabled'] })).toBe('-')
})
