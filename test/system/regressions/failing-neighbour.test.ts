import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { ok, raw, throttle, throwing } from '../../support/functions/behaviour.ts'
import { bodiesOf, queueArn } from '../integration/queue-stack.ts'
import { until } from '../../support/until.ts'
import { metric, ofTable, startRig, type Rig } from './rig.ts'

let rig: Rig

beforeEach(async () => {
  rig = await startRig()
})

afterEach(() => rig.stop())

const of = (queue: string, FunctionName: string, more: object = {}) => ({
  EventSourceArn: queueArn(queue),
  FunctionName,
  ...more,
})

describe('a mapping that fails', () => {
  it.each([
    ['throws', throwing()],
    ['is throttled', throttle()],
  ])('is paced while its neighbour runs flat out: its function %s (ministack PR 1090)', async (_how, failure) => {
    const { tables, run, functions, queues, left } = rig
    const arn = tables.createTable('t')
    tables.put('t', 'poison')
    rig.queue('busy')
    for (let index = 0; index < 300; index += 1) queues.sendMessage('busy', `m${index}`)
    functions.behave(({ functionName }) => (functionName === 'broken' ? failure : ok()))
    await run(ofTable(arn, { FunctionName: 'broken' }), of('busy', 'orders', { BatchSize: 1 }))
    await until(() => left('busy') === 0, 'the busy queue is empty')
    const invocations = (name: string) => functions.invocations.filter(({ functionName }) => functionName === name)
    expect(invocations('orders')).toHaveLength(300)
    // From 1 s on, doubling: a loop without a pause would be in the hundreds.
    expect(invocations('broken').length).toBeGreaterThan(0)
    expect(invocations('broken').length).toBeLessThan(12)
  })
})

// proves: param.max-concurrency@SQS
it('drains a backlog at batch size 10, and shows how many run at once (LocalStack#13328)', async () => {
  const { run, functions, queues, left } = rig
  rig.queue('q')
  for (let index = 0; index < 500; index += 1) queues.sendMessage('q', `m${index}`)
  let shown = 0
  functions.behave(async () => {
    // What is counted as in flight may still be on its way to the function.
    await until(() => shown === 4 && functions.runningMax === 4, 'four run at once, and the metric shows it')
    return ok()
  })
  const millrace = await run(of('q', 'orders', { BatchSize: 10, ScalingConfig: { MaximumConcurrency: 4 } }))
  await until(async () => {
    shown = Math.max(shown, await metric(millrace, 'millrace_in_flight_invocations'))
    return left('q') === 0
  }, 'all is deleted')
  expect(bodiesOf(functions.invocations)).toHaveLength(500)
  expect(functions.runningMax).toBe(4)
  expect(shown).toBe(4)
  expect(functions.invocations.length).toBeLessThan(100)
})

it.each([
  ['an exception', throwing('Runtime cobol2 is not supported', 'InvalidRuntimeException')],
  ['a refusal', raw(502, '{"Type":"User","message":"bad runtime"}', { 'x-amzn-errortype': 'InvalidRuntimeException' })],
  ['not implemented', raw(501, '{"message":"unsupported runtime"}')],
])('acknowledges nothing where the runtime cannot be run: %s (robotocore)', async (_how, answer) => {
  const { tables, run, functions, queues, left, seen } = rig
  const arn = tables.createTable('t')
  tables.put('t', 'a')
  tables.put('t', 'b')
  rig.queue('q', { VisibilityTimeout: '2' })
  queues.sendMessage('q', 'one')
  functions.behave(() => answer)
  const millrace = await run(of('q', 'orders'), ofTable(arn, { FunctionName: 'invoices', BatchSize: 1 }))
  await until(() => seen('invoices').length >= 2, 'two tries')
  expect(new Set(seen('invoices'))).toEqual(new Set(['a']))
  expect(left('q')).toBe(1)
  expect(await metric(millrace, 'millrace_deleted_events_total')).toBe(0)
})
