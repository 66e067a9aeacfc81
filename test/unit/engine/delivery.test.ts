import { describe, expect, it } from 'vitest'
import { deliverFailure } from '../../../src/engine/delivery.ts'
import type { Delivery, DeliveryResult } from '../../../src/ports.ts'
import { flowRig, record } from './flow-rig.ts'

const discard = {
  kind: 'discard',
  id: 1,
  records: [record('7', { position: '7', fragment: '{"kinesis":{}}' })],
  condition: 'RetryAttemptsExhausted',
  attempts: 2,
  reply: { requestId: 'r-1', statusCode: 200, executedVersion: '3', functionError: 'Unhandled' },
  window: null,
} as const

function rigOf(destination: string | null, answers: DeliveryResult[], more: object = {}) {
  const deliveries: Delivery[] = []
  let failures = 0
  const rig = flowRig('kinesis', {
    deliver: (delivery) => {
      deliveries.push(delivery)
      const answer = answers.shift() ?? { kind: 'delivered' }
      return Promise.resolve(answer)
    },
    meter: { deliveryFailed: () => failures++ },
  })
  const run = () =>
    deliverFailure(rig.context, { ...rig.settings, destination }, { ...discard, ...more }, new AbortController().signal)
  return { ...rig, deliveries, run, failures: () => failures }
}

const refused = (retryable: boolean): DeliveryResult => ({ kind: 'refused', message: 'AccessDenied', retryable })
const queue = 'arn:aws:sqs:us-east-1:000000000000:failures'

describe('the failure destination', () => {
  // proves: metric.dropped
  it('of a mapping without one is told nothing', async () => {
    const { run, deliveries } = rigOf(null, [])
    expect(await run()).toBe('undestined')
    expect(deliveries).toEqual([])
  })

  it('hears where the records are, not what they hold', async () => {
    const { run, deliveries } = rigOf(queue, [])
    expect(await run()).toBe('delivered')
    const body = JSON.parse(deliveries[0]?.body ?? '') as object
    expect(body).toMatchObject({
      requestContext: { requestId: 'r-1', condition: 'RetryAttemptsExhausted', approximateInvokeCount: 2 },
      responseContext: { statusCode: 200, executedVersion: '3', functionError: 'Unhandled' },
      KinesisBatchInfo: { shardId: 'shard-1', startSequenceNumber: '7', batchSize: 1 },
    })
    expect(body).not.toHaveProperty('payload')
  })

  it('in S3 gets the whole event, under the key of AWS (LocalStack PR 12087)', async () => {
    const { run, deliveries } = rigOf('arn:aws:s3:::bucket', [])
    await run()
    const [delivery] = deliveries
    expect(JSON.parse(delivery?.body ?? '')).toMatchObject({ payload: '{"Records":[{"kinesis":{}}]}' })
    expect(delivery?.objectKey).toMatch(/^aws\/lambda\/mapping\/shard-1\/2023\/11\/14\/2023-11-14T22\.13\.20-uuid-\d+$/)
  })

  it('in S3 gets the event of a window with its members, as the function got it', async () => {
    const window = { startMs: 0, endMs: 60_000, state: '{"n":1}', isFinal: true, isTerminatedEarly: false }
    const { run, deliveries } = rigOf('arn:aws:s3:::bucket', [], { records: [], window })
    await run()
    const { payload } = JSON.parse(deliveries[0]?.body ?? '') as { readonly payload: string }
    expect(JSON.parse(payload)).toMatchObject({
      Records: [],
      window: { start: '1970-01-01T00:00:00Z', end: '1970-01-01T00:01:00Z' },
      state: { n: 1 },
      shardId: 'shard-1',
      isFinalInvokeForWindow: true,
    })
  })

  // proves: destination.delivery, metric.dropped
  it('that refuses for good is tried three times, then the records are dropped and counted', async () => {
    const { run, deliveries, failures, time } = rigOf(
      queue,
      Array.from({ length: 9 }, () => refused(false)),
    )
    const fate = run()
    await time.pass(60_000)
    expect(await fate).toBe('undeliverable')
    expect(deliveries).toHaveLength(3)
    expect(failures()).toBe(1)
  })

  it('that refuses for a while is tried longer, further apart each time', async () => {
    const { run, deliveries, time } = rigOf(
      queue,
      Array.from({ length: 5 }, () => refused(true)),
    )
    const fate = run()
    await time.pass(300)
    expect(deliveries.length).toBeLessThan(4)
    await time.pass(60_000)
    expect(await fate).toBe('delivered')
    expect(deliveries).toHaveLength(6)
  })
})
