import assert from 'node:assert/strict'
import { fail, report, succeed, type EventRecord } from '../functions/scripted-functions.ts'
import { until } from '../../../support/until.ts'
import type { Behaviour } from './behaviour.ts'
import { bodiesOf, createQueue, doneBodiesOf, showAfterEach, timesSeen } from './queue.ts'

const bodies = (prefix: string, count: number): readonly string[] =>
  Array.from({ length: count }, (_, index) => `${prefix}${index}`)

export const standardQueue: readonly Behaviour[] = [
  {
    source: 'sqs',
    name: 'happy path',
    smoke: true,
    async run(world, id) {
      const queue = await createQueue(world, id)
      const fn = await world.function(id)
      await world.withMapping({ EventSourceArn: queue.arn, FunctionName: id, BatchSize: 10 }, async () => {
        const plain = bodies('m', 24)
        await queue.send([
          {
            body: 'marked',
            attributes: {
              colour: { DataType: 'String', StringValue: 'grün' },
              bytes: { DataType: 'Binary', BinaryValue: Uint8Array.of(0, 255, 10) },
            },
          },
          ...plain.map((body) => ({ body })),
        ])
        await until(
          () => new Set(bodiesOf(fn.invocations)).size === 25,
          () => `25 messages (${fn.invocations.length})`,
        )
        await queue.untilEmpty()
        assert.deepEqual(bodiesOf(fn.invocations).toSorted(), ['marked', ...plain].toSorted(), 'each message once')
        for (const { event } of fn.invocations) assert.ok(event.Records.length <= 10, 'no batch over BatchSize')
        const marked = fn.invocations.flatMap(({ event }) => event.Records).find(({ body }) => body === 'marked')
        checkMarked(marked, { arn: queue.arn, region: queue.arn.split(':')[3] ?? '' })
      })
    },
  },
  {
    source: 'sqs',
    name: 'failure',
    smoke: true,
    async run(world, id) {
      const queue = await createQueue(world, id)
      const fn = await world.function(id)
      fn.behave((_, index) => (index === 0 ? fail() : succeed()))
      await world.withMapping({ EventSourceArn: queue.arn, FunctionName: id, BatchSize: 1 }, async (uuid) => {
        await queue.send([{ body: 'again' }])
        await until(() => fn.invocations.length === 1, 'a first attempt')
        await world.untilIdle(uuid)
        assert.deepEqual(await queue.counts(), { visible: 0, hidden: 1 }, 'it stays hidden')
        await queue.showAgain(fn.invocations[0]?.event.Records ?? [])
        await until(
          () => fn.invocations.length === 2,
          () => `a second attempt (${fn.invocations.length} so far)`,
        )
        await queue.untilEmpty()
        const attributes = fn.invocations[1]?.event.Records[0]?.attributes ?? {}
        assert.equal(attributes['ApproximateReceiveCount'], '2')
      })
    },
  },
  {
    source: 'sqs',
    name: 'partial batch',
    async run(world, id) {
      const queue = await createQueue(world, id)
      const fn = await world.function(id)
      const refused = new Map<string, EventRecord>()
      fn.behave(({ Records }) => {
        const failed = Records.filter(({ body = '' }) => body.startsWith('bad') && !refused.has(body))
        for (const record of failed) refused.set(record.body ?? '', record)
        return report(failed.map(({ messageId = '' }) => messageId))
      })
      const input = {
        EventSourceArn: queue.arn,
        FunctionName: id,
        BatchSize: 10,
        FunctionResponseTypes: ['ReportBatchItemFailures' as const],
      }
      await world.withMapping(input, async (uuid) => {
        const sent = [...bodies('good', 7), ...bodies('bad', 3)]
        await queue.send(sent.map((body) => ({ body })))
        await until(() => bodiesOf(fn.invocations).length >= 10, 'ten messages reach the function')
        await world.untilIdle(uuid)
        assert.deepEqual(await queue.counts(), { visible: 0, hidden: 3 }, 'what was reported stays hidden')
        await queue.showAgain([...refused.values()])
        await until(() => doneBodiesOf(fn.invocations).length >= 10, 'ten messages are acknowledged')
        await queue.untilEmpty()
        const seen = bodiesOf(fn.invocations)
        for (const body of sent) assert.equal(timesSeen(seen, body), body.startsWith('bad') ? 2 : 1, body)
      })
    },
  },
  {
    source: 'sqs',
    name: 'retries',
    async run(world, id) {
      const dead = await createQueue(world, `${id}-dead`)
      const redrive = JSON.stringify({ deadLetterTargetArn: dead.arn, maxReceiveCount: 2 })
      const queue = await createQueue(world, id, { RedrivePolicy: redrive })
      const fn = await world.function(id)
      fn.behave(({ Records }) => (Records.some(({ body }) => body === 'poison') ? fail() : succeed()))
      await world.withMapping({ EventSourceArn: queue.arn, FunctionName: id, BatchSize: 1 }, async (uuid) => {
        await queue.send([{ body: 'poison' }, { body: 'sound' }])
        await showAfterEach({ world, queue, fn, uuid }, 'poison', 2)
        assert.deepEqual(await dead.receive(1), ['poison'])
        const seen = bodiesOf(fn.invocations)
        assert.equal(timesSeen(seen, 'poison'), 2, 'maxReceiveCount attempts')
        assert.equal(timesSeen(seen, 'sound'), 1)
        await queue.untilEmpty()
      })
    },
  },
  {
    source: 'sqs',
    name: 'restart',
    async run(world, id) {
      const before = await createQueue(world, id)
      const fn = await world.function(id)
      await world.withMapping({ EventSourceArn: before.arn, FunctionName: id }, async (uuid) => {
        await before.send([{ body: 'before' }])
        await until(() => doneBodiesOf(fn.invocations).includes('before'), 'a message before the restart')
        await world.restarted()
        const after = await createQueue(world, id)
        await world.function(id)
        await after.send([{ body: 'after' }])
        await until(() => doneBodiesOf(fn.invocations).includes('after'), 'a message after the restart')
        await after.untilEmpty()
        assert.equal(await world.stateOf(uuid), 'Enabled')
        assert.equal(timesSeen(bodiesOf(fn.invocations), 'after'), 1)
      })
    },
  },
]

function checkMarked(
  record: EventRecord | undefined,
  { arn, region }: { readonly arn: string; readonly region: string },
) {
  assert.ok(record !== undefined)
  assert.equal(record.eventSource, 'aws:sqs')
  assert.equal(record.eventSourceARN, arn)
  assert.equal(record.awsRegion, region)
  assert.equal(record.attributes?.['ApproximateReceiveCount'], '1')
  assert.match(record.attributes?.['SentTimestamp'] ?? '', /^\d{13}$/)
  const shown = JSON.parse(JSON.stringify(record.messageAttributes)) as Readonly<Record<string, object>>
  assert.deepEqual(
    { colour: { ...shown['colour'] }, bytes: { ...shown['bytes'] } },
    {
      colour: { stringValue: 'grün', stringListValues: [], binaryListValues: [], dataType: 'String' },
      bytes: { binaryValue: 'AP8K', stringListValues: [], binaryListValues: [], dataType: 'Binary' },
    },
  )
}
