import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  CreateEventSourceMappingCommand,
  DeleteEventSourceMappingCommand,
  GetEventSourceMappingCommand,
  ListEventSourceMappingsCommand,
} from '@aws-sdk/client-lambda'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { ok } from '../../support/functions/behaviour.ts'
import { bodiesOf, queueArn, startQueueStack, type QueueStack } from './queue-stack.ts'
import { until } from '../../support/until.ts'

let folder = ''
let stack: QueueStack

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'millrace-restart-'))
  stack = await startQueueStack({ functions: { orders: { timeoutS: 1 } } })
})

afterEach(async () => {
  await stack.stop()
  await rm(folder, { recursive: true, force: true })
})

const stored = () => ({ store: `sqlite:${join(folder, 'millrace.db')}` })
const create = (queue: string) =>
  new CreateEventSourceMappingCommand({ EventSourceArn: queueArn(queue), FunctionName: 'orders' })

describe('a restart', () => {
  it('resumes enabled mappings under their UUID, and polls them as what they are (floci#446, floci#543)', async () => {
    stack.queue('q')
    const first = await stack.start(stored())
    const { UUID } = await first.lambda.send(create('q'))
    await first.stop()
    stack.queues.sendMessage('q', 'while it was down')
    const second = await stack.start(stored())
    await stack.functions.untilInvoked(1)
    const found = await second.lambda.send(new GetEventSourceMappingCommand({ UUID }))
    expect(found.State).toBe('Enabled')
    expect(bodiesOf(stack.functions.invocations)).toEqual(['while it was down'])
  })

  it('runs a mapping that was deleted and made again, once (ministack#889)', async () => {
    stack.queue('q')
    const first = await stack.start(stored())
    const { UUID } = await first.lambda.send(create('q'))
    await until(async () => {
      const found = await first.lambda.send(new GetEventSourceMappingCommand({ UUID }))
      return found.State === 'Enabled'
    }, 'it is enabled')
    await first.lambda.send(new DeleteEventSourceMappingCommand({ UUID }))
    await until(
      async () => (await first.lambda.send(new ListEventSourceMappingsCommand({}))).EventSourceMappings?.length === 0,
      'it is gone',
    )
    const again = await first.lambda.send(create('q'))
    await first.stop()
    const second = await stack.start(stored())
    const listed = await second.lambda.send(new ListEventSourceMappingsCommand({}))
    expect(listed.EventSourceMappings?.map((each) => each.UUID)).toEqual([again.UUID])
    stack.queues.sendMessage('q', 'one')
    await until(() => stack.left('q') === 0, 'it is delivered')
    expect(stack.functions.invocations).toHaveLength(1)
  })

  it('reconciles the mappings of the file by source and function: one mapping, its UUID kept, named keys changed', async () => {
    stack.queue('q')
    const mapping = { EventSourceArn: queueArn('q'), FunctionName: 'orders' }
    const first = await stack.start({ ...stored(), mappings: [{ ...mapping, BatchSize: 3, Tags: { a: '1' } }] })
    const list = async (millrace: typeof first) =>
      (await millrace.lambda.send(new ListEventSourceMappingsCommand({}))).EventSourceMappings ?? []
    const [made] = await list(first)
    await first.stop()
    const second = await stack.start({
      ...stored(),
      mappings: [{ ...mapping, MaximumBatchingWindowInSeconds: 1 }],
    })
    await until(async () => (await list(second))[0]?.State === 'Enabled', 'it is enabled')
    const [kept, ...others] = await list(second)
    expect(others).toEqual([])
    expect(kept).toMatchObject({ UUID: made?.UUID, BatchSize: 3, MaximumBatchingWindowInSeconds: 1 })
  })

  it('keeps mappings that the file no longer names, unless it prunes; never those of the API', async () => {
    stack.queue('q')
    stack.queue('r')
    const first = await stack.start({
      ...stored(),
      mappings: [{ EventSourceArn: queueArn('q'), FunctionName: 'orders' }],
    })
    await first.lambda.send(create('r'))
    await first.stop()
    const second = await stack.start({ ...stored(), mappings: [] })
    const count = async (millrace: typeof first) =>
      (await millrace.lambda.send(new ListEventSourceMappingsCommand({}))).EventSourceMappings?.length
    expect(await count(second)).toBe(2)
    await second.stop()
    const third = await stack.start({ ...stored(), mappings: [], prune: true })
    await until(async () => (await count(third)) === 1, 'the file mapping is gone')
  })

  it('finishes the invocation that is out, hands back what waits, and loses nothing', async () => {
    stack.queue('q', { VisibilityTimeout: '30' })
    const gate = Promise.withResolvers<void>()
    stack.functions.behave(async () => {
      await gate.promise
      return ok()
    })
    const first = await stack.start({
      ...stored(),
      maxInvocations: 1,
      // Less than a run of the function may take: what waits is not started any more.
      shutdownGraceMs: 1_000,
      mappings: [{ EventSourceArn: queueArn('q'), FunctionName: 'orders', BatchSize: 1 }],
    })
    for (let index = 0; index < 5; index++) stack.queues.sendMessage('q', `m${index}`)
    await stack.functions.untilInvoked(1)
    const stopping = first.stop()
    const ready = await fetch(`${first.endpoint}/readyz`)
    expect(ready.status).toBe(503)
    gate.resolve()
    await stopping
    expect(stack.left('q')).toBe(4)
    await until(() => stack.queues.inspectQueue('q')?.messages.ready.length === 4, 'they are visible again')
    await stack.start(stored())
    await until(() => stack.left('q') === 0, 'the rest is delivered')
    expect(bodiesOf(stack.functions.invocations).toSorted()).toEqual(['m0', 'm1', 'm2', 'm3', 'm4'])
  })

  it('cuts off an invocation that outlasts the grace time, and does not acknowledge it', async () => {
    stack.queue('q', { VisibilityTimeout: '30' })
    stack.functions.behave(() => ({ kind: 'hang' }))
    const millrace = await stack.start({
      shutdownGraceMs: 100,
      mappings: [{ EventSourceArn: queueArn('q'), FunctionName: 'orders' }],
    })
    stack.queues.sendMessage('q', 'one')
    await stack.functions.untilInvoked(1)
    await millrace.stop()
    await millrace.closed
    expect(stack.left('q')).toBe(1)
  })

  it('refuses a port that is taken, and lets go of its store', async () => {
    const first = await stack.start()
    const port = Number(new URL(first.endpoint).port)
    await expect(stack.start({ ...stored(), port })).rejects.toThrow(/EADDRINUSE|in use/)
    const second = await stack.start(stored())
    expect(second.endpoint).not.toBe(first.endpoint)
  })

  it('refuses a store that another process holds', async () => {
    await stack.start(stored())
    await expect(stack.start(stored())).rejects.toThrow(/hold|lock|another|process/i)
  })
})
