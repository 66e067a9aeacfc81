import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { judgeReply, type ReplyToJudge } from '../../../src/events/response.ts'
import type { Outcome } from '../../../src/model/invocation.ts'
import type { SourceKind } from '../../../src/model/source.ts'

const reply = { requestId: 'r-1', statusCode: 200, executedVersion: '$LATEST', functionError: null }
const ids = ['a', 'b', 'c', 'd']
const base: ReplyToJudge = { reply, payload: 'null', ids, source: 'sqs', reportsFailures: true, window: 'none' }
const sources: readonly SourceKind[] = ['sqs', 'sqs-fifo', 'kinesis', 'dynamodb']

function verdict(outcome: Outcome): string {
  return outcome.kind === 'partial' ? `partial ${outcome.failed.join()}` : outcome.kind
}

// proves: sqs.partial.success, sqs.partial.malformed, sqs.partial.unknown-id, stream.partial.success
// proves: stream.partial.malformed, target.status-object
describe.each(sources)('ReportBatchItemFailures of %s', (source) => {
  it.each([
    // Everything succeeded.
    ['{"batchItemFailures":[]}', 'succeeded'],
    ['{"batchItemFailures":null}', 'succeeded'],
    ['{}', 'succeeded'],
    ['null', 'succeeded'],
    ['[]', 'succeeded'],
    ['', 'succeeded'],
    ['{"statusCode":500}', 'succeeded'],
    ['{"batchitemfailures":[{"itemIdentifier":"a"}]}', 'succeeded'],
    // Some failed.
    ['{"batchItemFailures":[{"itemIdentifier":"b"}]}', 'partial 1'],
    ['{"batchItemFailures":[{"itemIdentifier":"d"},{"itemIdentifier":"b"}]}', 'partial 1,3'],
    ['{"batchItemFailures":[{"itemIdentifier":"b"},{"itemIdentifier":"b"}]}', 'partial 1'],
    ['{"batchItemFailures":[{"itemIdentifier":"a","why":"x"}],"extra":1}', 'partial 0'],
    [`{"batchItemFailures":[${ids.map((id) => `{"itemIdentifier":"${id}"}`).join()}]}`, 'partial 0,1,2,3'],
    // Nothing can be believed.
    ['{"batchItemFailures":[{"itemIdentifier":""}]}', 'failed'],
    ['{"batchItemFailures":[{"itemIdentifier":null}]}', 'failed'],
    ['{"batchItemFailures":[{"foo":"notvalid"}]}', 'failed'],
    ['{"batchItemFailures":[{"foo":123}]}', 'failed'],
    ['{"batchItemFailures":[{"foo":null}]}', 'failed'],
    ['{"batchItemFailures":[{"ItemIdentifier":"a"}]}', 'failed'],
    ['{"batchItemFailures":[{}]}', 'failed'],
    ['{"batchItemFailures":[null]}', 'failed'],
    ['{"batchItemFailures":["a"]}', 'failed'],
    ['{"batchItemFailures":[["a"]]}', 'failed'],
    ['{"batchItemFailures":[{"itemIdentifier":"unknown"}]}', 'failed'],
    ['{"batchItemFailures":[{"itemIdentifier":123}]}', 'failed'],
    ['{"batchItemFailures":[{"itemIdentifier":"a"},{"itemIdentifier":"unknown"}]}', 'failed'],
    ['{"batchItemFailures":[{"itemIdentifier":"__proto__"}]}', 'failed'],
    ['{"batchItemFailures":{"itemIdentifier":"a"}}', 'failed'],
    ['{"batchItemFailures":"a"}', 'failed'],
    ['{"batchItemFailures":false}', 'failed'],
    ['[{"itemIdentifier":"a"}]', 'failed'],
    ['"a"', 'failed'],
    ['""', 'failed'],
    ['0', 'failed'],
    ['true', 'failed'],
    ['not JSON', 'failed'],
    ['{"batchItemFailures":[', 'failed'],
  ])('the answer %s means %s', (payload, expected) => {
    expect(verdict(judgeReply({ ...base, source, payload }))).toBe(expected)
  })

  // proves: sqs.partial.exception
  it('an exception fails the batch whatever else it says', () => {
    const outcome = judgeReply({
      ...base,
      source,
      reply: { ...reply, functionError: 'Unhandled' },
      payload: '{"errorMessage":"boom","errorType":"TypeError","batchItemFailures":[]}',
    })
    expect(outcome).toMatchObject({ kind: 'failed', errorType: 'TypeError', message: 'boom' })
  })

  // proves: sqs.partial.off
  it('a function that does not report is not listened to', () => {
    const payloads = ['{"batchItemFailures":[{"itemIdentifier":"a"}]}', 'not JSON', '[1]', '{"statusCode":500}', '']
    for (const payload of payloads) {
      expect(judgeReply({ ...base, source, payload, reportsFailures: false })).toEqual({
        kind: 'succeeded',
        reply,
        state: null,
      })
    }
  })
})

// proves: sqs.partial.empty-item
it('an empty entry is taken for a success of a queue when that is wished for, never of a stream', () => {
  const payload = '{"batchItemFailures":[{}]}'
  expect(verdict(judgeReply({ ...base, payload, acknowledgesEmptyItem: true }))).toBe('succeeded')
  expect(verdict(judgeReply({ ...base, payload, acknowledgesEmptyItem: true, source: 'kinesis' }))).toBe('failed')
  const mixed = '{"batchItemFailures":[{},{"itemIdentifier":"c"},{"foo":1}]}'
  expect(verdict(judgeReply({ ...base, payload: mixed, acknowledgesEmptyItem: true }))).toBe('failed')
})

it('a message that is in the batch twice fails twice', () => {
  const payload = '{"batchItemFailures":[{"itemIdentifier":"a"}]}'
  expect(verdict(judgeReply({ ...base, payload, ids: ['a', 'b', 'a'] }))).toBe('partial 0,2')
})

it('a reported failure keeps the reply, so that a failure record can say that no error was thrown', () => {
  const outcome = judgeReply({ ...base, payload: '{"batchItemFailures":[{"itemIdentifier":""}]}' })
  expect(outcome).toMatchObject({ kind: 'failed', reply, errorType: 'InvalidBatchResponse' })
})

describe('a failed function', () => {
  const failed = { ...base, reply: { ...reply, functionError: 'Unhandled' } }

  it.each([
    ['{"errorMessage":"boom","errorType":"Error","stackTrace":[]}', 'Error', 'boom'],
    ['{"errorMessage":"2026-11-21T00:00:00Z r-1 Task timed out after 3.00 seconds"}', 'Unhandled', /timed out/],
    ['{"errorType":7,"errorMessage":{}}', 'Unhandled', ''],
    ['Task timed out after 3.00 seconds', 'Unhandled', 'Task timed out after 3.00 seconds'],
    ['', 'Unhandled', ''],
    ['[1]', 'Unhandled', '[1]'],
    ['{"errorType":"","errorMessage":"m"}', 'Unhandled', 'm'],
  ])('is described by its payload %s', (payload, errorType, message) => {
    expect(judgeReply({ ...failed, payload })).toMatchObject({
      kind: 'failed',
      errorType,
      message: message instanceof RegExp ? expect.stringMatching(message) : message,
    })
  })

  it('does not fill the log', () => {
    const outcome = judgeReply({ ...failed, payload: JSON.stringify({ errorMessage: 'x'.repeat(100_000) }) })
    expect(outcome.kind === 'failed' && outcome.message.length).toBe(1001)
  })
})

it('an empty identifier names no record, even where a service gave one an empty id', () => {
  const payload = '{"batchItemFailures":[{"itemIdentifier":""}]}'
  expect(verdict(judgeReply({ ...base, payload, ids: [''] }))).toBe('failed')
})

it('an answer outside 2xx is never a success', () => {
  expect(verdict(judgeReply({ ...base, reply: { ...reply, statusCode: 101 } }))).toBe('failed')
  const outcome = judgeReply({ ...base, reportsFailures: false, reply: { ...reply, statusCode: 500 }, payload: 'oops' })
  expect(outcome).toMatchObject({ kind: 'failed', errorType: 'Status.500', message: 'oops' })
})

// proves: stream.tumbling.state
describe('a tumbling window', () => {
  const windowed: ReplyToJudge = { ...base, source: 'kinesis', window: 'open', reportsFailures: false }

  it('carries the state as the function wrote it', () => {
    const outcome = judgeReply({ ...windowed, payload: '{"state": {"sum":12345678901234567890,"ä":1}}' })
    expect(outcome).toEqual({
      kind: 'succeeded',
      reply,
      state: { json: '{"sum":12345678901234567890,"ä":1}', bytes: 35 },
    })
  })

  it.each(['null', '{}', '', '[]', '{"state":null}', '{"state":1}', '{"state":[]}', '{"state":"{}"}', 'not JSON'])(
    'fails on the answer %s, which has no state',
    (payload) => {
      expect(judgeReply({ ...windowed, payload })).toMatchObject({ kind: 'failed', errorType: 'InvalidWindowResponse' })
    },
  )

  it('listens to reported failures beside the state, and keeps it', () => {
    const payload = '{"state":{"n":1},"batchItemFailures":[{"itemIdentifier":"c"}]}'
    expect(judgeReply({ ...windowed, payload, reportsFailures: true })).toEqual({
      kind: 'partial',
      reply,
      failed: [2],
      state: { json: '{"n":1}', bytes: 7 },
    })
    expect(judgeReply({ ...windowed, payload })).toMatchObject({ kind: 'succeeded' })
  })

  it('fails as a whole when the state is there and the failures cannot be understood', () => {
    const payload = '{"state":{},"batchItemFailures":[{"itemIdentifier":"nobody"}]}'
    expect(judgeReply({ ...windowed, payload, reportsFailures: true })).toMatchObject({ kind: 'failed' })
  })

  const final: ReplyToJudge = { ...windowed, window: 'final', ids: [] }

  // proves: stream.tumbling.final-answer
  it.each(['{"state":{}}', 'null', '{}', '', '[]', '"done"', '{"UnprocessedItems":{}}', 'not JSON'])(
    'is closed by any answer of its final invocation that is no error: %s',
    (payload) => {
      const succeeded = { kind: 'succeeded', reply, state: null }
      expect(judgeReply({ ...final, payload })).toEqual(succeeded)
      expect(judgeReply({ ...final, payload, reportsFailures: true })).toEqual(succeeded)
    },
  )

  it('is not closed by a final invocation that fails', () => {
    const failed = { ...final, payload: '{"state":{}}', reply: { ...reply, functionError: 'Unhandled' } }
    expect(judgeReply(failed)).toMatchObject({ kind: 'failed' })
    expect(judgeReply({ ...final, reply: { ...reply, statusCode: 500 } })).toMatchObject({ kind: 'failed' })
  })
})

it('an answer that is acknowledged names only failures of the batch, whatever the function says', () => {
  const windows = ['none', 'open', 'final'] as const
  const anything = fc.oneof(
    fc.string(),
    fc.json(),
    fc
      .array(fc.oneof(fc.record({ itemIdentifier: fc.constantFrom(...ids, 'x', '', null, 1) }), fc.jsonValue()))
      .map((items) => JSON.stringify({ batchItemFailures: items, state: {} })),
  )
  fc.assert(
    fc.property(anything, fc.constantFrom(...sources), fc.constantFrom(...windows), (payload, source, window) => {
      const outcome = judgeReply({ ...base, payload, source, window })
      if (outcome.kind !== 'partial') return
      expect(outcome.failed.length).toBeGreaterThan(0)
      expect([...outcome.failed].sort((a, b) => a - b)).toEqual(outcome.failed)
      expect(outcome.failed.every((index) => index in ids)).toBe(true)
    }),
  )
})
