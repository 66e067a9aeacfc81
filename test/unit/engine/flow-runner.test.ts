import { describe, expect, it } from 'vitest'
import type { FlowRequest } from '../../../src/core/flow/messages.ts'
import type { FlowSettings } from '../../../src/engine/flow-context.ts'
import type { ReadRequest, ReadResult } from '../../../src/ports.ts'
import { createMemoryStore } from '../../../src/store/memory.ts'
import { flowRig, record, type Ports } from './flow-rig.ts'

const reply = { requestId: 'r-1', statusCode: 200, executedVersion: '$LATEST', functionError: null }
const read = (id: number, repeats: number | null = null) => ({
  kind: 'read' as const,
  id,
  recordsMax: 10,
  waitMs: 20_000,
  visibilityMs: null,
  from: null,
  repeats,
})
const invoke = (id: number, permit: number, ...ids: string[]): FlowRequest => ({
  kind: 'invoke',
  id,
  permit,
  records: ids.map((each) => record(each)),
  attempt: 1,
  window: null,
})
const untilAborted = (signal: AbortSignal): Promise<never> =>
  new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true })
  })

async function started(kind: 'sqs' | 'kinesis', ports: Ports = {}) {
  const rig = flowRig(kind, ports)
  rig.runner.start()
  await rig.time.settle()
  return rig
}

describe('the shell of a flow', () => {
  it('opens a queue without a checkpoint and a shard with the one it left', async () => {
    expect((await started('sqs')).heard('opened')).toEqual([{ kind: 'opened', checkpoint: null, incarnation: 'one' }])
    const store = createMemoryStore()
    const { fence } = await store.openFlow('mapping', 'shard-1')
    const checkpoint = { incarnation: 'one', watermark: '7', completed: [], window: null, done: false }
    await store.writeCheckpoint('mapping', 'shard-1', fence, checkpoint)
    expect((await started('kinesis', { store })).heard('opened')[0]?.checkpoint).toEqual(checkpoint)
  })

  // proves: metric.counts
  it('marks what it reads by the filter, and counts it', async () => {
    const counted: string[] = []
    const { say, heard } = await started('sqs', {
      read: () =>
        Promise.resolve({
          kind: 'records',
          records: [record('a'), record('b')],
          end: false,
          tip: true,
          behindMs: null,
        }),
      matches: ({ id }) => id === 'b',
      meter: {
        polled: (count) => counted.push(`polled ${count}`),
        filteredOut: (count) => counted.push(`out ${count}`),
      },
    })
    await say(read(1))
    const [done] = heard('readDone')
    expect(done?.result.kind === 'records' && done.result.records.map((each) => each.matched)).toEqual([false, true])
    expect(counted).toEqual(['polled 2', 'out 1'])
  })

  it('names a record that alone is more than the memory of all mappings, and runs it all the same', async () => {
    const records = [record('small', { bytes: 10 }), record('large', { bytes: 900 })]
    const { say, heard, lines } = await started('sqs', {
      read: () => Promise.resolve({ kind: 'records', records, end: false, tip: true, behindMs: null }),
    })
    await say(read(1))
    expect(heard('readDone')).toMatchObject([{ result: { records: [{ id: 'small' }, { id: 'large' }] } }])
    expect(lines).toMatchObject([{ level: 'warn', fields: { messageIds: ['large'], bytes: 900, memoryBytes: 1_000 } }])
  })

  it('marks what a long poll brings by the filter that holds when it is answered', async () => {
    const answer = Promise.withResolvers<ReadResult>()
    const { say, heard, runner, settings, time } = await started('sqs', { read: () => answer.promise })
    await say(read(1))
    const matches = ({ id }: { readonly id: string }): boolean => id === 'b'
    runner.configure({ ...settings, matches })
    const held = [record('a'), record('b')].map((one) => heard('configured').at(-1)?.matches?.(one))
    expect(held).toEqual([false, true])
    answer.resolve({ kind: 'records', records: [record('a'), record('b')], end: false, tip: true, behindMs: null })
    await time.settle()
    const [done] = heard('readDone')
    expect(done?.result.kind === 'records' && done.result.records.map((each) => each.matched)).toEqual([false, true])
  })

  it('takes a read that throws for an outage, and lives (sls#226)', async () => {
    const { say, heard, ends } = await started('sqs', { read: () => Promise.reject(new Error('socket fell off')) })
    await say(read(1))
    expect(heard('readDone')[0]?.result).toMatchObject({ kind: 'failed', message: 'Error: socket fell off' })
    expect(ends).toEqual([])
  })

  // proves: fifo.attempt-id
  it('names a repeated read like the one whose reply was lost, for five minutes', async () => {
    const requests: ReadRequest[] = []
    const { say, time } = await started('sqs', {
      read: (request) => {
        requests.push(request)
        return Promise.resolve({ kind: 'failed', message: 'lost' })
      },
    })
    await say(read(1))
    await say(read(2, 1), read(3))
    await time.pass(299_000)
    await say(read(4, 2))
    await time.pass(2_000)
    await say(read(5, 4))
    const [first, second, other, third, late] = requests.map((request) => request.attemptId)
    expect(second).toBe(first)
    expect(third).toBe(first)
    expect(other).not.toBe(first)
    expect(late).not.toBe(first)
  })

  it('answers a read that is given up with cancelled, exactly once', async () => {
    const { say, heard, machine } = await started('sqs', { read: (_, signal) => untilAborted(signal) })
    await say(read(1))
    await say({ kind: 'cancel', id: 1 }, { kind: 'cancel', id: 1 })
    await say({ kind: 'cancel', id: 1 })
    expect(heard('cancelled')).toEqual([{ kind: 'cancelled', id: 1 }])
    expect(machine.events.filter((event) => 'id' in event)).toHaveLength(1)
  })

  it('waits for a short receive that is given up, so that no message is hidden for a client that is gone', async () => {
    const brought = Promise.withResolvers<ReadResult>()
    const { say, heard, time } = await started('sqs', { read: () => brought.promise })
    await say({ ...read(1), waitMs: 1_000 })
    await say({ kind: 'cancel', id: 1 })
    await time.pass(900)
    expect(heard('cancelled')).toEqual([])
    brought.resolve({ kind: 'records', records: [record('a')], end: false, tip: true, behindMs: null })
    await time.settle()
    expect(heard('readDone')[0]?.result).toMatchObject({ kind: 'records' })
    expect(time.timers()).toEqual([])
  })

  it('cuts a short receive off that does not end when it should', async () => {
    const { say, heard, time } = await started('sqs', { read: (_, signal) => untilAborted(signal) })
    await say({ ...read(1), waitMs: 1_000 })
    await say({ kind: 'cancel', id: 1 })
    await time.pass(1_500)
    expect(heard('cancelled')).toEqual([{ kind: 'cancelled', id: 1 }])
  })

  it('invokes under a permit with the event of the batch, and takes the permit back with the answer', async () => {
    const payloads: string[] = []
    const { say, heard, permits, results } = await started('sqs', {
      invoke: (request) => {
        payloads.push(request.payload)
        return Promise.resolve({ kind: 'answered', reply, payload: '{"batchItemFailures":[{"itemIdentifier":"b"}]}' })
      },
    })
    await say({ kind: 'permit', id: 1 })
    expect(heard('permitted')).toEqual([{ kind: 'permitted', id: 1 }])
    expect(permits.inFlight).toBe(1)
    await say(invoke(2, 1, 'a', 'b'))
    expect(payloads).toEqual(['{"Records":[{"messageId":"a"},{"messageId":"b"}]}'])
    expect(heard('invoked')[0]?.outcome).toMatchObject({ kind: 'partial', failed: [1] })
    expect(permits.inFlight).toBe(0)
    expect(results).toEqual(['OK'])
  })

  it.each([
    [
      { kind: 'throttled', message: 'm', retryAfterMs: 5 },
      { kind: 'notRun', reason: 'throttled', retryAfterMs: 5 },
    ],
    [
      { kind: 'missing', message: 'm' },
      { kind: 'notRun', reason: 'missing' },
    ],
    [
      { kind: 'lost', errorType: 'Timeout', message: 'm' },
      // What a failure record says of it is what it says of a timeout.
      { kind: 'failed', reply: { statusCode: 200, executedVersion: '$LATEST', functionError: 'Unhandled' } },
    ],
  ] as const)('tells %o from other failures', async (result, outcome) => {
    const { say, heard } = await started('sqs', { invoke: () => Promise.resolve(result) })
    await say({ kind: 'permit', id: 1 })
    await say(invoke(2, 1, 'a'))
    expect(heard('invoked')[0]?.outcome).toMatchObject(outcome)
  })

  // proves: sqs.recursion, metric.recursion
  it('fails a batch without invoking when a record went through the function sixteen times', async () => {
    let invoked = 0
    let dropped = 0
    const { say, heard } = await started('sqs', {
      invoke: () => {
        invoked++
        return Promise.resolve({ kind: 'answered', reply, payload: 'null' })
      },
      meter: { recursionDropped: () => dropped++ },
    })
    await say({ kind: 'permit', id: 1 })
    const looping = record('a', { traceHeader: 'Root=1-2-3;Lineage=abc:15' })
    await say({ kind: 'invoke', id: 2, permit: 1, records: [record('b'), looping], attempt: 1, window: null })
    expect(heard('invoked')[0]?.outcome).toMatchObject({ kind: 'failed', errorType: 'Lambda.RecursiveInvocation' })
    expect([invoked, dropped]).toEqual([0, 1])
  })

  // proves: recursion.allow
  it('sends a batch under the trace of the record that came back most often, beyond 16 where the function may loop', async () => {
    const sent: (string | undefined)[] = []
    const asked: string[] = []
    const { say } = await started('sqs', {
      invoke: ({ traceHeader }) => {
        sent.push(traceHeader)
        return Promise.resolve({ kind: 'answered', reply, payload: 'null' })
      },
      allowsLoops: (name) => {
        asked.push(name)
        return Promise.resolve(true)
      },
    })
    const traced = (id: string, count: number) => record(id, { traceHeader: `Root=1-2-${id};Lineage=abc:${count}` })
    await say({ kind: 'permit', id: 1 })
    await say({
      kind: 'invoke',
      id: 2,
      permit: 1,
      records: [record('a'), traced('b', 3), traced('c', 14)],
      attempt: 1,
      window: null,
    })
    expect(asked).toEqual([])
    await say({ kind: 'permit', id: 3 })
    await say({
      kind: 'invoke',
      id: 4,
      permit: 3,
      records: [traced('d', 40), traced('e', 2)],
      attempt: 1,
      window: null,
    })
    expect(sent).toEqual(['Root=1-2-c;Lineage=abc:14', 'Root=1-2-d;Lineage=abc:40'])
    expect(asked).toEqual(['orders'])
  })

  it('invokes under the settings of the moment: what is out keeps the old ones', async () => {
    const names: string[] = []
    const { say, runner, settings, machine, time } = await started('sqs', {
      invoke: (request) => {
        names.push(request.functionName)
        return new Promise(() => {})
      },
    })
    await say({ kind: 'permit', id: 1 }, { kind: 'permit', id: 2 })
    await say(invoke(3, 1, 'a'))
    machine.queued.push([invoke(4, 2, 'b')])
    const changed: FlowSettings = { ...settings, functionName: 'new' }
    runner.configure(changed)
    await time.settle()
    expect(names).toEqual(['orders', 'new'])
  })

  it('waits no longer for a function that was replaced', async () => {
    const { heard, machine, runner, settings, permits, time } = await started('sqs')
    const busy = await permits.acquire(
      { mapping: 'other', functionName: 'slow', capacity: 1 },
      new AbortController().signal,
    )
    machine.queued.push([{ kind: 'permit', id: 1 }])
    runner.configure({ ...settings, functionName: 'slow', capacity: 1 })
    await time.settle()
    expect(heard('permitted')).toEqual([])
    runner.configure({ ...settings, functionName: 'quick', capacity: 1 })
    await time.settle()
    expect(heard('permitted')).toEqual([{ kind: 'permitted', id: 1 }])
    busy.release()
    runner.abort()
    expect(permits.inFlight).toBe(0)
  })

  const settle = { kind: 'settle', id: 1, why: 'succeeded', attempt: 1, last: false } as const

  // proves: sqs.delete-per-entry
  it('reports the messages that could not be deleted, by their place, and which never can be', async () => {
    const refusals = [
      { index: 1, message: 'slow down' },
      { index: 2, message: 'receipt expired', final: true },
    ]
    const { say, heard, lines } = await started('sqs', { settle: () => Promise.resolve({ failed: refusals }) })
    await say({ ...settle, records: [record('a'), record('b'), record('c')] })
    expect(heard('settled')).toEqual([{ kind: 'settled', id: 1, failed: [1, 2], final: [2] }])
    expect(lines[0]?.fields).toMatchObject({ failed: 2, of: 3, givenUp: 1, reason: 'receipt expired' })
  })

  it('tells of a refused delete when it is refused first and when it is given up, not of the tries between', async () => {
    const aparts: (boolean | undefined)[] = []
    const { say, lines } = await started('sqs', {
      settle: (_, __, apart) => {
        aparts.push(apart)
        return Promise.resolve({ failed: [{ index: 0, message: 'slow down' }] })
      },
    })
    await say({ ...settle, records: [record('a')] })
    await say({ ...settle, id: 2, attempt: 2, records: [record('a')] })
    await say({ ...settle, id: 3, attempt: 3, last: true, records: [record('a')] })
    expect(aparts).toEqual([false, true, true])
    expect(lines.map(({ fields }) => fields)).toMatchObject([
      { attempt: 1, givenUp: 0 },
      { attempt: 3, givenUp: 1 },
    ])
  })

  it('counts all as failed when deleting throws', async () => {
    const { say, heard } = await started('sqs', { settle: () => Promise.reject(new Error('down')) })
    await say({ ...settle, records: [record('a'), record('b')] })
    expect(heard('settled')[0]?.failed).toEqual([0, 1])
  })

  it('writes checkpoints under its fence, and says when another owner has the flow', async () => {
    const { say, heard, store } = await started('kinesis')
    const checkpoint = { incarnation: 'one', watermark: '1', completed: [], window: null, done: false }
    await say({ kind: 'checkpoint', id: 1, checkpoint })
    expect(heard('checkpointed')).toEqual([{ kind: 'checkpointed', id: 1 }])
    await store.openFlow('mapping', 'shard-1')
    await say({ kind: 'checkpoint', id: 2, checkpoint: { ...checkpoint, watermark: '2' } })
    expect(heard('fenced')).toEqual([{ kind: 'fenced', id: 2 }])
    expect((await store.checkpoints('mapping'))[0]?.checkpoint.watermark).toBe('1')
  })

  it('keeps trying to write a checkpoint until the store takes it', async () => {
    const memory = createMemoryStore()
    let failures = 2
    const store = {
      ...memory,
      writeCheckpoint: (...args: Parameters<typeof memory.writeCheckpoint>) =>
        failures-- > 0 ? Promise.reject(new Error('disk full')) : memory.writeCheckpoint(...args),
    }
    const { say, heard, time } = await started('kinesis', { store })
    const checkpoint = { incarnation: 'one', watermark: '1', completed: [], window: null, done: false }
    await say({ kind: 'checkpoint', id: 1, checkpoint })
    expect(heard('checkpointed')).toEqual([])
    await time.pass(1_000)
    expect(heard('checkpointed')).toHaveLength(1)
  })

  it('keeps one timer, at the moment the machine names', async () => {
    const { say, machine, time, heard } = await started('sqs')
    machine.script.dueMs = 50
    await say()
    machine.script.dueMs = 30
    await say()
    expect(time.timers()).toEqual([30])
    machine.script.dueMs = null
    await time.pass(30)
    expect(heard('timer')).toHaveLength(1)
    expect(time.timers()).toEqual([])
  })

  it('tells its machine how much it may hold, which is less when others hold much', async () => {
    const { say, machine, memory } = await started('sqs')
    const aloneBytes = machine.allowed.at(-1) ?? 0
    memory.join(() => {}).charge(700, 0)
    await say()
    expect(aloneBytes).toBeGreaterThan(500)
    expect(machine.allowed.at(-1)).toBeLessThan(250)
  })

  it('is woken when it was short of room and others have given some back', async () => {
    const { say, machine, memory, heard } = await started('sqs')
    const other = memory.join(() => {})
    other.charge(1_000, 0)
    machine.script.missingBytes = 200
    await say()
    machine.script.missingBytes = 0
    expect(heard('timer')).toEqual([])
    other.charge(0, 0)
    expect(heard('timer')).toEqual([{ kind: 'timer' }])
  })

  it('ends, gives everything back and tells why when its machine fails', async () => {
    let crashed = 0
    const aborted: boolean[] = []
    const { say, machine, ends, permits, memory, time } = await started('sqs', {
      read: async (_, signal) => {
        await untilAborted(signal).catch(() => aborted.push(true))
        throw new Error('given up')
      },
      meter: { flowCrashed: () => crashed++ },
    })
    machine.script.heldBytes = 10
    machine.script.dueMs = 1_000
    await say(read(1), { kind: 'permit', id: 2 })
    machine.script.fail = new Error('impossible')
    await say()
    expect(ends).toEqual([{ how: 'failed' }])
    expect([crashed, permits.inFlight, memory.usedBytes, aborted]).toEqual([1, 0, 0, [true]])
    await time.pass(5_000)
    expect(ends).toHaveLength(1)
  })

  it('ends as drained when it was asked to, and as failed when another owner took it', async () => {
    const asked = await started('sqs')
    asked.machine.queued.push([{ kind: 'drained' }])
    asked.runner.drain({ kind: 'draining', reason: 'stop' })
    expect(asked.heard('draining')).toEqual([{ kind: 'draining', reason: 'stop' }])
    expect(asked.ends).toEqual([{ how: 'drained' }])
    const taken = await started('kinesis')
    await taken.say({ kind: 'drained' })
    expect(taken.ends).toEqual([{ how: 'failed' }])
  })

  it('finishes in the incarnation it read last', async () => {
    const { say, ends } = await started('kinesis', {
      read: () => Promise.resolve({ kind: 'recreated', incarnation: 'two', message: 'new life' }),
    })
    await say(read(1))
    await say({ kind: 'finished' })
    expect(ends).toEqual([{ how: 'finished', incarnation: 'two' }])
  })

  it('says with each read of a shard which life it reads', async () => {
    const seen: (string | undefined)[] = []
    const { say } = await started('kinesis', {
      read: ({ incarnation }) => {
        seen.push(incarnation)
        return Promise.resolve({ kind: 'recreated', incarnation: 'two', message: 'new life' })
      },
    })
    const ofShard = { ...read(1), from: { at: 'horizon' } } as const
    await say(ofShard)
    await say({ ...ofShard, id: 2 })
    expect(seen).toEqual(['one', 'two'])
  })

  it('gives a permit back that is granted in the moment it ends', async () => {
    const { say, runner, machine, permits, time } = await started('sqs')
    machine.queued.push([{ kind: 'permit', id: 1 }])
    runner.drain({ kind: 'draining', reason: 'stop' })
    runner.abort()
    await time.settle()
    expect(permits.inFlight).toBe(0)
    await say()
    expect(permits.inFlight).toBe(0)
  })

  it('hears nothing any more once it was cut off', async () => {
    const { say, runner, machine, ends, time } = await started('sqs', { read: (_, signal) => untilAborted(signal) })
    await say(read(1))
    const before = machine.events.length
    runner.abort()
    await time.settle()
    expect(machine.events).toHaveLength(before)
    expect(ends).toEqual([{ how: 'drained' }])
  })

  it('says of each failed invocation what failed, which messages, and what comes next', async () => {
    const { say, lines } = await started('kinesis')
    await say({
      kind: 'attemptFailed',
      records: [record('a')],
      attempt: 2,
      outcome: { kind: 'failed', reply, errorType: 'TypeError', message: 'boom' },
      next: { kind: 'retry', inMs: 1500 },
    })
    expect(lines).toEqual([
      {
        level: 'warn',
        message: 'An invocation failed.',
        fields: {
          errorType: 'TypeError',
          reason: 'boom',
          requestId: 'r-1',
          records: 1,
          messageIds: ['a'],
          attempt: 2,
          next: 'retry',
          nextRetryMs: 1500,
        },
      },
    ])
  })

  it('names the messages that the function reported, not those around them', async () => {
    const { say, lines } = await started('sqs')
    await say({
      kind: 'attemptFailed',
      records: [record('a'), record('b'), record('c')],
      attempt: 1,
      outcome: { kind: 'partial', reply, failed: [1], state: null },
      next: { kind: 'visibility', inMs: 28_000 },
    })
    expect(lines[0]?.fields).toMatchObject({ records: 3, messageIds: ['b'], requestId: 'r-1', next: 'visibility' })
    expect(lines[0]?.fields['nextRetryMs']).toBe(28_000)
  })

  it('counts the attempts of a message as its queue does', async () => {
    const { say, lines } = await started('sqs')
    const received = (id: string, count: number) =>
      record(id, { fragment: `{"attributes":{"ApproximateReceiveCount":"${count}"}}` })
    await say({
      kind: 'attemptFailed',
      records: [received('a', 2), received('b', 3)],
      attempt: 1,
      outcome: { kind: 'failed', reply, errorType: 'TypeError', message: 'boom' },
      next: { kind: 'visibility', inMs: 28_000 },
    })
    expect(lines[0]?.fields['attempt']).toBe(3)
  })

  // proves: stream.permission-lost
  it('passes on that its shard is refused, and that it can be read again', async () => {
    const { say, refusals, results } = await started('kinesis')
    await say(
      { kind: 'sourceTrouble', trouble: 'missing', message: 'no shard', retryMs: 100 },
      { kind: 'sourceHealthy' },
    )
    expect(refusals).toEqual([true, false])
    expect(results).toEqual(['PROBLEM: no shard', 'healed'])
  })

  it('takes a shard that is throttled or cannot be read just now for no refused one', async () => {
    const { say, refusals } = await started('kinesis')
    await say(
      { kind: 'sourceTrouble', trouble: 'throttled', message: 'slow down', retryMs: 100 },
      { kind: 'sourceTrouble', trouble: 'failed', message: 'reset', retryMs: 100 },
    )
    expect(refusals).not.toContain(true)
  })

  it('says when the state of a window is dropped, which no count of records tells', async () => {
    const { say, lines } = await started('kinesis')
    const window = { startMs: 0, endMs: 60_000, state: '{"n":1}', isFinal: true, isTerminatedEarly: false }
    await say({ kind: 'discard', id: 1, records: [], condition: 'RecordAgeExceeded', attempts: 1, reply: null, window })
    expect(lines).toMatchObject([
      {
        level: 'error',
        message: 'The state of a tumbling window was dropped: its final invocation was given up.',
        fields: { condition: 'RecordAgeExceeded', window: '1970-01-01T00:00:00Z' },
      },
    ])
  })

  // proves: metric.dropped
  it.each([
    [undefined, 'undestined', []],
    ['arn:aws:sqs:us-east-1:000000000000:failures', 'delivered', [2]],
  ])('counts as delivered only what its destination took: %s', async (destination, fate, counted) => {
    const delivered: number[] = []
    const { say, heard } = await started('kinesis', {
      ...(destination !== undefined && { destination }),
      deliver: () => Promise.resolve({ kind: 'delivered' }),
      meter: { delivered: (count) => delivered.push(count) },
    })
    await say({
      kind: 'discard',
      id: 1,
      records: [record('a'), record('b')],
      condition: 'RetryAttemptsExhausted',
      attempts: 1,
      reply: null,
      window: null,
    })
    expect(heard('discarded')).toMatchObject([{ id: 1, fate }])
    expect(delivered).toEqual(counted)
  })
})
