import { CreateBucketCommand, GetObjectCommand, ListObjectsV2Command } from '@aws-sdk/client-s3'
import assert from 'node:assert/strict'
import { fail, report, succeed, type LambdaEvent } from '../functions/scripted-functions.ts'
import { until } from '../../../support/until.ts'
import type { World } from '../world.ts'
import type { Behaviour } from './behaviour.ts'
import { createQueue } from './queue.ts'
import { batchesOf, doneOf, labels, untilDone, type StreamKind } from './stream.ts'

/** What a stream's mapping does with failures, the same for both kinds. */
export function streamBehaviours(kind: StreamKind): readonly Behaviour[] {
  const { source } = kind
  const has = (event: LambdaEvent, label: string): boolean =>
    event.Records.some((record) => kind.labelOf(record) === label)
  return [
    {
      source,
      name: 'failure',
      smoke: true,
      async run(world, id) {
        const stream = await kind.create(world, id)
        await stream.write(labels(0, 10))
        const fn = await world.function(id)
        fn.behave((_, index) => (index < 2 ? fail() : succeed()))
        await world.withMapping(inputFor(stream.arn, id, { BatchSize: 5 }), async () => {
          await untilDone(kind, fn, 10)
          const first = labels(0, 5)
          assert.deepEqual(
            batchesOf(kind, fn),
            [first, first, first, labels(5, 10)],
            'the same batch until it succeeds',
          )
        })
      },
    },
    {
      source,
      name: 'partial batch',
      async run(world, id) {
        const stream = await kind.create(world, id)
        await stream.write(labels(0, 10))
        const fn = await world.function(id)
        fn.behave(({ Records }, index) => report(index === 0 ? Records.slice(2, 3).map(kind.sequenceOf) : []))
        const input = inputFor(stream.arn, id, { BatchSize: 5, FunctionResponseTypes: ['ReportBatchItemFailures'] })
        await world.withMapping(input, async () => {
          await untilDone(kind, fn, 10)
          const [first, second] = batchesOf(kind, fn)
          assert.deepEqual(first, labels(0, 5))
          assert.deepEqual(second, labels(2, 5), 'again from the reported record on')
          assert.deepEqual(doneOf(kind, fn.invocations), labels(0, 10))
        })
      },
    },
    {
      source,
      name: 'retries',
      async run(world, id) {
        const stream = await kind.create(world, id)
        await stream.write(labels(0, 3))
        const fn = await world.function(id)
        fn.behave((event) => (has(event, '1') ? fail() : succeed()))
        const input = inputFor(stream.arn, id, { BatchSize: 1, MaximumRetryAttempts: 2 })
        await world.withMapping(input, async () => {
          await untilDone(kind, fn, 2)
          assert.deepEqual(batchesOf(kind, fn).flat(), ['0', '1', '1', '1', '2'])
        })
      },
    },
    {
      source,
      name: 'bisect',
      async run(world, id) {
        const stream = await kind.create(world, id)
        await stream.write(labels(0, 8))
        const failures = await createQueue(world, `${id}-failures`)
        const fn = await world.function(id)
        fn.behave((event) => (has(event, '5') ? fail() : succeed()))
        const input = inputFor(stream.arn, id, {
          BatchSize: 8,
          BisectBatchOnFunctionError: true,
          MaximumRetryAttempts: 1,
          DestinationConfig: { OnFailure: { Destination: failures.arn } },
        })
        await world.withMapping(input, async () => {
          await untilDone(kind, fn, 7)
          const sound = labels(0, 8).filter((label) => label !== '5')
          assert.deepEqual(doneOf(kind, fn.invocations), sound, 'the others in order, each once')
          const poison = fn.invocations.flatMap(({ event }) => event.Records).find((each) => kind.labelOf(each) === '5')
          assert.ok(poison !== undefined)
          const { batch } = failureRecord(kind, await failures.receive(1))
          assert.equal(batch.batchSize, 1)
          assert.equal(batch.startSequenceNumber, kind.sequenceOf(poison))
          assert.equal(batch.endSequenceNumber, kind.sequenceOf(poison))
        })
      },
    },
    {
      source,
      name: 'destination',
      async run(world, id) {
        const stream = await kind.create(world, id)
        await stream.write(labels(0, 3))
        await toQueue(world, { kind, id, arn: stream.arn })
        await toBucket(world, { kind, id: `${id}-2`, arn: stream.arn })
      },
    },
  ]
}

interface Case {
  readonly kind: StreamKind
  readonly id: string
  readonly arn: string
}

async function toQueue(world: World, { kind, id, arn }: Case): Promise<void> {
  const failures = await createQueue(world, `${id}-failures`)
  const fn = await world.function(id)
  fn.behave((_, index) => (index === 0 ? fail() : succeed()))
  const destination = { DestinationConfig: { OnFailure: { Destination: failures.arn } } }
  await world.withMapping(inputFor(arn, id, { BatchSize: 3, MaximumRetryAttempts: 0, ...destination }), async () => {
    const { record, batch } = failureRecord(kind, await failures.receive(1))
    assert.equal(record.requestContext.condition, 'RetryAttemptsExhausted')
    assert.equal(record.requestContext.approximateInvokeCount, 1)
    assert.equal(record.responseContext.functionError, 'Unhandled')
    assert.equal(batch.batchSize, 3)
    assert.equal(batch.streamArn, arn)
    assert.deepEqual(batchesOf(kind, fn), [labels(0, 3)], 'no further attempt')
  })
}

async function toBucket(world: World, { kind, id, arn }: Case): Promise<void> {
  const { s3 } = world.clients
  const bucket = `${id}-bucket`
  await s3.send(new CreateBucketCommand({ Bucket: bucket }))
  const fn = await world.function(id)
  fn.behave(() => fail())
  const destination = { DestinationConfig: { OnFailure: { Destination: `arn:aws:s3:::${bucket}` } } }
  await world.withMapping(
    inputFor(arn, id, { BatchSize: 3, MaximumRetryAttempts: 0, ...destination }),
    async (uuid) => {
      let key = ''
      await until(async () => {
        const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket: bucket }))
        key = Contents[0]?.Key ?? ''
        return key !== ''
      }, 'the bucket holds a failure record')
      assert.ok(key.startsWith(`aws/lambda/${uuid}/shardId-`), key)
      const { Body } = await s3.send(new GetObjectCommand({ Bucket: bucket, Key: key }))
      const { payload } = JSON.parse((await Body?.transformToString()) ?? '') as { readonly payload: string }
      const event = JSON.parse(payload) as LambdaEvent
      assert.deepEqual(event.Records.map(kind.labelOf), labels(0, 3))
    },
  )
}

/** From the oldest record on, so that what a behaviour wrote before is one batch. */
export function inputFor(EventSourceArn: string, FunctionName: string, more: object = {}) {
  return { EventSourceArn, FunctionName, StartingPosition: 'TRIM_HORIZON' as const, ...more }
}

interface FailureRecord {
  readonly requestContext: { readonly condition: string; readonly approximateInvokeCount: number }
  readonly responseContext: { readonly functionError: string | null }
  readonly KinesisBatchInfo?: BatchInfo
  readonly DDBStreamBatchInfo?: BatchInfo
}

interface BatchInfo {
  readonly batchSize: number
  readonly startSequenceNumber: string
  readonly endSequenceNumber: string
  readonly streamArn: string
}

function failureRecord(kind: StreamKind, bodies: readonly string[]) {
  assert.equal(bodies.length, 1, 'one failure record')
  const record = JSON.parse(bodies[0] ?? '') as FailureRecord
  const batch = record[kind.batchInfo]
  assert.ok(batch !== undefined)
  return { record, batch }
}
