import { describe, expect, it } from 'vitest'
import type { Evidence } from '../../../../src/api/why/evidence.ts'
import { explain } from '../../../../src/api/why/explain.ts'
import type { FailedAttempt, FlowStatus, FunctionTrouble } from '../../../../src/model/mapping-status.ts'
import type { MappingDocument } from '../../../../src/model/mapping.ts'
import { found, hostedFunction } from '../../../support/api.ts'
import { noDetail } from '../../../support/flow-detail.ts'
import { agoMs, emptyQueue, evidenceOf, idleFlow, nowMs, queueDocument, statusOf, streamDocument } from './evidence.ts'

// Most causes are provoked for real in test/system/integration/why; here is what no emulator does on demand.

const about = (document: MappingDocument, more: Partial<Evidence> = {}) => explain(evidenceOf(document, more))
const withFlows = (document: MappingDocument, ...flows: readonly Partial<FlowStatus>[]) => ({
  status: statusOf(document, { flows: flows.map((flow) => ({ ...idleFlow, ...flow })) }),
})
const failing = (kind: FunctionTrouble['kind'], message: string): FunctionTrouble => ({
  ...{ kind, message, sinceMs: agoMs(25), attempts: 3 },
})
const lastFailure: FailedAttempt = {
  ...{ kind: 'failed', message: 'Error: boom', atMs: agoMs(5), attempt: 2, records: 1, firstId: 'm1' },
  ...{ next: 'visibility', nextMs: nowMs + 25_000 },
}
const batch: FlowStatus['detail']['batches'][number] = {
  ...{ step: 'waiting', records: 1, attempts: 3, notRun: 0, nextInMs: 7_000, runsForMs: null, final: false, behind: 4 },
  first: { id: 'e1', position: '49', orderKey: 'k', arrivedMs: agoMs(90) },
}

describe('why', () => {
  it('says since when and how often a function fails, what comes next, and never twice the same', () => {
    const functionTrouble = failing('failed', 'Error: boom')
    const { status } = withFlows(queueDocument, { functionTrouble, lastFailure })
    const lastError = { atMs: agoMs(5), message: 'Error: boom' }
    const explained = about(queueDocument, { status: { ...status, lastError } })
    expect(explained.sentences).toEqual([
      'The function audit failed its last 3 attempts since 00:00:35 UTC (25 s): Error: boom. Message m1 (receive 2 of 5) comes again at 00:01:25 UTC (in 25 s), when its visibility ends. Its own log says more.',
    ])
  })

  it('does not say that a throttle was the last error when it has said that the function throttles', () => {
    const functionTrouble = failing('throttled', 'throttled: Rate Exceeded.')
    const { status } = withFlows(queueDocument, { functionTrouble })
    const lastError = { atMs: agoMs(5), message: 'throttled: Rate Exceeded.' }
    const hosted = hostedFunction('audit', { reservedConcurrency: 2 })
    const { cause, sentences } = about(queueDocument, { status: { ...status, lastError }, hosted })
    expect([cause, sentences.length]).toEqual(['function-throttled', 1])
    expect(sentences[0]).toContain(
      'The reservedConcurrency of 2 of the function audit throttles (since 00:00:35 UTC, 25 s ago)',
    )
    expect(sentences[0]).toContain('as on AWS')
  })

  it('tells an error that is over after the answer', () => {
    const status = statusOf(queueDocument, { lastError: { atMs: agoMs(600), message: 'boom' } })
    expect(about(queueDocument, { status }).sentences).toEqual([
      'Nothing is wrong: the queue orders is being read, and nothing is there that the function has not had.',
      'The last error, at 23:51:00 UTC (10 min ago): boom.',
    ])
  })

  it('says of a record that no event can carry that it never will', () => {
    const functionTrouble = failing('oversize', 'oversize: the record alone makes an event of 7000000 bytes')
    const { cause, answer } = about(queueDocument, withFlows(queueDocument, { functionTrouble, lastFailure }))
    expect(cause).toBe('record-too-big')
    expect(answer).toContain('It can never be delivered.')
  })

  it('says once what all shards are answered, and of how many it is true', () => {
    const sourceTrouble = { kind: 'denied', message: 'AccessDenied: no', sinceMs: agoMs(5) }
    const all = withFlows(streamDocument, { flow: 's0', sourceTrouble }, { flow: 's1', sourceTrouble })
    expect(about(streamDocument, all).sentences).toHaveLength(1)
    const one = withFlows(streamDocument, { flow: 's0', sourceTrouble }, { flow: 's1' })
    expect(about(streamDocument, one).answer).toContain('1 of 2 shards of the stream clicks may not be read')
  })

  it('says that a source which was missing is there again', () => {
    const sourceTrouble = { kind: 'missing', message: 'gone', sinceMs: agoMs(5) }
    const status = statusOf(queueDocument, { sourceTrouble, flows: [] })
    expect(about(queueDocument, { status }).answer).toContain('was missing and is there now')
  })

  it('believes its own look where the engine has not noticed yet', () => {
    const missing = { kind: 'missing', message: 'gone' } as const
    const sight = { source: missing, depth: missing, function: null, heldHere: 0 }
    expect(about(queueDocument, { sight }).cause).toBe('source-missing')
    const gone = { source: found, depth: emptyQueue, function: missing, heldHere: 0 }
    expect(about(queueDocument, { sight: gone }).answer).toContain(
      'The function audit does not exist at http://lambda: gone.',
    )
  })

  it('says that a function which was missing is there again', () => {
    const functionTrouble = { kind: 'missing' as const, message: 'gone', sinceMs: agoMs(5) }
    const status = statusOf(queueDocument, { functionTrouble, flows: [] })
    const there = { kind: 'found', arn: null, timeoutMs: null, concurrency: null } as const
    const sight = { source: found, depth: emptyQueue, function: there, heldHere: 0 }
    expect(about(queueDocument, { status, sight }).answer).toContain(
      'was missing (since 00:00:55 UTC, 5 s ago) and is there now',
    )
  })

  it('does not claim after a restart that nothing was written since LATEST', () => {
    const parameters = { ...streamDocument.parameters, StartingPosition: 'LATEST' as const }
    const latest = { ...streamDocument, parameters, lastProcessingResult: 'No records processed' }
    expect(about(latest).cause).toBe('begins-at-latest')
    expect(about(latest, withFlows(latest, { flow: 's0', watermark: '49' })).sentences).toEqual([
      'Nothing is wrong: the stream clicks is being read, and nothing is there that the function has not had. StartingPosition LATEST skips what was written before 00:00:00 UTC, when the mapping began.',
    ])
    expect(about({ ...latest, lastProcessingResult: 'OK' }).cause).toBe('nothing-wrong')
  })

  it('says that it could not look', () => {
    const sight = { source: null, depth: null, function: null, heldHere: 0 }
    expect(about(queueDocument, { sight }).sentences.at(-1)).toBe(
      'The queue orders did not answer just now, so its numbers are missing here.',
    )
  })

  it('counts as elsewhere only what is neither held here nor waited for', () => {
    const depth = { ...emptyQueue, inFlight: 3 }
    const seen = (heldHere: number) =>
      about(queueDocument, { sight: { source: found, depth, function: null, heldHere } })
    expect(seen(3).cause).toBe('nothing-wrong')
    expect(seen(1).answer).toContain('2 messages are in flight elsewhere')
  })

  it('says how far behind the slowest shard is', () => {
    const flows = withFlows(streamDocument, { flow: 's0', behindMs: 5_000 }, { flow: 's1', behindMs: 300_000, held: 7 })
    expect(about(streamDocument, flows)).toMatchObject({
      cause: 'behind',
      answer: 'It is reading: shard s1 is 5 min behind, with 7 records held here.',
    })
  })

  it('does not repeat a sentence for every shard of many', () => {
    const flows = Array.from({ length: 50 }, (_, nth) => ({
      flow: `s${nth}`,
      lastFailure,
      detail: { ...noDetail, batches: [batch] },
    }))
    const { sentences } = about(streamDocument, withFlows(streamDocument, ...flows))
    expect(sentences).toHaveLength(6)
    expect(sentences.at(-1)).toBe('45 more shards are blocked as well.')
    expect(sentences[0]).toContain(
      'Shard s0 is blocked by record 49 (written 90 s ago): 3 attempts failed: Error: boom.',
    )
  })

  it('names the final invocation of a window that blocks a shard', () => {
    const final = { ...batch, final: true, first: null, nextInMs: null, step: 'invoking' as const, behind: 0 }
    const flows = withFlows(streamDocument, { flow: 's0', detail: { ...noDetail, batches: [final] } })
    expect(about(streamDocument, flows).answer).toContain('blocked by the final invocation of its tumbling window')
  })

  it('names message groups that wait here behind a message that is with the function', () => {
    const group = { group: 'a', messageId: 'm1', step: 'invoking' as const, endsInMs: null, behind: 2 }
    const fifo = { ...queueDocument, source: 'sqs-fifo' as const }
    const waiting = (step: 'invoking' | 'waiting') => ({ detail: { ...noDetail, groups: [{ ...group, step }] } })
    expect(about(fifo, withFlows(fifo, waiting('invoking'))).answer).toBe(
      'Message group a waits behind message m1, which is in the function: 2 messages wait here.',
    )
    expect(about(fifo, withFlows(fifo, waiting('waiting'))).answer).toContain('which is tried again soon')
  })

  it('reads a mapping that nobody runs, or whose source nobody has reached yet, as not open', () => {
    expect(about(queueDocument, { status: undefined }).cause).toBe('not-open')
    expect(about(queueDocument, withFlows(queueDocument)).cause).toBe('not-open')
  })

  it('names the function of the config by its places', () => {
    const flows = withFlows(queueDocument, { detail: { ...noDetail, batches: [{ ...batch, step: 'permit' }] } })
    expect(about(queueDocument, { ...flows, hosted: hostedFunction('audit') }).answer).toContain(
      'The function takes 1 at once (its URLs times concurrencyPerUrl).',
    )
  })

  it('names the table of a stream, and a qualified function', () => {
    const table = { ...streamDocument, source: 'dynamodb' as const, sourceName: 'dynamodb:items' }
    expect(about(table).answer).toContain('the stream of table items is being read')
    const qualified = { ...queueDocument, functionArn: `${queueDocument.functionArn}:live` }
    const functionTrouble = failing('denied', 'denied: no')
    expect(about(qualified, withFlows(qualified, { functionTrouble })).answer).toContain(
      'The function audit:live may not',
    )
  })
})
