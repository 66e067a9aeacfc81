import type { Evidence } from '../../../../src/api/why/evidence.ts'
import type { FlowStatus, MappingStatus } from '../../../../src/model/mapping-status.ts'
import type { MappingDocument, MappingParameters } from '../../../../src/model/mapping.ts'
import { found } from '../../../support/api.ts'
import { noDetail } from '../../../support/flow-detail.ts'

/** Evidence of mappings at which nothing is wrong, for tests to change. The time is 2026-11-21T00:01:00Z. */

export const nowMs = Date.UTC(2026, 10, 21, 0, 1)
export const agoMs = (seconds: number): number => nowMs - seconds * 1_000

const queueArn = 'arn:aws:sqs:us-east-1:000000000000:orders'
const functionArn = 'arn:aws:lambda:us-east-1:000000000000:function:audit'

const parameters: MappingParameters = {
  ...{ EventSourceArn: queueArn, FunctionName: 'audit', Enabled: true, BatchSize: 10 },
  ...{ MaximumBatchingWindowInSeconds: 0, FunctionResponseTypes: [] },
}

export const queueDocument: MappingDocument = {
  ...{ uuid: 'u', origin: 'api', source: 'sqs', sourceName: queueArn, functionArn, state: 'Enabled' },
  ...{ stateTransitionReason: '', createdMs: agoMs(60), lastModifiedMs: agoMs(30), lastProcessingResult: '', tags: {} },
  parameters,
}

export const streamDocument: MappingDocument = {
  ...queueDocument,
  source: 'kinesis',
  sourceName: 'arn:aws:kinesis:us-east-1:000000000000:stream/clicks',
  parameters: {
    ...parameters,
    StartingPosition: 'TRIM_HORIZON',
    MaximumRetryAttempts: -1,
    MaximumRecordAgeInSeconds: -1,
  },
}

export const idleFlow: FlowStatus = {
  ...{ flow: 'queue', phase: 'running', held: 0, heldBytes: 0, invoking: 0, waiting: 0, concurrency: 5 },
  ...{ watermark: null, behindMs: null, iteratorAgeMs: null, trouble: null },
  ...{ sourceTrouble: null, functionTrouble: null, lastFailure: null, outage: null, detail: noDetail, waitsFor: [] },
}

export function statusOf(document: MappingDocument, more: Partial<MappingStatus> = {}): MappingStatus {
  const { uuid, state, sourceName: source } = document
  const untroubled = { pauseReasons: [], lastError: null, sourceTrouble: null, functionTrouble: null }
  return { uuid, state, source, functionArn, lastProcessingResult: '', ...untroubled, flows: [idleFlow], ...more }
}

export function evidenceOf(document: MappingDocument, more: Partial<Evidence> = {}): Evidence {
  const depth = document === streamDocument ? ({ kind: 'uncounted' } as const) : emptyQueue
  return {
    nowMs,
    document,
    status: statusOf(document),
    counts: undefined,
    hosted: undefined,
    sight: { source: found, depth, function: null, heldHere: 0 },
    surroundings: {
      sourceEndpoint: 'http://source',
      functionEndpoint: 'http://lambda',
      maxInvocations: 100,
      holders: [],
    },
    storeTrouble: null,
    damage: undefined,
    ...more,
  }
}

export const emptyQueue = {
  kind: 'queue',
  ...{ visible: 0, inFlight: 0, delayed: 0, visibilityMs: 30_000 },
  redrive: { deadLetterArn: 'arn:aws:sqs:us-east-1:000000000000:dead', receivesMax: 5 },
} as const
