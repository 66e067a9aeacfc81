import {
  CreateEventSourceMappingCommand,
  DeleteEventSourceMappingCommand,
  GetEventSourceMappingCommand,
  ListEventSourceMappingsCommand,
  ListTagsCommand,
  UpdateEventSourceMappingCommand,
  type CreateEventSourceMappingCommandInput,
} from '@aws-sdk/client-lambda'
import { afterEach, describe, expect, it } from 'vitest'
import { ok } from '../../support/functions/behaviour.ts'
import { bodiesOf, eventOf, queueArn, startQueueStack, type Millrace, type QueueStack } from './queue-stack.ts'
import { until } from '../../support/until.ts'
import { startTappedProxy } from './tapped-proxy.ts'

const open: QueueStack[] = []
async function stackOf() {
  const stack = await startQueueStack({ functions: { orders: { timeoutS: 1 }, invoices: { timeoutS: 1 } } })
  open.push(stack)
  const millrace = await stack.start()
  return { ...stack, millrace, ...client(millrace) }
}

function client({ lambda }: Millrace) {
  return {
    create: (queue: string, more: Partial<CreateEventSourceMappingCommandInput> = {}) =>
      lambda.send(
        new CreateEventSourceMappingCommand({ EventSourceArn: queueArn(queue), FunctionName: 'orders', ...more }),
      ),
    get: (UUID: string | undefined) => lambda.send(new GetEventSourceMappingCommand({ UUID })),
    update: (UUID: string | undefined, more: object) =>
      lambda.send(new UpdateEventSourceMappingCommand({ UUID, ...more })),
    remove: (UUID: string | undefined) => lambda.send(new DeleteEventSourceMappingCommand({ UUID })),
    untilState: (UUID: string | undefined, state: string) =>
      until(async () => {
        const found = await lambda.send(new GetEventSourceMappingCommand({ UUID }))
        return found.State === state
      }, `the state ${state}`),
  }
}

afterEach(async () => {
  await Promise.all(open.splice(0).map((stack) => stack.stop()))
})

describe('mappings by the Lambda API', () => {
  // proves: api.operations, state.create, state.delete
  it('live from Creating to a 404, as AWS shows them', async () => {
    const { queue, create, get, update, remove, untilState, queues, functions } = await stackOf()
    queue('q')
    const created = await create('q')
    expect(created).toMatchObject({
      State: 'Creating',
      StateTransitionReason: 'USER_INITIATED',
      BatchSize: 10,
      MaximumBatchingWindowInSeconds: 0,
      FunctionResponseTypes: [],
    })
    await untilState(created.UUID, 'Enabled')
    queues.sendMessage('q', 'one')
    await functions.untilInvoked(1)
    expect((await update(created.UUID, { BatchSize: 5 })).State).toBe('Updating')
    await untilState(created.UUID, 'Enabled')
    expect((await get(created.UUID)).BatchSize).toBe(5)
    expect((await update(created.UUID, { Enabled: false })).State).toBe('Disabling')
    await untilState(created.UUID, 'Disabled')
    expect((await update(created.UUID, { Enabled: true })).State).toBe('Enabling')
    await untilState(created.UUID, 'Enabled')
    expect((await remove(created.UUID)).State).toBe('Deleting')
    await until(
      () =>
        get(created.UUID).then(
          () => false,
          (error: Error) => error.name === 'ResourceNotFoundException',
        ),
      'the mapping is gone',
    )
  })

  // proves: unique.key
  it('refuse a second one of the same source and function (LocalStack#9219)', async () => {
    const { queue, create } = await stackOf()
    queue('q')
    const { UUID } = await create('q')
    await expect(create('q')).rejects.toMatchObject({
      name: 'ResourceConflictException',
      message: expect.stringContaining(`UUID ${UUID}`) as string,
    })
    await expect(create('q', { FunctionName: 'orders:live' })).resolves.toMatchObject({ State: 'Creating' })
  })

  // proves: error.source-missing
  it('refuse a queue that does not exist', async () => {
    const { create } = await stackOf()
    await expect(create('nowhere')).rejects.toMatchObject({ name: 'InvalidParameterValueException' })
  })

  // proves: param.enabled, metric.disabled
  it('send no request to the source ever again once disabled or deleted', async () => {
    const { queue, queues, start, endpoints } = await stackOf()
    const proxy = await startTappedProxy(endpoints.sqs)
    try {
      const aws = { region: 'us-east-1', account: '000000000000', endpoints: { ...endpoints, sqs: proxy.url } }
      const millrace = await start({ aws })
      const { create, update, remove, untilState } = client(millrace)
      queue('q')
      const { UUID } = await create('q')
      await untilState(UUID, 'Enabled')
      await update(UUID, { Enabled: false })
      await untilState(UUID, 'Disabled')
      const { bytes } = proxy
      const counted = async () => {
        const text = await (await fetch(`${millrace.endpoint}/metrics`)).text()
        return text.split('\n').filter((line) => /^millrace_\w+_events_total\{/.test(line))
      }
      const before = await counted()
      const lookAround = async () => {
        for (let round = 0; round < 50; round++) await (await fetch(`${millrace.endpoint}/_millrace/health`)).text()
      }
      queues.sendMessage('q', 'unseen')
      await lookAround()
      expect(before.length).toBeGreaterThan(5)
      expect(await counted()).toEqual(before)
      await remove(UUID)
      await lookAround()
      expect(proxy.bytes).toBe(bytes)
    } finally {
      proxy.close()
    }
  })

  // proves: state.disable-finishes
  it('finish what is in flight before they are disabled', async () => {
    const { queue, create, update, untilState, queues, functions, get, left } = await stackOf()
    queue('q')
    const gate = Promise.withResolvers<void>()
    functions.behave(async () => {
      await gate.promise
      return ok()
    })
    const { UUID } = await create('q')
    await untilState(UUID, 'Enabled')
    queues.sendMessage('q', 'one')
    await functions.untilInvoked(1)
    await update(UUID, { Enabled: false })
    expect((await get(UUID)).State).toBe('Disabling')
    gate.resolve()
    await untilState(UUID, 'Disabled')
    expect(left('q')).toBe(0)
  })

  // proves: state.update-in-effect
  it('take effect at once when updated: batch size and function (LocalStack#5982)', async () => {
    const { queue, create, update, untilState, queues, functions, left } = await stackOf()
    queue('q')
    const { UUID } = await create('q', { BatchSize: 1 })
    await untilState(UUID, 'Enabled')
    queues.sendMessage('q', 'one')
    await until(() => functions.invocations.length === 1 && left('q') === 0, 'the first')
    await update(UUID, { FunctionName: 'invoices', BatchSize: 4 })
    await untilState(UUID, 'Enabled')
    for (let index = 0; index < 4; index++) queues.sendMessage('q', `m${index}`)
    await until(() => left('q') === 0, 'all is deleted')
    const later = functions.invocations.slice(1)
    expect(new Set(later.map(({ functionName }) => functionName))).toEqual(new Set(['invoices']))
    expect(bodiesOf(later).toSorted()).toEqual(['m0', 'm1', 'm2', 'm3'])
  })

  it('send off what an open window holds when the window is taken away (floci PR 3203)', async () => {
    const { queue, create, update, untilState, queues, functions } = await stackOf()
    queue('q')
    const { UUID } = await create('q', { BatchSize: 100, MaximumBatchingWindowInSeconds: 300 })
    await untilState(UUID, 'Enabled')
    queues.sendMessage('q', 'one')
    await until(() => queues.inspectQueue('q')?.messages.inflight.length === 1, 'it is received')
    await update(UUID, { BatchSize: 10, MaximumBatchingWindowInSeconds: 0 })
    await functions.untilInvoked(1)
    expect(bodiesOf(functions.invocations)).toEqual(['one'])
  })

  it('show what they do, and why nothing runs', async () => {
    const { queue, create, untilState, queues, functions, millrace, left } = await stackOf()
    queue('q')
    const { UUID } = await create('q')
    await untilState(UUID, 'Enabled')
    queues.sendMessage('q', 'one')
    await until(() => functions.invocations.length === 1 && left('q') === 0, 'it is delivered')
    const status = (await (await fetch(`${millrace.endpoint}/_millrace/mappings/${UUID}`)).json()) as {
      readonly state: string
      readonly flows: readonly { readonly flow: string; readonly phase: string }[]
    }
    expect(status).toMatchObject({ state: 'Enabled', flows: [{ flow: 'queue', phase: 'running' }] })
    const metrics = await (await fetch(`${millrace.endpoint}/metrics`)).text()
    expect(metrics).toMatch(new RegExp(`millrace_\\w*polled\\w*\\{[^}]*${UUID}[^}]*\\} 1\\b`))
    expect(metrics).toMatch(new RegExp(`millrace_\\w*deleted\\w*\\{[^}]*${UUID}[^}]*\\} 1\\b`))
  })

  it('carry tags, and are listed', async () => {
    const { queue, create, millrace } = await stackOf()
    queue('q')
    const created = await create('q', { Tags: { team: 'a' } })
    const tags = await millrace.lambda.send(new ListTagsCommand({ Resource: created.EventSourceMappingArn }))
    expect(tags.Tags).toEqual({ team: 'a' })
    const listed = await millrace.lambda.send(new ListEventSourceMappingsCommand({ EventSourceArn: queueArn('q') }))
    expect(listed.EventSourceMappings?.map(({ UUID }) => UUID)).toEqual([created.UUID])
  })

  // proves: param.function-name
  it('invoke functions by their qualifier', async () => {
    const { queue, create, untilState, queues, functions } = await stackOf()
    queue('q')
    const { UUID } = await create('q', { FunctionName: 'orders:live' })
    await untilState(UUID, 'Enabled')
    queues.sendMessage('q', 'one')
    await functions.untilInvoked(1)
    const [invocation] = functions.invocations
    expect(`${invocation?.functionName} ${invocation?.qualifier}`).toMatch(/orders(:live)? (live|undefined)/)
    expect(eventOf(invocation?.payload ?? '').Records).toHaveLength(1)
  })
})
