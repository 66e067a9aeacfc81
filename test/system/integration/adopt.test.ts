import { ListEventSourceMappingsCommand, DeleteEventSourceMappingCommand } from '@aws-sdk/client-lambda'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import type { MillraceOptions } from '../../../src/service.ts'
import { createUpstreamLambda, serveUpstreamLambda } from '../../support/upstream-lambda.ts'
import { bodiesOf, queueArn, startQueueStack, type Millrace } from './queue-stack.ts'
import { until } from '../../support/until.ts'

const uuid = '7f0c4a52-3a0c-4c5e-9a0e-0d4b7e1f2a3b'
const cleanups: (() => Promise<void>)[] = []

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup()
})

/** A stack that has made a mapping of queue q and function orders, and Millrace's settings to stand beside it. */
async function stackWithMapping() {
  const stack = await startQueueStack()
  const lambda = createUpstreamLambda(Date.now())
  const served = await serveUpstreamLambda(lambda, stack.functions.url)
  const folder = await mkdtemp(join(tmpdir(), 'adopt-'))
  cleanups.push(() => rm(folder, { recursive: true }), served.close, stack.stop)
  stack.queue('q')
  lambda.put(uuid, {
    EventSourceArn: queueArn('q'),
    FunctionArn: 'arn:aws:lambda:us-east-1:000000000000:function:orders',
    BatchSize: 10,
  })
  const start = (more: MillraceOptions) =>
    stack.start({
      aws: {
        region: 'us-east-1',
        account: '000000000000',
        endpoints: { sqs: stack.endpoints.sqs, lambda: served.url },
      },
      ...more,
    })
  return { ...stack, lambda, start, store: `sqlite:${join(folder, 'store.db')}` }
}

async function shown({ lambda }: Millrace) {
  const { EventSourceMappings: found } = await lambda.send(new ListEventSourceMappingsCommand({}))
  return found ?? []
}

const untilState = (millrace: Millrace, state: string) =>
  until(async () => (await shown(millrace))[0]?.State === state, `the state ${state}`)

describe('mappings that a stack created at the endpoint', () => {
  it('are disabled there, run here, follow the stack, and go back', async () => {
    const { start, store, lambda, queues, functions } = await stackWithMapping()
    const first = await start({ adopt: 'on', store })
    await untilState(first, 'Enabled')
    expect(lambda.get(uuid)?.['State']).toBe('Disabled')
    expect(await shown(first)).toMatchObject([{ UUID: uuid, BatchSize: 10, EventSourceArn: queueArn('q') }])
    queues.sendMessage('q', 'one')
    await functions.untilInvoked(1)
    expect(bodiesOf(functions.invocations)).toEqual(['one'])

    lambda.put(uuid, { BatchSize: 1 })
    await until(async () => (await shown(first))[0]?.BatchSize === 1, 'the change of the stack')
    await first.stop()
    expect(lambda.get(uuid)?.['State']).toBe('Disabled')

    const second = await start({ adopt: 'undo', store })
    await until(() => lambda.get(uuid)?.['State'] === 'Enabled', 'the upstream polls again')
    await until(async () => (await shown(second)).length === 0, 'it is forgotten here')
    queues.sendMessage('q', 'two')
    expect(functions.invocations).toHaveLength(1)
  })

  it('are deleted there when they are deleted here', async () => {
    const { start, store, lambda } = await stackWithMapping()
    const millrace = await start({ adopt: 'on', store })
    await untilState(millrace, 'Enabled')
    await millrace.lambda.send(new DeleteEventSourceMappingCommand({ UUID: uuid }))
    await until(async () => (await shown(millrace)).length === 0, 'it is gone here')
    await until(() => lambda.get(uuid) === undefined, 'it is gone upstream')
    expect(lambda.orders.at(-1)).toBe(`delete ${uuid}`)
  })

  it('are given back at a stop when the store is memory', async () => {
    const { start, lambda } = await stackWithMapping()
    const millrace = await start({ adopt: 'on', store: 'memory:' })
    await untilState(millrace, 'Enabled')
    await millrace.stop()
    expect(lambda.orders).toEqual([`update ${uuid} {"Enabled":false}`, `update ${uuid} {"Enabled":true}`])
  })

  it('stay the upstream’s without --adopt', async () => {
    const { start, store, lambda } = await stackWithMapping()
    const millrace = await start({ store })
    expect(await shown(millrace)).toEqual([])
    expect(lambda.lists).toBe(0)
  })
})
