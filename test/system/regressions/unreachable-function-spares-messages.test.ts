import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { FunctionLook } from '../../../src/model/invocation.ts'
import type { InvokeResult } from '../../../src/ports.ts'
import { freePort } from '../../support/free-port.ts'
import { startFunctionServer } from '../../support/functions/server.ts'
import { createMemoryQueue } from '../../support/sources/memory-queue.ts'
import { answered, engineRig } from '../../unit/engine/engine-rig.ts'
import { manualClock } from '../../support/manual-clock.ts'
import { eventOf, queueArn, startQueueStack, type QueueStack } from '../integration/queue-stack.ts'
import { until } from '../../support/until.ts'

const refused = (kind: 'unreachable' | 'missing' | 'noLambda' | 'denied' | 'throttled'): InvokeResult => ({
  kind,
  message: `it is ${kind}`,
})

/** A queue of five messages that are given three times, and a function that is there or not. */
function lostFunction(options: {
  readonly maxReceiveCount?: number
  readonly look?: (isThere: boolean) => FunctionLook
  readonly reason?: Parameters<typeof refused>[0]
}) {
  const time = manualClock()
  const queue = createMemoryQueue({
    clock: time.clock,
    visibilityMs: 5_000,
    maxReceiveCount: options.maxReceiveCount ?? 3,
  })
  const world = { isThere: true, attempts: [] as number[] }
  const rig = engineRig({
    time,
    source: queue,
    look: async () => options.look?.(world.isThere) ?? (world.isThere ? 'answers' : 'unreachable'),
    invoke: async () => {
      world.attempts.push(time.clock.monoMs())
      return world.isThere ? answered() : refused(options.reason ?? 'unreachable')
    },
  })
  rig.registry.start()
  const send = (): void => {
    for (let index = 0; index < 5; index++) queue.send(`m${index}`)
  }
  const receives = () => Math.max(...queue.bodies().map((body) => queue.receiveCount(body)))
  return { ...rig, queue, world, send, receives }
}

const hourMs = 3_600_000

describe('a queue whose function cannot be invoked', () => {
  // proves: sqs.outage
  it.each([
    ['cannot be reached', 'unreachable', 'unreachable'],
    ['does not exist', 'missing', 'missing'],
    ['has no Lambda at its endpoint', 'noLambda', 'missing'],
  ] as const)('is left alone while the function %s, and served as soon as it is there', async (_how, reason, seen) => {
    const rig = lostFunction({ reason, look: (isThere) => (isThere ? 'answers' : seen) })
    const { queue, world, time } = rig
    await rig.create(queue.arn, { BatchSize: 1 })
    await time.pass(1_000)
    world.isThere = false
    rig.send()
    await time.pass(hourMs)
    expect(queue.bodies()).toHaveLength(5)
    expect(queue.deadLetters()).toEqual([])
    expect(rig.receives()).toBe(1)
    // Those that were out together when the first of them was refused.
    expect(world.attempts.length).toBeLessThanOrEqual(5)
    world.isThere = true
    await time.pass(2_500)
    expect(queue.bodies()).toEqual([])
  })

  it('gives no message at all when nobody reaches its function from the beginning', async () => {
    const rig = lostFunction({})
    rig.world.isThere = false
    rig.send()
    await rig.create(rig.queue.arn, { BatchSize: 1 })
    await rig.time.pass(hourMs)
    expect(rig.receives()).toBe(0)
    rig.world.isThere = true
    await rig.time.pass(2_500)
    expect(rig.queue.bodies()).toEqual([])
  })

  it.each([
    ['no look tells', 'unknown', 'unreachable'],
    ['looks tell wrongly', 'answers', 'missing'],
    ['one may look, and not invoke', 'answers', 'denied'],
  ] as const)('is tried by one message at a growing pace where %s', async (_how, look, reason) => {
    const rig = lostFunction({ look: () => look, reason, maxReceiveCount: 100 })
    const { queue, world, time } = rig
    await rig.create(queue.arn, { BatchSize: 1 })
    world.isThere = false
    await time.pass(1_000)
    queue.send('one')
    await time.pass(120_000)
    const pauses = world.attempts.slice(1).map((at, index) => at - (world.attempts[index] ?? 0))
    // A try takes up to a moment longer, because a message has to be there.
    expect(pauses.filter((pause) => pause < 200)).toEqual([])
    expect(pauses.at(-1)).toBeGreaterThanOrEqual(15_000)
    expect(world.attempts.length).toBeLessThan(10)
  })

  it('goes on as on AWS while the function only throttles', async () => {
    const rig = lostFunction({ reason: 'throttled', look: () => 'answers' })
    rig.world.isThere = false
    await rig.create(rig.queue.arn, { BatchSize: 1 })
    rig.send()
    await rig.time.pass(60_000)
    expect(rig.queue.deadLetters()).toHaveLength(5)
  })

  it('hands back at once what it holds when it is disabled meanwhile', async () => {
    const rig = lostFunction({})
    const { uuid, parameters } = await rig.create(rig.queue.arn, { BatchSize: 1 })
    await rig.time.pass(1_000)
    rig.world.isThere = false
    rig.send()
    await rig.time.pass(1_000)
    expect(rig.queue.sizes().hidden).toBeGreaterThan(0)
    await rig.registry.update(uuid, { parameters: { ...parameters, Enabled: false } })
    await rig.time.pass(1_600)
    expect(rig.registry.get(uuid)?.state).toBe('Disabled')
    expect(rig.queue.sizes().hidden).toBe(0)
  })
})

describe('a queue whose function listens nowhere', () => {
  let stack: QueueStack

  beforeEach(async () => {
    stack = await startQueueStack()
  })

  afterEach(() => stack.stop())

  it('keeps its message unreceived until the function is started (a container of the config)', async () => {
    const port = await freePort()
    const url = `http://127.0.0.1:${port}/2015-03-31/functions/function/invocations`
    stack.queue('q', { VisibilityTimeout: '1' })
    stack.queues.sendMessage('q', 'one')
    const mapping = { EventSourceArn: queueArn('q'), FunctionName: 'audit' }
    const millrace = await stack.start({
      aws: { region: 'us-east-1', account: '000000000000', endpoints: stack.endpoints },
      functions: { audit: { url, timeout: 1 } },
      mappings: [mapping],
    })
    let uuid = ''
    await until(async () => {
      const shown = (await (await fetch(`${millrace.endpoint}/_millrace/mappings`)).json()) as {
        readonly mappings: readonly {
          readonly uuid: string
          readonly flows: readonly { readonly outage: string | null }[]
        }[]
      }
      uuid = shown.mappings[0]?.uuid ?? ''
      return shown.mappings[0]?.flows[0]?.outage === 'unreachable'
    }, 'the outage is known')
    const why = await (await fetch(`${millrace.endpoint}/_millrace/why/${uuid}`)).text()
    expect(why).toContain(`Nothing answers at ${url} for the function audit`)
    expect(why).toContain('Nothing more is received until it can be invoked.')
    const audit = await startFunctionServer({ dialect: 'rie', port })
    try {
      await audit.untilInvoked(1)
      const [invocation] = audit.invocations
      expect(eventOf(invocation?.payload ?? '').Records[0]?.attributes['ApproximateReceiveCount']).toBe('1')
      await until(() => stack.left('q') === 0, 'it is deleted')
    } finally {
      await audit.close()
    }
  })
})
