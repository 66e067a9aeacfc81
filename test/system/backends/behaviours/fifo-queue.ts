import assert from 'node:assert/strict'
import { fail, report, succeed, type EventRecord, type ScriptedFunction } from '../functions/scripted-functions.ts'
import { until } from '../../../support/until.ts'
import type { World } from '../world.ts'
import type { Behaviour } from './behaviour.ts'
import { bodiesOf, createQueue, doneBodiesOf, showAfterEach, timesSeen, type Queue } from './queue.ts'

const fifo = { FifoQueue: 'true' }

const createFifo = (world: World, id: string, attributes: Readonly<Record<string, string>> = {}): Promise<Queue> =>
  createQueue(world, `${id}.fifo`, { ...fifo, ...attributes })

/** `a0`, `b0`, `a1`, `b1` …: the first letter is the group. */
function interleaved(groups: readonly string[], each: number) {
  return Array.from({ length: each }, (_, index) => groups.map((group) => ({ body: `${group}${index}`, group }))).flat()
}

const groupOf = (record: EventRecord): string => record.attributes?.['MessageGroupId'] ?? ''

function recordsOf({ invocations }: ScriptedFunction, body: string): readonly EventRecord[] {
  return invocations.flatMap(({ event }) => event.Records).filter((record) => record.body === body)
}

/** What was acknowledged of each group came in the order in which it was sent. */
function checkOrder(done: readonly string[], groups: readonly string[], each: number): void {
  for (const group of groups) {
    const expected = Array.from({ length: each }, (_, index) => `${group}${index}`)
    assert.deepEqual(
      done.filter((body) => body.startsWith(group)),
      expected,
      `group ${group} in order, each message once`,
    )
  }
}

export const fifoQueue: readonly Behaviour[] = [
  {
    source: 'fifo',
    name: 'happy path',
    smoke: true,
    async run(world, id) {
      const queue = await createFifo(world, id)
      const fn = await world.function(id)
      await world.withMapping({ EventSourceArn: queue.arn, FunctionName: id, BatchSize: 4 }, async () => {
        const groups = ['a', 'b', 'c']
        await queue.send(interleaved(groups, 8))
        await until(
          () => doneBodiesOf(fn.invocations).length >= 24,
          () => `24 messages (${doneBodiesOf(fn.invocations).length})`,
        )
        await queue.untilEmpty()
        checkOrder(doneBodiesOf(fn.invocations), groups, 8)
        for (const { event } of fn.invocations) {
          assert.ok(event.Records.length <= 4, 'no batch over BatchSize')
          for (const record of event.Records) assert.equal(groupOf(record), record.body?.[0])
        }
      })
    },
  },
  {
    source: 'fifo',
    name: 'failure',
    smoke: true,
    async run(world, id) {
      const queue = await createFifo(world, id)
      const fn = await world.function(id)
      let failures = 0
      fn.behave(({ Records }) => {
        if (failures > 0 || !Records.some(({ body }) => body === 'a0')) return succeed()
        failures += 1
        return fail()
      })
      await world.withMapping({ EventSourceArn: queue.arn, FunctionName: id, BatchSize: 1 }, async (uuid) => {
        const groups = ['a', 'b']
        await queue.send(interleaved(groups, 1))
        await until(() => failures === 1, 'a first attempt')
        await world.untilIdle(uuid)
        // Only now: what was read together with a0 would stay hidden with it, and nobody could show it again.
        await queue.send(interleaved(groups, 3).filter(({ body }) => !body.endsWith('0')))
        await until(() => doneBodiesOf(fn.invocations).length >= 3, 'the other group goes on meanwhile')
        assert.deepEqual(doneBodiesOf(fn.invocations), ['b0', 'b1', 'b2'])
        await world.untilIdle(uuid)
        await queue.showAgain(recordsOf(fn, 'a0'))
        await until(() => doneBodiesOf(fn.invocations).length >= 6, 'six messages are acknowledged')
        await queue.untilEmpty()
        checkOrder(doneBodiesOf(fn.invocations), groups, 3)
        assert.equal(failures, 1)
      })
    },
  },
  {
    source: 'fifo',
    name: 'partial batch',
    async run(world, id) {
      const queue = await createFifo(world, id)
      const fn = await world.function(id)
      let left: readonly EventRecord[] = []
      // As AWS advises: the function stops a group at its first failure and reports what it left undone.
      fn.behave(({ Records }) => {
        const at = Records.findIndex(({ body }) => body === 'a1')
        if (at < 0 || left.length > 0) return report([])
        left = Records.filter((record, index) => index >= at && groupOf(record) === 'a')
        return report(left.map(({ messageId = '' }) => messageId))
      })
      const input = {
        EventSourceArn: queue.arn,
        FunctionName: id,
        BatchSize: 10,
        FunctionResponseTypes: ['ReportBatchItemFailures' as const],
      }
      await world.withMapping(input, async (uuid) => {
        const groups = ['a', 'b']
        await queue.send(interleaved(groups, 4))
        await until(() => left.length > 0, 'a first attempt')
        await world.untilIdle(uuid)
        await queue.showAgain(left)
        await until(() => doneBodiesOf(fn.invocations).length >= 8, 'eight messages are acknowledged')
        await queue.untilEmpty()
        checkOrder(doneBodiesOf(fn.invocations), groups, 4)
        assert.equal(timesSeen(bodiesOf(fn.invocations), 'a1'), 2)
      })
    },
  },
  {
    source: 'fifo',
    name: 'retries',
    async run(world, id) {
      const dead = await createFifo(world, `${id}-dead`)
      const redrive = JSON.stringify({ deadLetterTargetArn: dead.arn, maxReceiveCount: 2 })
      const queue = await createFifo(world, id, { RedrivePolicy: redrive })
      const fn = await world.function(id)
      fn.behave(({ Records }) => (Records.some(({ body }) => body === 'a0') ? fail() : succeed()))
      await world.withMapping({ EventSourceArn: queue.arn, FunctionName: id, BatchSize: 1 }, async (uuid) => {
        await queue.send(interleaved(['a', 'b'], 1))
        await until(() => bodiesOf(fn.invocations).includes('a0'), 'a first attempt')
        await world.untilIdle(uuid)
        await queue.send([{ body: 'a1', group: 'a' }])
        await showAfterEach({ world, queue, fn, uuid }, 'a0', 2)
        assert.deepEqual(await dead.receive(1), ['a0'])
        await until(() => doneBodiesOf(fn.invocations).length >= 2, 'the sound messages are acknowledged')
        const seen = bodiesOf(fn.invocations)
        assert.equal(timesSeen(seen, 'a0'), 2, 'maxReceiveCount attempts')
        assert.ok(seen.lastIndexOf('a0') < seen.indexOf('a1'), 'a1 waits for the end of a0')
        await queue.untilEmpty()
      })
    },
  },
  {
    source: 'fifo',
    name: 'restart',
    async run(world, id) {
      const before = await createFifo(world, id)
      const fn = await world.function(id)
      await world.withMapping({ EventSourceArn: before.arn, FunctionName: id }, async (uuid) => {
        await before.send([{ body: 'before', group: 'a' }])
        await until(() => doneBodiesOf(fn.invocations).includes('before'), 'a message before the restart')
        await world.restarted()
        const after = await createFifo(world, id)
        await world.function(id)
        await after.send(interleaved(['a', 'b'], 2))
        await until(() => doneBodiesOf(fn.invocations).length >= 5, 'the messages after the restart')
        await after.untilEmpty()
        checkOrder(doneBodiesOf(fn.invocations).slice(1), ['a', 'b'], 2)
        assert.equal(await world.stateOf(uuid), 'Enabled')
      })
    },
  },
]
