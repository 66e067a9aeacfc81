import { copyFileSync, mkdtempSync, renameSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { CreateEventSourceMappingCommand, ListEventSourceMappingsCommand } from '@aws-sdk/client-lambda'
import { SendMessageCommand } from '@aws-sdk/client-sqs'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { queueArn, startQueueStack, type Millrace, type QueueStack } from '../integration/queue-stack.ts'
import { until } from '../../support/until.ts'
import { metric } from './rig.ts'

let root = ''
let folder = ''
let stack: QueueStack

beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), 'millrace-unwritable-'))
  folder = join(root, 'data')
  stack = await startQueueStack({ functions: { orders: { timeoutS: 1 }, invoices: { timeoutS: 1 } } })
  stack.queue('orders')
})
afterEach(async () => {
  await stack.stop()
  rmSync(root, { recursive: true, force: true })
})

const start = (): Promise<Millrace> => stack.start({ store: `sqlite:${join(folder, 'millrace.db')}` })

function create(millrace: Millrace, FunctionName: string) {
  return millrace.lambda.send(new CreateEventSourceMappingCommand({ EventSourceArn: queueArn('orders'), FunctionName }))
}

async function read(millrace: Millrace, path: string): Promise<{ readonly status: number; readonly text: string }> {
  const response = await fetch(`${millrace.endpoint}${path}`)
  return { status: response.status, text: await response.text() }
}

async function names(millrace: Millrace): Promise<readonly string[]> {
  const { EventSourceMappings = [] } = await millrace.lambda.send(new ListEventSourceMappingsCommand({}))
  return EventSourceMappings.map(({ FunctionArn = '' }) => FunctionArn.split(':').at(-1) ?? '')
}

const losses = {
  'whose directory was removed': () => {
    renameSync(folder, `${folder}-away`)
    return () => renameSync(`${folder}-away`, folder)
  },
  'whose file was moved': () => {
    renameSync(join(folder, 'millrace.db'), join(root, 'away.db'))
    return () => renameSync(join(root, 'away.db'), join(folder, 'millrace.db'))
  },
  'whose file was replaced': () => {
    renameSync(join(folder, 'millrace.db'), join(root, 'away.db'))
    copyFileSync(join(root, 'away.db'), join(folder, 'millrace.db'))
    return () => renameSync(join(root, 'away.db'), join(folder, 'millrace.db'))
  },
} as const

describe.each(Object.entries(losses))('a store %s', (_, lose) => {
  it('refuses what would be lost, is named by readiness, health, why and a gauge, and recovers', async () => {
    const millrace = await start()
    const { UUID = '' } = await create(millrace, 'orders')
    await until(async () => (await read(millrace, `/_millrace/mappings/${UUID}`)).text.includes('"Enabled"'), 'Enabled')
    const giveBack = lose()
    await expect(create(millrace, 'invoices')).rejects.toMatchObject({
      name: 'ServiceException',
      message: expect.stringMatching(/^Nothing was changed: The store .*millrace\.db cannot be written: /) as string,
    })
    expect(await names(millrace)).toEqual(['orders'])

    const problem = `The store ${join(folder, 'millrace.db')} cannot be written: `
    const readiness = await read(millrace, '/readyz')
    expect(readiness.status).toBe(503)
    expect(JSON.parse(readiness.text)).toEqual({ ready: false, reasons: ['the store cannot be written'] })
    expect(JSON.parse((await read(millrace, '/_millrace/health')).text)).toMatchObject({
      ready: false,
      storeHealth: { trouble: expect.stringContaining(problem) as string },
    })
    const why = JSON.parse((await read(millrace, `/_millrace/why/${UUID}`)).text) as { readonly answer: string }
    expect(why.answer).toContain(problem)
    // The process is alive, and a queue keeps its own positions: it is served on.
    expect((await read(millrace, '/healthz')).status).toBe(200)
    const QueueUrl = stack.queues.inspectQueue('orders')?.url
    await stack.sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: 'one' }))
    await until(() => stack.functions.invocations.length === 1 && stack.left('orders') === 0, 'it is delivered')

    const age = await metric(millrace, 'millrace_store_since_write_seconds')
    await until(
      async () => (await metric(millrace, 'millrace_store_since_write_seconds')) > age,
      'the gauge counts the time without a write',
    )
    giveBack()
    await create(millrace, 'invoices')
    expect((await read(millrace, '/readyz')).status).toBe(200)
    expect(await metric(millrace, 'millrace_store_since_write_seconds')).toBeLessThan(5)
    await millrace.stop()
    expect([...(await names(await start()))].sort()).toEqual(['invoices', 'orders'])
  })
})
