import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { ok, partial, throttle, throwing } from '../../support/functions/behaviour.ts'
import { startKinesisService, type KinesisService } from './kinesis-stack.ts'
import { eventOf, queueArn, startQueueStack, type QueueStack } from './queue-stack.ts'
import { until } from '../../support/until.ts'

/** The counters of the one mapping of a process, by what stands between `millrace_` and `_total`; those at zero are left out. */
async function countersAt(endpoint: string): Promise<Record<string, number>> {
  const text = await (await fetch(`${endpoint}/metrics`)).text()
  const found = text.matchAll(/^millrace_(\w+)_total\{[^}]*?(?:reason="(\w+)")?\} (\d+)$/gm)
  const named = [...found].map(
    ([, name, reason, value]) => [reason ? `${name} ${reason}` : name, Number(value)] as const,
  )
  return Object.fromEntries(named.filter(([, value]) => value > 0))
}

/** The counters once they are as expected, or as they are after a minute. */
async function settled(endpoint: string, expected: Record<string, number>): Promise<Record<string, number>> {
  let last: Record<string, number> = {}
  await until(async () => {
    last = await countersAt(endpoint)
    return Object.entries(expected).every(([name, value]) => last[name] === value)
  }, 'the counters').catch(() => undefined)
  return last
}

describe('the metrics of a queue count as they were seen to on AWS (behaviour §2.3, §2.4)', () => {
  let stack: QueueStack
  afterEach(() => stack.stop())

  async function run(name: string, bodies: readonly string[], functionResponseTypes: string[] = []) {
    stack = await startQueueStack({ functions: { orders: { timeoutS: 1 } } })
    const isFifo = name.endsWith('.fifo')
    stack.queue(name, {
      VisibilityTimeout: '60',
      ...(isFifo && { FifoQueue: 'true', ContentBasedDeduplication: 'true' }),
    })
    for (const body of bodies) stack.queues.sendMessage(name, body, isFifo ? { messageGroupId: body } : {})
    const start = async () => {
      const FunctionResponseTypes = functionResponseTypes
      const mapping = { EventSourceArn: queueArn(name), FunctionName: 'orders', BatchSize: 10, FunctionResponseTypes }
      return (await stack.start({ mappings: [mapping] })).endpoint
    }
    return { start }
  }

  // proves: metric.counts@SQS, metric.counts@FIFO, metric.function@SQS, metric.function@FIFO
  it.each(['q', 'q.fifo'])('%s: of four messages one is reported as failed', async (name) => {
    const { start } = await run(name, ['a', 'b', 'c', 'd'], ['ReportBatchItemFailures'])
    stack.functions.behave(({ payload }) => {
      const failed = eventOf(payload).Records.find((record) => record.body === 'd')
      return failed === undefined ? ok() : partial(failed.messageId)
    })
    const expected = {
      polled_events: 4,
      invoked_events: 4,
      failed_invoke_events: 1,
      deleted_events: 3,
      invocations: 1,
    }
    expect(await settled(await start(), expected)).toEqual(expected)
  })

  // proves: metric.counts@SQS, metric.function@SQS
  it('a message that is throttled twice was invoked three times, and polled once', async () => {
    const { start } = await run('q', ['a'])
    stack.functions.behave(({ index }) => (index < 2 ? throttle() : ok()))
    const expected = {
      polled_events: 1,
      invoked_events: 3,
      failed_invoke_events: 2,
      invocation_throttles: 2,
      deleted_events: 1,
      invocations: 1,
    }
    expect(await settled(await start(), expected)).toEqual(expected)
  })

  // proves: metric.counts@SQS, metric.function@SQS
  it('an exception fails the whole batch and is an error', async () => {
    const { start } = await run('q', ['a', 'b'], ['ReportBatchItemFailures'])
    stack.functions.behave(() => throwing())
    const expected = {
      polled_events: 2,
      invoked_events: 2,
      failed_invoke_events: 2,
      invocations: 1,
      invocation_errors: 1,
    }
    expect(await settled(await start(), expected)).toEqual(expected)
  })
})

describe('the metrics of a stream', () => {
  let service: KinesisService
  beforeAll(async () => {
    service = await startKinesisService()
  })
  afterAll(() => service.stop())

  const given = { polled_events: 2, invoked_events: 4, failed_invoke_events: 4, invocations: 2, invocation_errors: 2 }

  // proves: metric.counts@Kinesis, metric.dropped@Kinesis, metric.function@Kinesis
  it.each([
    ['drop records that are given up where there is no destination', false, { 'dropped_events undestined': 2 }],
    ['count them as delivered where there is one', true, { on_failure_destination_delivered_events: 2 }],
  ])('%s, each retry invoked anew', async (_what, hasDestination, ends) => {
    const stack = await service.stackOf()
    try {
      const Destination = stack.queue('dead')
      stack.functions.behave(() => throwing())
      await stack.put('a', 'b')
      const { endpoint } = await stack.run({
        MaximumRetryAttempts: 1,
        ...(hasDestination && { DestinationConfig: { OnFailure: { Destination } } }),
      })
      const expected = { ...given, ...ends }
      expect(await settled(endpoint, expected)).toEqual(expected)
    } finally {
      await stack.stop()
    }
  })
})
