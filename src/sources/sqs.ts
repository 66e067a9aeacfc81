import { isJsonObject, objectOf } from '../events/json-value.ts'
import { encodeSqsRecord } from '../events/sqs-record.ts'
import { parseArn } from '../model/arn.ts'
import { visibilityMsMax } from '../model/limits.ts'
import type { MappingDocument } from '../model/mapping.ts'
import { sourceTraits } from '../model/source.ts'
import type { SourceTraits } from '../model/source.ts'
import type { DescribeResult, ReadRequest, ReadResult, SettleResult, Source } from '../ports.ts'
import { createMessageDeletes } from './message-deletes.ts'
import { changeVisibility } from './message-visibility.ts'
import { createQueueAddress } from './queue-address.ts'
import { depthOf, redriveOf } from './queue-depth.ts'
import { createQueueCalls } from './queue-calls.ts'
import type { Trouble } from './service-errors.ts'
import type { SourceAccess } from '../access/aws-access.ts'
import { untilAborted } from '../async/until-aborted.ts'

/** A queue, standard or FIFO, on any endpoint that speaks SQS's JSON protocol. */
export function openSqsSource(mapping: MappingDocument, access: SourceAccess): Source {
  const arn = mapping.parameters.EventSourceArn
  const parsed = parseArn(arn)
  if (parsed === undefined) throw new Error(`${arn} is not the ARN of a queue.`)
  const { region, account, resource: name } = parsed
  const caller = access.service('sqs', region, account)
  const call = createQueueCalls(caller, createQueueAddress(caller, { name, account }, access.isAws('sqs')))
  const dialect: Dialect = { isAws: access.isAws('sqs'), traits: sourceTraits[mapping.source] }
  const context = { arn, region, withNullMd5: mapping.parameters.MaximumBatchingWindowInSeconds > 0 }
  const closing = new AbortController()
  const deletes = createMessageDeletes(call, closing.signal)

  return {
    async describe(signal) {
      const result = await call('GetQueueAttributes', { AttributeNames: ['All'] }, 'control', signal)
      return result.kind === 'ok' ? described(arn, result.output) : withAction(result.trouble, 'GetQueueAttributes')
    },
    async depth(signal) {
      const result = await call('GetQueueAttributes', { AttributeNames: ['All'] }, 'control', signal)
      return result.kind === 'ok' ? depthOf(result.output) : result.trouble
    },
    async read(request, signal): Promise<ReadResult> {
      const result = await call('ReceiveMessage', receiveInput(request, dialect), 'receive', signal)
      if (result.kind !== 'ok') return result.trouble
      if (!isJsonObject(result.output))
        return { kind: 'failed', message: 'ReceiveMessage was answered without an object.' }
      const records = messagesOf(result.output).map((message) => encodeSqsRecord(message, context))
      return { kind: 'records', records, end: false, tip: records.length === 0, behindMs: null }
    },
    async settle(records, signal, apart = false): Promise<SettleResult> {
      signal.throwIfAborted()
      // The deletes go on when the one who waits gives up: their messages were handled.
      const all = Promise.all(records.map((record) => deletes.delete(record.receipt, apart)))
      const refusals = await untilAborted(all, signal)
      return { failed: refusals.flatMap((refusal, index) => (refusal === null ? [] : [{ index, ...refusal }])) }
    },
    async extend(records, visibilityMs, signal) {
      return { failed: await changeVisibility(call, records, visibilityMs, signal) }
    },
    async release(records, signal) {
      await changeVisibility(call, records, 0, signal)
    },
    clockOffsetMs: () => access.offsetMs(caller.endpoint),
    async close() {
      closing.abort(new Error('The source is closed.'))
    },
  }
}

interface Dialect {
  readonly isAws: boolean
  readonly traits: SourceTraits
}

/** Long polls last 20 s at most, and a receive takes ten messages at most (SQS quotas). Whole seconds only. */
function receiveInput(request: ReadRequest, { isAws, traits }: Dialect): object {
  return {
    MaxNumberOfMessages: Math.max(1, Math.min(traits.readRecordsMax, request.recordsMax)),
    WaitTimeSeconds: Math.max(0, Math.min(20, Math.ceil(request.waitMs / 1_000))),
    MessageSystemAttributeNames: ['All'],
    MessageAttributeNames: ['All'],
    // The older name of the same list, for services that know no other.
    ...(isAws ? {} : { AttributeNames: ['All'] }),
    // A FIFO queue answers a repeated attempt with the messages of the lost reply (behaviour §13.6).
    ...(traits.ordered === 'group' ? { ReceiveRequestAttemptId: request.attemptId } : {}),
    ...(request.visibilityMs === null
      ? {}
      : { VisibilityTimeout: Math.ceil(Math.min(visibilityMsMax, request.visibilityMs) / 1_000) }),
  }
}

function messagesOf(output: unknown): readonly Readonly<Record<string, unknown>>[] {
  const messages = objectOf(output)['Messages']
  return Array.isArray(messages) ? messages.filter(isJsonObject) : []
}

function described(arn: string, output: unknown): DescribeResult {
  const attributes = objectOf(output)['Attributes']
  if (!isJsonObject(attributes))
    return { kind: 'failed', message: 'GetQueueAttributes was answered without Attributes.' }
  const seconds = Number(attributes['VisibilityTimeout'] ?? NaN)
  const visibilityMs = Number.isFinite(seconds) ? seconds * 1_000 : null
  const maxReceiveCount = redriveOf(attributes['RedrivePolicy'])?.receivesMax ?? null
  return { kind: 'found', arn, incarnation: '', visibilityMs, maxReceiveCount, retentionMs: null, shards: [] }
}

function withAction(trouble: Trouble, action: string): DescribeResult {
  return trouble.kind === 'denied' ? { ...trouble, kind: 'denied', action } : trouble
}
