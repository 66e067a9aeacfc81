import { afterEach, describe, expect, it } from 'vitest'
import { okText, ok } from '../../support/functions/behaviour.ts'
import type { FunctionServerOptions } from '../../support/functions/server.ts'
import { bodiesOf, eventOf, queueArn, startQueueStack, type QueueStack } from './queue-stack.ts'
import { until } from '../../support/until.ts'

const open: QueueStack[] = []
const stackOf = async (options?: FunctionServerOptions): Promise<QueueStack> => {
  const stack = await startQueueStack(options)
  open.push(stack)
  return stack
}

afterEach(async () => {
  await Promise.all(open.splice(0).map((stack) => stack.stop()))
})

/** Short enough that a queue's own visibility of one second holds. */
const quick: FunctionServerOptions = { functions: { orders: { timeoutS: 1 } } }

const mapping = (queue: string, more: object = {}) => ({
  EventSourceArn: queueArn(queue),
  FunctionName: 'orders',
  ...more,
})

describe('a standard queue', () => {
  // proves: sqs.success-deletes
  it('is delivered and emptied: messages go only after the function succeeded (fakecloud)', async () => {
    const { queue, start, queues, functions, left } = await stackOf()
    queue('q')
    const gate = Promise.withResolvers<void>()
    functions.behave(async () => {
      await gate.promise
      return ok()
    })
    await start({ mappings: [mapping('q')] })
    queues.sendMessage('q', 'one')
    await functions.untilInvoked(1)
    expect(left('q')).toBe(1)
    gate.resolve()
    await until(() => left('q') === 0, 'the message is deleted')
    const [record] = eventOf(functions.invocations[0]?.payload ?? '').Records
    expect(record).toMatchObject({ body: 'one', eventSourceARN: queueArn('q') })
  })

  // proves: sqs.long-poll
  it('reaches an idle poller at once, not at the end of a long poll (serverless-offline-sqs 8.0.0)', async () => {
    const { queue, start, queues, functions } = await stackOf()
    queue('q')
    await start({ mappings: [mapping('q')] })
    queues.sendMessage('q', 'warm up')
    await functions.untilInvoked(1)
    const startMs = performance.now()
    queues.sendMessage('q', 'one')
    await functions.untilInvoked(2)
    expect(performance.now() - startMs).toBeLessThan(5_000)
  })

  // proves: sqs.error-leaves
  it('leaves failed messages to their visibility, and counts one receive for each try', async () => {
    const { queue, start, queues, functions, left } = await stackOf(quick)
    queue('q', { VisibilityTimeout: '1' })
    functions.behave(({ index }) => (index === 0 ? { kind: 'error', errorType: 'Error', message: 'boom' } : ok()))
    await start({ mappings: [mapping('q')] })
    const startMs = performance.now()
    queues.sendMessage('q', 'one')
    await functions.untilInvoked(2)
    expect(performance.now() - startMs).toBeGreaterThan(900)
    await until(() => left('q') === 0, 'the message is deleted')
    const counts = functions.invocations.map(
      ({ payload }) => eventOf(payload).Records[0]?.attributes['ApproximateReceiveCount'],
    )
    expect(counts).toEqual(['1', '2'])
  })

  // own reading: hot loop
  // proves: sqs.error-leaves, sqs.redrive
  it('does not burn maxReceiveCount of a failing message in a hot loop', async () => {
    const { queue, start, queues, functions, left } = await stackOf(quick)
    const dead = queue('dead')
    queue('q', {
      VisibilityTimeout: '1',
      RedrivePolicy: JSON.stringify({ deadLetterTargetArn: dead, maxReceiveCount: '2' }),
    })
    functions.behave(() => ({ kind: 'error', errorType: 'Error', message: 'boom' }))
    await start({ mappings: [mapping('q')] })
    queues.sendMessage('q', 'poison')
    await until(() => left('dead') === 1, 'the message is in the dead-letter queue')
    expect(functions.invocations).toHaveLength(2)
  })

  // proves: sqs.throttle-holds
  it('keeps a throttled batch with the same receipts and tries again', async () => {
    const { queue, start, queues, functions, left } = await stackOf()
    queue('q')
    functions.behave(({ index }) => (index < 2 ? { kind: 'throttle' } : ok()))
    await start({ mappings: [mapping('q')] })
    queues.sendMessage('q', 'one')
    await functions.untilInvoked(3)
    await until(() => left('q') === 0, 'the message is deleted')
    const records = functions.invocations.map(({ payload }) => eventOf(payload).Records[0])
    expect(new Set(records.map((record) => record?.receiptHandle)).size).toBe(1)
    expect(records.map((record) => record?.attributes['ApproximateReceiveCount'])).toEqual(['1', '1', '1'])
  })

  // proves: sqs.partial.listed
  it('deletes what a partial batch response does not name (behaviour §2.4)', async () => {
    const { queue, start, queues, functions, left } = await stackOf()
    queue('q', { VisibilityTimeout: '30' })
    functions.behave(({ payload }) => {
      const failed = eventOf(payload).Records.filter((record) => record.body === 'bad')
      return ok({ batchItemFailures: failed.map((record) => ({ itemIdentifier: record.messageId })) })
    })
    for (const body of ['good', 'bad', 'fine']) queues.sendMessage('q', body)
    await start({ mappings: [mapping('q', { FunctionResponseTypes: ['ReportBatchItemFailures'] })] })
    await until(() => left('q') === 1, 'the good ones are deleted')
    expect(queues.inspectQueue('q')?.messages.inflight[0]?.message.body).toBe('bad')
  })

  // own reading: malformed response
  // proves: sqs.partial.malformed
  it.each(['{"batchItemFailures":[{"foo":"x"}]}', 'not JSON', '{"batchItemFailures":[{"itemIdentifier":"nobody"}]}'])(
    'never acknowledges on the malformed response %s',
    async (payload) => {
      const { queue, start, queues, functions, left } = await stackOf(quick)
      queue('q', { VisibilityTimeout: '1' })
      functions.behave(({ index }) => (index === 0 ? okText(payload) : ok()))
      await start({ mappings: [mapping('q', { FunctionResponseTypes: ['ReportBatchItemFailures'] })] })
      queues.sendMessage('q', 'one')
      await functions.untilInvoked(1)
      expect(left('q')).toBe(1)
      await functions.untilInvoked(2)
      await until(() => left('q') === 0, 'the second try is acknowledged')
    },
  )

  // proves: sqs.partial.empty-item@SQS
  it('acknowledges an empty entry of a partial response where that is asked for', async () => {
    const { queue, start, queues, functions, left } = await stackOf(quick)
    queue('q')
    functions.behave(() => okText('{"batchItemFailures":[{}]}'))
    await start({
      acknowledgeEmptyItems: true,
      mappings: [mapping('q', { FunctionResponseTypes: ['ReportBatchItemFailures'] })],
    })
    queues.sendMessage('q', 'one')
    await until(() => left('q') === 0, 'the message is deleted')
    expect(functions.invocations).toHaveLength(1)
  })

  // proves: param.batch-size@SQS
  it('gathers across receives until the batch is full', async () => {
    const { queue, start, queues, functions, left } = await stackOf()
    queue('q')
    for (let index = 0; index < 60; index++) queues.sendMessage('q', `m${index}`)
    await start({ mappings: [mapping('q', { BatchSize: 30, MaximumBatchingWindowInSeconds: 20 })] })
    await until(() => left('q') === 0, 'all is deleted')
    expect(functions.invocations.map(({ payload }) => eventOf(payload).Records.length)).toEqual([30, 30])
    expect(new Set(bodiesOf(functions.invocations)).size).toBe(60)
  })

  // proves: sqs.window
  it('sends off a batch when its window ends, counted from its first message (floci#3155)', async () => {
    const { queue, start, queues, functions } = await stackOf()
    queue('q')
    await start({ mappings: [mapping('q', { BatchSize: 100, MaximumBatchingWindowInSeconds: 1 })] })
    queues.sendMessage('q', 'one')
    const startMs = performance.now()
    queues.sendMessage('q', 'two')
    await functions.untilInvoked(1)
    const tookMs = performance.now() - startMs
    expect(tookMs).toBeGreaterThan(900)
    expect(tookMs).toBeLessThan(10_000)
    expect(bodiesOf(functions.invocations).toSorted()).toEqual(['one', 'two'])
  })

  // proves: sqs.visibility-cover
  it('receives with a longer visibility when window and timeout exceed that of the queue', async () => {
    const { queue, start, queues, functions } = await stackOf({ functions: { orders: { timeoutS: 3 } } })
    queue('q', { VisibilityTimeout: '2' })
    await start({ mappings: [mapping('q', { BatchSize: 100, MaximumBatchingWindowInSeconds: 3 })] })
    queues.sendMessage('q', 'one')
    await functions.untilInvoked(1)
    expect(functions.invocations).toHaveLength(1)
    const count = eventOf(functions.invocations[0]?.payload ?? '').Records[0]?.attributes['ApproximateReceiveCount']
    expect(count).toBe('1')
  })

  // proves: param.max-concurrency, sqs.scale.start
  it('drains a backlog at batch size 1 with as many invocations at once as allowed (LocalStack#11003)', async () => {
    const { queue, start, queues, functions, left } = await stackOf()
    queue('q')
    for (let index = 0; index < 200; index++) queues.sendMessage('q', `m${index}`)
    functions.behave(async () => {
      await functions.until(({ runningMax }) => runningMax >= 7)
      return ok()
    })
    await start({ mappings: [mapping('q', { BatchSize: 1, ScalingConfig: { MaximumConcurrency: 7 } })] })
    await until(() => left('q') === 0, 'all is deleted')
    expect(functions.invocations).toHaveLength(200)
    expect(functions.runningMax).toBe(7)
  })

  it('honours the delay of a message (LocalStack PR 2235)', async () => {
    const { queue, start, queues, functions } = await stackOf()
    queue('q')
    await start({ mappings: [mapping('q')] })
    const startMs = performance.now()
    queues.sendMessage('q', 'later', { delaySeconds: 1 })
    await functions.untilInvoked(1)
    expect(performance.now() - startMs).toBeGreaterThan(900)
  })

  // proves: sqs.filter-deletes
  it('deletes what the filter drops, and never shows it to the function', async () => {
    const { queue, start, queues, functions, left } = await stackOf()
    queue('q')
    const Pattern = JSON.stringify({ body: { kind: ['order'] } })
    await start({ mappings: [mapping('q', { FilterCriteria: { Filters: [{ Pattern }] } })] })
    queues.sendMessage('q', '{"kind":"noise"}')
    queues.sendMessage('q', '{"kind":"order"}')
    await until(() => left('q') === 0, 'all is deleted')
    expect(bodiesOf(functions.invocations)).toEqual(['{"kind":"order"}'])
  })

  it('waits for a queue that does not exist, keeps the others running, and attaches when it appears (sls#241)', async () => {
    const { queue, start, queues, functions } = await stackOf()
    queue('there')
    await start({ mappings: [mapping('not-yet'), mapping('there')] })
    queues.sendMessage('there', 'one')
    await functions.untilInvoked(1)
    queue('not-yet')
    queues.sendMessage('not-yet', 'two')
    await functions.untilInvoked(2)
    expect(bodiesOf(functions.invocations)).toEqual(['one', 'two'])
  })

  // proves: state.function-missing
  it('does not wear out messages while its function does not exist', async () => {
    const { queue, start, queues, functions, left } = await stackOf({ functions: {} })
    queue('q', { VisibilityTimeout: '1' })
    queues.sendMessage('q', 'one')
    await start({ mappings: [mapping('q')] })
    await functions.until((server) => server.requests.filter((each) => each.startsWith('GET')).length >= 2)
    expect(left('q')).toBe(1)
    expect(queues.inspectQueue('q')?.messages.ready).toHaveLength(1)
    expect(functions.invocations).toHaveLength(0)
  })

  it('lives on when the endpoint of the queue goes away, and when it is back (sls#226)', async () => {
    const { start, functions } = await stackOf()
    const elsewhere = await stackOf()
    elsewhere.queue('q')
    const { port } = elsewhere.queues
    await start({
      aws: {
        region: 'us-east-1',
        account: '000000000000',
        endpoints: { sqs: `http://127.0.0.1:${port}`, lambda: functions.url },
      },
      mappings: [mapping('q')],
    })
    elsewhere.queues.sendMessage('q', 'before')
    await functions.untilInvoked(1)
    await elsewhere.queues.stop()
    const { startFauxqs } = await import('fauxqs')
    const back = await startFauxqs({ host: '127.0.0.1', port, logger: false })
    try {
      back.createQueue('q')
      back.sendMessage('q', 'after')
      await functions.untilInvoked(2)
      expect(bodiesOf(functions.invocations)).toEqual(['before', 'after'])
    } finally {
      await back.stop()
    }
  })

  it('does not let a slow function on one queue delay another (ministack PR 1724)', async () => {
    const { queue, start, queues, functions } = await stackOf()
    queue('slow')
    queue('quick')
    functions.behave(({ payload }) => (payload.includes(':slow"') ? { kind: 'hang' } : ok()))
    await start({
      maxInvocations: 4,
      shutdownGraceMs: 100,
      mappings: [mapping('slow', { BatchSize: 1 }), mapping('quick', { BatchSize: 1 })],
    })
    for (let index = 0; index < 20; index++) queues.sendMessage('slow', `s${index}`)
    // Its share of four places while another mapping may need some: it never gives one back, so it gets no more.
    await functions.untilInvoked(2)
    for (let index = 0; index < 20; index++) queues.sendMessage('quick', `q${index}`)
    const delivered = () => bodiesOf(functions.invocations).filter((body) => body.startsWith('q')).length
    await until(() => delivered() === 20, 'all quick ones')
    expect(functions.runningMax).toBeLessThanOrEqual(4)
  })

  it('paces a mapping whose function is throttled while its neighbour runs flat out (ministack PR 1090)', async () => {
    const { queue, start, queues, functions, left } = await stackOf()
    queue('stuck')
    queue('quick')
    functions.behave(({ payload }) => (payload.includes(':stuck"') ? { kind: 'throttle' } : ok()))
    await start({ mappings: [mapping('stuck', { BatchSize: 1 }), mapping('quick', { BatchSize: 1 })] })
    queues.sendMessage('stuck', 's')
    await functions.untilInvoked(1)
    for (let index = 0; index < 200; index++) queues.sendMessage('quick', `q${index}`)
    await until(() => left('quick') === 0, 'the neighbour is done')
    const stuck = bodiesOf(functions.invocations).filter((body) => body === 's')
    expect(stuck.length).toBeLessThan(10)
    expect(left('stuck')).toBe(1)
  })

  it.each([502, 503, 404])('never acknowledges by the status %i (robotocore)', async (status) => {
    const { queue, start, queues, functions, left } = await stackOf()
    queue('q')
    functions.behave(({ index }) => (index === 0 ? { kind: 'raw', status, headers: {}, body: '' } : ok()))
    await start({ mappings: [mapping('q')] })
    queues.sendMessage('q', 'one')
    await functions.untilInvoked(1)
    expect(left('q')).toBe(1)
    await functions.untilInvoked(2)
    await until(() => left('q') === 0, 'the second try is acknowledged')
    expect(bodiesOf(functions.invocations)).toEqual(['one', 'one'])
  })

  it('does not build a backlog from a slow trickle with a long window (LocalStack PR 12002)', async () => {
    const { queue, start, queues, functions, left } = await stackOf()
    queue('q')
    await start({ mappings: [mapping('q', { BatchSize: 5, MaximumBatchingWindowInSeconds: 300 })] })
    for (let index = 0; index < 15; index++) {
      queues.sendMessage('q', `m${index}`)
      await until(() => queues.inspectQueue('q')?.messages.ready.length === 0, 'it is received')
    }
    await until(() => left('q') === 0, 'all is deleted')
    expect(functions.invocations.map(({ payload }) => eventOf(payload).Records.length)).toEqual([5, 5, 5])
  })
})
