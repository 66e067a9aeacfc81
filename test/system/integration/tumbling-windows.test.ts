import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { ok, throwing } from '../../support/functions/behaviour.ts'
import type { Invocation } from '../../support/functions/server.ts'
import {
  dataOf,
  startKinesisService,
  type KinesisService,
  type KinesisStack,
  type WindowEvent,
} from './kinesis-stack.ts'
import { queueArn } from './queue-stack.ts'
import { until } from '../../support/until.ts'

let kinesis: KinesisService
let stack: KinesisStack
let folder: string

beforeAll(async () => {
  kinesis = await startKinesisService()
  folder = await mkdtemp(join(tmpdir(), 'millrace-windows-'))
})
afterAll(async () => {
  await kinesis.stop()
  await rm(folder, { recursive: true })
})
afterEach(() => stack.stop())

const windowEvent = ({ payload }: Invocation): WindowEvent => JSON.parse(payload) as WindowEvent
const events = (): readonly WindowEvent[] => stack.functions.invocations.map(windowEvent)
const finals = (): readonly WindowEvent[] => events().filter((event) => event.isFinalInvokeForWindow)

/** Collects what it was given in the window's state. */
const collecting = (invocation: Invocation) => {
  const event = windowEvent(invocation)
  const before = (event.state['seen'] ?? []) as readonly string[]
  return ok({ state: { seen: [...before, ...dataOf(event)] } })
}

/** Waits until the clock is early in a window of one second, so that what is put next falls into that window. */
const earlyInWindow = (): Promise<void> => until(() => Date.now() % 1_000 < 200, 'the beginning of a window')

describe('a tumbling window over a Kinesis stream', () => {
  // proves: stream.tumbling.windows@Kinesis, stream.tumbling.event@Kinesis, stream.tumbling.close@Kinesis
  it('carries its state from invocation to invocation, and is closed by the first record of a later one', async () => {
    stack = await kinesis.stackOf()
    stack.functions.behave(collecting)
    await stack.run({ TumblingWindowInSeconds: 1, BatchSize: 2 })
    await earlyInWindow()
    await stack.put('a', 'b', 'c')
    await until(() => stack.seen().length === 3, 'the first window')
    const [first, second] = events()
    expect(first).toMatchObject({
      state: {},
      shardId: 'shardId-000000000000',
      eventSourceARN: stack.arn,
      isFinalInvokeForWindow: false,
      isWindowTerminatedEarly: false,
    })
    expect(second?.state).toEqual({ seen: ['a', 'b'] })
    const { start = '', end = '' } = first?.window ?? {}
    expect([start, end]).toEqual([expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/), expect.any(String)])
    expect(Date.parse(end) - Date.parse(start)).toBe(1_000)

    await until(() => Date.now() > Date.parse(end), 'the next window')
    await stack.put('d')
    await until(() => stack.seen().length === 4, 'the record of the next window')
    expect(events().slice(2)).toMatchObject([
      { Records: [], window: { start, end }, state: { seen: ['a', 'b', 'c'] }, isFinalInvokeForWindow: true },
      { state: {}, isFinalInvokeForWindow: false, window: { start: expect.not.stringContaining(start) as unknown } },
    ])
  })

  // proves: stream.tumbling.early@Kinesis
  it('ends early when its state outgrows 1 MB, and goes on with an empty one', async () => {
    stack = await kinesis.stackOf()
    const large = 'x'.repeat(1_048_577)
    stack.functions.behave((invocation) => {
      const isFirst = dataOf(windowEvent(invocation)).includes('a')
      return ok({ state: isFirst ? { large } : { n: 1 } })
    })
    await stack.run({ TumblingWindowInSeconds: 900, BatchSize: 1 })
    await stack.put('a', 'b', 'c')
    await until(() => events().length >= 4, 'the batches and the early end between them')
    const early = { Records: [], isFinalInvokeForWindow: true, isWindowTerminatedEarly: true }
    expect(events()[1]).toMatchObject({ ...early, state: { large } })
    expect(events().map(dataOf)).toEqual([['a'], [], ['b'], ['c']])
    expect(events().map(({ state }) => Object.keys(state))).toEqual([[], ['large'], [], ['n']])
    expect(new Set(events().map(({ window }) => window.start)).size).toBe(1)
  })

  // proves: stream.tumbling.state@Kinesis, destination.window@Kinesis
  it('takes an answer without a state for a failure, and says of which window in the failure record', async () => {
    stack = await kinesis.stackOf()
    stack.queue('failures')
    stack.functions.behave(() => ok(null))
    await stack.run({
      TumblingWindowInSeconds: 900,
      MaximumRetryAttempts: 0,
      DestinationConfig: { OnFailure: { Destination: queueArn('failures') } },
    })
    await stack.put('a')
    const ready = () => stack.queues.inspectQueue('failures')?.messages.ready ?? []
    await until(() => ready().length === 1, 'the failure record')
    expect(JSON.parse(ready()[0]?.body ?? '')).toMatchObject({
      requestContext: { condition: 'RetryAttemptsExhausted', approximateInvokeCount: 1 },
      KinesisBatchInfo: { batchSize: 1 },
      timeWindowInfo: { window: events()[0]?.window, isFinalInvokeForWindow: false, isWindowTerminatedEarly: false },
    })
  })

  // proves: stream.tumbling.final-answer@Kinesis
  it('is closed by a final invocation that returns what a database answered', async () => {
    stack = await kinesis.stackOf()
    stack.functions.behave((invocation) =>
      windowEvent(invocation).isFinalInvokeForWindow ? ok({ UnprocessedItems: {} }) : collecting(invocation),
    )
    await stack.run({ TumblingWindowInSeconds: 1, FunctionResponseTypes: ['ReportBatchItemFailures'] })
    await stack.put('a')
    await until(() => events().length === 1, 'the window')
    await until(() => Date.now() > Date.parse(events()[0]?.window.end ?? ''), 'the next window')
    await stack.put('b')
    await until(() => stack.seen().length === 2, 'the record of the next window')
    expect(finals()).toHaveLength(1)
    expect(events().at(-1)?.state).toEqual({})
  })

  // proves: stream.tumbling.final-fails@Kinesis
  it('gives up a final invocation that keeps failing: shard and stream are all that is left to tell', async () => {
    stack = await kinesis.stackOf()
    stack.queue('failures')
    stack.functions.behave((invocation) =>
      windowEvent(invocation).isFinalInvokeForWindow ? throwing() : collecting(invocation),
    )
    await stack.run({
      TumblingWindowInSeconds: 1,
      MaximumRetryAttempts: 1,
      DestinationConfig: { OnFailure: { Destination: queueArn('failures') } },
    })
    await stack.put('a')
    await until(() => events().length === 1, 'the window')
    await until(() => Date.now() > Date.parse(events()[0]?.window.end ?? ''), 'the next window')
    await stack.put('b')
    await until(() => stack.seen().length === 2, 'the record behind the failed window')
    expect(finals()).toHaveLength(2)
    expect(events().at(-1)?.state).toEqual({})
    const [message] = stack.queues.inspectQueue('failures')?.messages.ready ?? []
    expect(JSON.parse(message?.body ?? '')).toMatchObject({
      requestContext: { approximateInvokeCount: 2 },
      KinesisBatchInfo: { shardId: 'shardId-000000000000', streamArn: stack.arn },
      timeWindowInfo: { window: events()[0]?.window, isFinalInvokeForWindow: true, isWindowTerminatedEarly: false },
    })
  })

  // proves: stream.tumbling.restart@Kinesis
  it('keeps its state together with the position when the process stops and starts', async () => {
    stack = await kinesis.stackOf()
    stack.functions.behave(collecting)
    const store = `sqlite:${join(folder, 'windows.db')}`
    const first = await stack.runWith({ store }, { TumblingWindowInSeconds: 900 })
    await stack.put('a')
    await until(() => stack.seen().length === 1, 'the first record')
    await first.stop()
    await stack.runWith({ store }, { TumblingWindowInSeconds: 900 })
    await stack.put('b')
    await until(() => stack.seen().length === 2, 'the second record')
    expect(stack.seen()).toEqual(['a', 'b'])
    expect(events()[1]?.state).toEqual({ seen: ['a'] })
  })
})
