import { afterEach, expect, it } from 'vitest'
import { startDynamoStreamServer } from '../../support/dynamodb-stream-server.ts'
import { ordersArn, startStack, type Stack } from './stack.ts'
import { until } from '../../support/until.ts'

let stack: Stack

afterEach(async ({ task }) => {
  await stack.stop(task.result?.state)
})

interface Listing {
  readonly EventSourceMappings: readonly {
    readonly UUID: string
    readonly State: string
    readonly EventSourceArn: string
  }[]
}

async function mappings(): Promise<Listing['EventSourceMappings']> {
  const response = await fetch(`${stack.endpoint}/2015-03-31/event-source-mappings`)
  return ((await response.json()) as Listing).EventSourceMappings
}

// proves: sqs.success-deletes
it('kill -9 in the middle of a backlog loses nothing: each message is in the function at least once', async () => {
  stack = await startStack({ mode: 'answer', visibilitySeconds: 2 })
  const sent = Array.from({ length: 200 }, (_, n) => `message-${n}`)
  for (const body of sent) stack.queues.sendMessage('orders', body)
  const first = await stack.start()
  await until(() => stack.target.answered().length >= 20, 'some are through')
  first.signal('SIGKILL')
  expect(await first.exited).toBeNull()

  await stack.start()
  await until(() => stack.left() === 0, 'the queue is empty')
  expect(new Set(stack.target.answered())).toEqual(new Set(sent))
})

// proves: stream.checkpoint
it('kill -9 in the middle of a stream only repeats records: none is lost, and what was written down does not come again', async () => {
  const tables = await startDynamoStreamServer()
  try {
    const arn = tables.createTable('orders')
    stack = await startStack({
      mode: 'answer',
      source: { endpoint: tables.endpoint, arn, parameters: ['StartingPosition: TRIM_HORIZON'] },
    })
    const sent = Array.from({ length: 400 }, (_, n) => `item-${n}`)
    for (const id of sent) tables.put('orders', id)
    const first = await stack.start()
    await until(() => stack.target.answered().length >= 100, 'some are through')
    first.signal('SIGKILL')
    expect(await first.exited).toBeNull()
    const before = stack.target.answered().length

    for (const id of ['late-1', 'late-2']) tables.put('orders', id)
    await stack.start()
    await until(() => stack.target.answered().at(-1) === 'late-2', 'the newest record')
    const after = stack.target.answered().slice(before)
    const all = [...sent, 'late-1', 'late-2']
    expect(new Set(stack.target.answered())).toEqual(new Set(all))
    expect(after).toEqual(all.slice(-after.length))
    expect(after.length).toBeLessThan(all.length)
  } finally {
    await tables.close()
  }
})

it('a message whose invocation was cut by kill -9 comes again', async () => {
  stack = await startStack({ mode: 'hold', visibilitySeconds: 2 })
  const first = await stack.start()
  stack.queues.sendMessage('orders', 'one')
  await until(() => stack.target.invocations.length === 1, 'the message is in the function')
  first.signal('SIGKILL')
  await first.exited

  await stack.start()
  await until(() => stack.target.invocations.length === 2, 'it is in the function again')
  stack.target.invocations[1]?.answer(null)
  await until(() => stack.left() === 0, 'it is deleted')
  expect(stack.target.invocations[1]?.bodies).toEqual(['one'])
})

// proves: state.restart
it('a mapping keeps its UUID and its state through kill -9', async () => {
  stack = await startStack({ mode: 'answer' })
  const first = await stack.start()
  await until(async () => (await mappings())[0]?.State === 'Enabled', 'the mapping is enabled')
  const [before] = await mappings()
  first.signal('SIGKILL')
  await first.exited

  await stack.start()
  await until(async () => (await mappings())[0]?.State === 'Enabled', 'the mapping is enabled again')
  expect(await mappings()).toMatchObject([{ UUID: before?.UUID, EventSourceArn: ordersArn }])
})

it('a second process on the same store file refuses to start and names the holder', async () => {
  stack = await startStack({ mode: 'answer' })
  const first = await stack.start()
  const second = stack.run(['--port', '0'])
  expect(await second.exited).not.toBe(0)
  expect(second.stderr() + second.stdout()).toContain(String(first.pid))
  expect(second.stderr() + second.stdout()).toContain('millrace.db')
  expect(first.child.exitCode).toBeNull()
})

// KCL#1718: what a process held is free after it died.
it('once the holder was killed, its store file is free', async () => {
  stack = await startStack({ mode: 'answer' })
  const first = await stack.start()
  first.signal('SIGKILL')
  await first.exited
  const second = await stack.start()
  second.signal('SIGTERM')
  expect(await second.exited).toBe(0)
})
