import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import {
  CreateEventSourceMappingCommand,
  DeleteEventSourceMappingCommand,
  GetEventSourceMappingCommand,
  LambdaClient,
  UpdateEventSourceMappingCommand,
} from '@aws-sdk/client-lambda'
import { SendMessageCommand } from '@aws-sdk/client-sqs'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { embeddedSettings } from '../../../src/config/embedded-settings.ts'
import { checkPattern, startMillrace } from '../../../src/service.ts'
import { account, queueArn, startQueueStack, type Millrace, type QueueStack } from '../integration/queue-stack.ts'
import { until } from '../../support/until.ts'
import { metric } from './rig.ts'

let folder = ''
let stack: QueueStack
let lines: string[] = []

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-aside-'))
  lines = []
  stack = await startQueueStack({ functions: { orders: { timeoutS: 1 }, invoices: { timeoutS: 1 } } })
  stack.queue('orders')
  stack.queue('invoices')
})
afterEach(async () => {
  for (const millrace of started.splice(0)) {
    millrace.lambda.destroy()
    await millrace.stop()
  }
  await stack.stop()
  rmSync(folder, { recursive: true, force: true })
})

const path = (): string => join(folder, 'millrace.db')
const started: Millrace[] = []

/** As the stack starts it, with a log to read. */
async function start(more: object = {}): Promise<Millrace> {
  const aws = { region: 'us-east-1', account, endpoints: stack.endpoints }
  const options = { aws, store: `sqlite:${path()}`, logLevel: 'info' as const, shutdownGraceMs: 2_000, ...more }
  const settings = embeddedSettings(options, process.env, checkPattern)
  const handle = await startMillrace({ settings, logTo: { write: (line) => void lines.push(line) } })
  const credentials = { accessKeyId: 'test', secretAccessKey: 'test' }
  const lambda = new LambdaClient({ endpoint: handle.endpoint, region: 'us-east-1', credentials, maxAttempts: 1 })
  const millrace = { ...handle, lambda }
  started.push(millrace)
  return millrace
}

/** Two mappings, and the row of the first one damaged while nothing runs. */
async function damagedFirst(sql: (uuid: string) => string): Promise<string> {
  const millrace = await start()
  const uuids: string[] = []
  for (const name of ['orders', 'invoices']) {
    const made = await millrace.lambda.send(
      new CreateEventSourceMappingCommand({ EventSourceArn: queueArn(name), FunctionName: name, BatchSize: 7 }),
    )
    uuids.push(made.UUID ?? '')
  }
  await millrace.stop()
  const [uuid = ''] = uuids
  const db = new DatabaseSync(path())
  db.exec(sql(uuid))
  db.close()
  lines = []
  return uuid
}

async function json(millrace: Millrace, at: string): Promise<unknown> {
  return await (await fetch(`${millrace.endpoint}${at}`)).json()
}

describe('a mapping of which the store has a damaged row', () => {
  it('is set aside and shown as such, and the others run', async () => {
    const uuid = await damagedFirst((key) => `UPDATE mapping SET document = '{torn' WHERE uuid = '${key}'`)
    const millrace = await start()
    for (const name of ['orders', 'invoices']) {
      const QueueUrl = stack.queues.inspectQueue(name)?.url
      await stack.sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: name }))
    }
    await until(() => stack.left('invoices') === 0, 'the other mapping delivers')
    expect(stack.functions.invocations.map(({ functionName }) => functionName)).toEqual(['invoices'])
    expect(stack.left('orders')).toBe(1)

    const message = expect.stringMatching(
      new RegExp(
        `^The mapping ${uuid} \\(arn:aws:sqs:us-east-1:${account}:orders to .*:function:orders\\) of the store ${path()} is set aside .*table mapping`,
      ),
    ) as string
    expect(lines.map((line) => JSON.parse(line) as object)).toContainEqual(
      expect.objectContaining({ level: 'error', mapping: uuid, msg: message }),
    )
    const shown = {
      uuid,
      state: 'SetAside',
      source: queueArn('orders'),
      pauseReasons: ['damaged'],
      lastError: { message },
    }
    expect(await json(millrace, `/_millrace/mappings/${uuid}`)).toMatchObject(shown)
    const all = (await json(millrace, '/_millrace/mappings')) as {
      readonly mappings: readonly { readonly state: string }[]
    }
    expect(all.mappings.map(({ state }) => state).sort()).toEqual(['Enabled', 'SetAside'])
    expect(await json(millrace, `/_millrace/why/${uuid}`)).toMatchObject({
      uuid,
      cause: 'set-aside',
      answer: message,
      sentences: [message],
    })
    expect(await json(millrace, '/_millrace/health')).toMatchObject({
      ready: true,
      storeHealth: { damaged: [message] },
    })
    expect(await metric(millrace, 'millrace_store_damaged_mappings')).toBe(1)
    expect(await millrace.lambda.send(new GetEventSourceMappingCommand({ UUID: uuid }))).toMatchObject({
      State: 'Disabled',
      StateTransitionReason: message,
    })
  })

  it('is not changed and not made a second time, and is gone when it is deleted', async () => {
    const uuid = await damagedFirst((key) => `UPDATE mapping SET document = '{torn' WHERE uuid = '${key}'`)
    const millrace = await start()
    const update = new UpdateEventSourceMappingCommand({ UUID: uuid, Enabled: true })
    await expect(millrace.lambda.send(update)).rejects.toMatchObject({ name: 'ResourceInUseException' })
    const again = new CreateEventSourceMappingCommand({ EventSourceArn: queueArn('orders'), FunctionName: 'orders' })
    await expect(millrace.lambda.send(again)).rejects.toMatchObject({ name: 'ResourceConflictException' })
    await millrace.lambda.send(new DeleteEventSourceMappingCommand({ UUID: uuid }))
    const { UUID } = await millrace.lambda.send(again)
    expect(UUID).not.toBe(uuid)
    const QueueUrl = stack.queues.inspectQueue('orders')?.url
    await stack.sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: 'one' }))
    await until(() => stack.left('orders') === 0, 'the new one delivers')
    expect(await metric(millrace, 'millrace_store_damaged_mappings')).toBe(0)
  })

  it('is not made anew because the file names it', async () => {
    const uuid = await damagedFirst((key) => `UPDATE mapping SET document = '{torn' WHERE uuid = '${key}'`)
    const mappings = [{ EventSourceArn: queueArn('orders'), FunctionName: 'orders', BatchSize: 3 }]
    const millrace = await start({ mappings })
    const all = (await json(millrace, '/_millrace/mappings')) as {
      readonly mappings: readonly { readonly uuid: string }[]
    }
    expect(all.mappings).toHaveLength(2)
    expect(all.mappings.map((mapping) => mapping.uuid)).toContain(uuid)
    expect(lines.some((line) => line.includes('could not be brought about') && line.includes(uuid))).toBe(true)
  })

  it('of which nothing but the UUID is left is shown by it', async () => {
    const uuid = await damagedFirst(
      (key) => `UPDATE mapping SET document = '{torn', source = NULL, function = NULL WHERE uuid = '${key}'`,
    )
    const millrace = await start()
    const shown = { uuid, state: 'SetAside', source: 'unknown', functionArn: 'unknown' }
    expect(await json(millrace, `/_millrace/mappings/${uuid}`)).toMatchObject(shown)
    expect(await json(millrace, '/_millrace/mappings')).toMatchObject({
      mappings: expect.arrayContaining([shown].map((one) => expect.objectContaining(one) as object)) as object,
    })
    expect(await json(millrace, `/_millrace/why/${uuid}`)).toMatchObject({
      uuid,
      answer: expect.stringContaining(`sqlite3 ${path()} "DELETE FROM mapping WHERE uuid = '${uuid}'"`) as string,
    })
  })

  it('of which the document is whole keeps its parameters', async () => {
    const uuid = await damagedFirst((key) => `UPDATE mapping SET flows = 3 WHERE uuid = '${key}'`)
    const millrace = await start()
    expect(await millrace.lambda.send(new GetEventSourceMappingCommand({ UUID: uuid }))).toMatchObject({
      State: 'Disabled',
      BatchSize: 7,
      StateTransitionReason: expect.stringContaining('3 of its 3 rows in table flow are missing') as string,
    })
  })
})

it('a store that was emptied is said at the start, in the log and in health', async () => {
  await damagedFirst(() => 'SELECT 1')
  rmSync(path())
  const millrace = await start()
  const text = `The store ${path()} is empty, but held 2 mappings`
  expect(lines.some((line) => line.includes('"level":"error"') && line.includes(text))).toBe(true)
  expect(JSON.stringify(await json(millrace, '/_millrace/health'))).toContain(text)
})
