import { batchEvent } from '../events/batch-event.ts'
import { failureBody, failureBodyWithPayload, failureObjectKey, type FailureRecord } from '../events/failure-record.ts'
import { objectOf, parseJson, stringOf } from '../events/json-value.ts'
import type { FlowRequest } from '../core/flow/messages.ts'
import { parseArn } from '../model/arn.ts'
import type { Delivery, DeliveryResult } from '../ports.ts'
import type { FlowContext, FlowSettings } from './flow-context.ts'
import { again, retryUntil } from '../async/retry-until.ts'

type Discard = Extract<FlowRequest, { kind: 'discard' }>

/** At least three tries whatever the answer, more where a later one may help (AWS is silent, behaviour §11.17). */
const triesMin = 3
const triesMax = 8
const backoff = { baseMs: 200, capMs: 5_000 }

/** Tells the failure destination about records that were given up. */
export async function deliverFailure(
  context: FlowContext,
  settings: FlowSettings,
  discard: Discard,
  signal: AbortSignal,
): Promise<'delivered' | 'undeliverable' | 'undestined'> {
  const { destination } = settings
  if (destination === null) return 'undestined'
  const { workClock } = context.services
  const delivery = deliveryOf(context, { ...settings, destination }, discard)
  return retryUntil(
    async (tries) => {
      const result = await tryDelivery(context, delivery, signal)
      if (result.kind === 'delivered') return 'delivered'
      if (tries < (result.retryable ? triesMax : triesMin)) return again
      context.meter.deliveryFailed()
      context.log.error(
        { destination, records: discard.records.length, condition: discard.condition, tries, reason: result.message },
        'The failure destination refused a record of failed records; it is dropped.',
      )
      return 'undeliverable'
    },
    { clock: workClock, signal, backoff, share: () => 0.5 + workClock.random() / 2 },
  )
}

/** An adapter that throws has a bug; that must not stop the shard. */
async function tryDelivery(context: FlowContext, delivery: Delivery, signal: AbortSignal): Promise<DeliveryResult> {
  try {
    return await context.services.destination.deliver(delivery, signal)
  } catch (error) {
    if (signal.aborted) throw error
    return { kind: 'refused', message: String(error), retryable: true }
  }
}

/** What the records say themselves: a flow may hold some of the stream before the one that it reads now. */
function streamArnOf({ records }: Discard, { sourceArn }: FlowSettings): string {
  const [first] = records
  if (first === undefined) return sourceArn
  return stringOf(objectOf(parseJson(first.fragment))['eventSourceARN']) ?? sourceArn
}

function deliveryOf(
  context: FlowContext,
  settings: FlowSettings & { readonly destination: string },
  discard: Discard,
): Delivery {
  const { clock } = context.services
  const { uuid, flow, kind } = context.identity
  const timestampMs = clock.wallMs()
  const failure: FailureRecord = {
    source: kind === 'dynamodb' ? 'dynamodb' : 'kinesis',
    requestId: discard.reply?.requestId ?? clock.uuid(),
    functionArn: settings.functionArn,
    condition: discard.condition,
    attempts: discard.attempts,
    reply: discard.reply,
    timestampMs,
    shardId: flow,
    streamArn: streamArnOf(discard, settings),
    records: discard.records,
    window: discard.window,
  }
  const objectKey = failureObjectKey({ mappingUuid: uuid, shardId: flow, timestampMs, uuid: clock.uuid() })
  if (parseArn(settings.destination)?.service !== 's3') {
    return { arn: settings.destination, body: failureBody(failure), objectKey }
  }
  const frame = discard.window
  const window = frame === null ? null : { frame, shardId: flow, eventSourceArn: settings.sourceArn }
  const payload = batchEvent(
    discard.records.map((record) => record.fragment),
    window,
  )
  return { arn: settings.destination, body: failureBodyWithPayload(failure, payload), objectKey }
}
