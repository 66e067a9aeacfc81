import { afterEach, describe, expect, it } from 'vitest'
import { ok } from '../../support/functions/behaviour.ts'
import type { FunctionServerOptions } from '../../support/functions/server.ts'
import { bodiesOf, eventOf, queueArn, startQueueStack, type QueueStack } from './queue-stack.ts'
import { until } from '../../support/until.ts'

const open: QueueStack[] = []
const stackOf = async (options: FunctionServerOptions = { functions: { orders: { timeoutS: 1 } } }) => {
  const stack = await startQueueStack(options)
  open.push(stack)
  const fifo = (attributes: Record<string, string> = {}) =>
    stack.queue('q.fifo', { FifoQueue: 'true', ContentBasedDeduplication: 'true', ...attributes })
  const send = (group: string, body: string) => stack.queues.sendMessage('q.fifo', body, { messageGroupId: group })
  return { ...stack, fifo, send }
}

afterEach(async () => {
  await Promise.all(open.splice(0).map((stack) => stack.stop()))
})

const mapping = (more: object = {}) => ({ EventSourceArn: queueArn('q.fifo'), FunctionName: 'orders', ...more })

describe('a FIFO queue', () => {
  // proves: sqs.window-zero@FIFO, fifo.order
  it('keeps the order of each group, and wakes after it was idle (LocalStack#7036, LocalStack#10290)', async () => {
    const { fifo, send, start, functions, left } = await stackOf()
    fifo()
    await start({ mappings: [mapping({ BatchSize: 3 })] })
    for (let index = 0; index < 20; index++) send(`g${index % 3}`, `g${index % 3}-${index}`)
    await until(() => left('q.fifo') === 0, 'all is deleted')
    send('g0', 'g0-late')
    await until(() => bodiesOf(functions.invocations).includes('g0-late'), 'the late one')
    const bodies = bodiesOf(functions.invocations)
    for (const group of ['g0', 'g1', 'g2']) {
      const places = bodies
        .filter((body) => body.startsWith(group) && body !== 'g0-late')
        .map((body) => Number(body.slice(3)))
      expect(places).toEqual(places.toSorted((a, b) => a - b))
    }
    expect(bodies).toHaveLength(21)
  })

  // proves: fifo.order
  it('runs groups side by side, never two batches of one group', async () => {
    const { fifo, send, start, functions, left } = await stackOf({})
    fifo({ VisibilityTimeout: '30' })
    const running = new Set<string>()
    let overlaps = 0
    functions.behave(async ({ payload }) => {
      const groups = [...new Set(eventOf(payload).Records.map((record) => record.attributes['MessageGroupId'] ?? ''))]
      for (const group of groups) {
        if (running.has(group)) overlaps++
        running.add(group)
      }
      await functions.until(({ runningMax }) => runningMax >= 2)
      for (const group of groups) running.delete(group)
      return ok()
    })
    for (let index = 0; index < 12; index++) send(`g${index % 4}`, `m${index}`)
    await start({ mappings: [mapping({ BatchSize: 1 })] })
    await until(() => left('q.fifo') === 0, 'all is deleted')
    expect(overlaps).toBe(0)
    expect(functions.runningMax).toBeGreaterThan(1)
  })

  // proves: fifo.blocked-group
  it('blocks only the group of a failed message', async () => {
    const { fifo, send, start, functions, left } = await stackOf()
    fifo({ VisibilityTimeout: '1' })
    let healed = false
    functions.behave(({ payload }) =>
      !healed && payload.includes('"body":"bad-1"') ? { kind: 'error', errorType: 'Error', message: 'boom' } : ok(),
    )
    await start({ mappings: [mapping({ BatchSize: 1 })] })
    send('bad', 'bad-1')
    send('bad', 'bad-2')
    for (let index = 0; index < 5; index++) send('good', `good-${index}`)
    await until(() => bodiesOf(functions.invocations).includes('good-4'), 'the other group')
    expect(bodiesOf(functions.invocations)).not.toContain('bad-2')
    healed = true
    await until(() => left('q.fifo') === 0, 'all is deleted')
    const bad = bodiesOf(functions.invocations).filter((body) => body.startsWith('bad'))
    expect(bad.lastIndexOf('bad-1')).toBeLessThan(bad.indexOf('bad-2'))
  })

  // proves: fifo.attributes
  it('shows the system attributes of FIFO messages (floci#1526)', async () => {
    const { fifo, send, start, functions } = await stackOf()
    fifo()
    await start({ mappings: [mapping()] })
    send('g', 'one')
    await functions.untilInvoked(1)
    const [record] = eventOf(functions.invocations[0]?.payload ?? '').Records
    expect(Object.keys(record?.attributes ?? {})).toEqual(
      expect.arrayContaining([
        'MessageGroupId',
        'MessageDeduplicationId',
        'SequenceNumber',
        'ApproximateFirstReceiveTimestamp',
      ]),
    )
  })

  // proves: fifo.dedup
  it('keeps the deduplication of what it deleted (ministack sqs #1326)', async () => {
    const { fifo, send, start, functions, left } = await stackOf()
    fifo()
    await start({ mappings: [mapping()] })
    send('g', 'same')
    await until(() => functions.invocations.length === 1 && left('q.fifo') === 0, 'the first is gone')
    send('g', 'same')
    send('g', 'other')
    await until(() => bodiesOf(functions.invocations).includes('other'), 'the other')
    expect(bodiesOf(functions.invocations)).toEqual(['same', 'other'])
  })
})
