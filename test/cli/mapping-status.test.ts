import { expect, test } from 'vitest'
import { explain, statusRow, type FlowReport, type MappingReport } from '../../src/cli/mapping-status.ts'

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
  lastProcessingResult: '',
  lastError: null,
  flows: [flow],
}

test('an idle mapping is said to be well', () => {
  expect(explain(report)).toEqual([
    'Nothing is wrong: arn:aws:sqs:us-east-1:000000000000:orders is being read, and nothing is there that the function has not had.',
  ])
})

test('a running mapping says how much is in the function', () => {
  expect(explain({ ...report, flows: [{ ...flow, invoking: 2 }] })[0]).toBe(
    'It is running: 2 batches are in the function now.',
  )
})

test('a disabled mapping says how to enable it', () => {
  expect(explain({ ...report, state: 'Disabled' })[0]).toContain('millrace mappings update u-1 --enabled')
})

test('a source that was never reached is said so', () => {
  expect(explain({ ...report, flows: [] })[0]).toContain('has not been reached')
})

test('reasons, trouble, lag and the last error are told', () => {
  const lines = explain({
    ...report,
    pauseReasons: ['missing'],
    lastError: { atMs: 0, message: 'QueueDoesNotExist' },
    lastProcessingResult: 'PROBLEM: Function call failed',
    flows: [{ ...flow, trouble: 'the queue does not exist', behindMs: 61_000 }],
  })
  expect(lines).toEqual([
    'Held up: missing.',
    'queue: the queue does not exist',
    'queue: 61 s behind the tip',
    'Last error, 1970-01-01T00:00:00.000Z: QueueDoesNotExist',
    'Last processing result: PROBLEM: Function call failed',
  ])
})

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
