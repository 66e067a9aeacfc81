import { afterAll, beforeAll, expect, it } from 'vitest'
import { runMillrace } from './built-file.ts'
import { ordersArn, startStack, type Stack } from './stack.ts'
import { until } from '../../support/until.ts'

// The commands against a Millrace that runs, all in one life of a mapping.

let stack: Stack

beforeAll(async () => {
  stack = await startStack({ mode: 'answer' })
  await stack.start()
})

afterAll(async () => {
  await stack.stop()
})

async function millrace(...args: readonly string[]) {
  const command = runMillrace(args, { cwd: stack.folder, env: { MILLRACE_ENDPOINT: stack.endpoint } })
  const code = await command.exited
  return { code, out: command.stdout(), err: command.stderr() }
}

interface Mapping {
  readonly UUID: string
  readonly State: string
  readonly BatchSize: number
}

async function only(): Promise<Mapping> {
  const { out } = await millrace('mappings', 'list', '--json')
  const { EventSourceMappings } = JSON.parse(out) as { readonly EventSourceMappings: readonly Mapping[] }
  const [mapping] = EventSourceMappings
  if (mapping === undefined || EventSourceMappings.length > 1) throw new Error(`not one mapping: ${out}`)
  return mapping
}

it('mappings list shows the mapping of the file as a table', async () => {
  await until(async () => (await only()).State === 'Enabled', 'the mapping is enabled')
  const { out, code } = await millrace('mappings', 'list')
  expect(out).toMatch(/^UUID +STATE +SOURCE +FUNCTION +BATCH\n/)
  expect(out).toContain(ordersArn)
  expect(code).toBe(0)
})

it('status and why say that all is well', async () => {
  const { UUID } = await only()
  expect((await millrace('status')).out).toContain('sqs:orders')
  await until(
    async () => (await millrace('why', UUID)).out.includes('Nothing is wrong'),
    'why says that nothing is wrong',
  )
})

it('why explains all mappings, those of a queue or function, and says what there is instead of a wrong name', async () => {
  const { UUID } = await only()
  const [all, ofQueue, ofFunction] = await Promise.all([
    millrace('why'),
    millrace('why', 'orders'),
    millrace('why', 'arn:aws:lambda:us-east-1:000000000000:function:orders'),
  ])
  for (const { out, code } of [all, ofQueue, ofFunction]) {
    expect(out).toContain('Nothing is wrong')
    expect(code).toBe(0)
  }
  const json = JSON.parse((await millrace('why', '--json')).out) as { readonly explanations: readonly object[] }
  expect(json.explanations).toMatchObject([{ uuid: UUID, cause: 'nothing-wrong' }])
  const wrong = await millrace('why', 'ordres')
  expect(wrong.err).toContain('There are: queue orders to function orders.')
  expect(wrong.code).toBe(1)
})

it('update disables and enables, get shows it, delete removes', async () => {
  const { UUID } = await only()
  expect((await millrace('mappings', 'update', UUID, '--no-enabled', '--batch-size', '5')).code).toBe(0)
  await until(async () => (await only()).State === 'Disabled', 'the mapping is disabled')
  expect((await millrace('why', UUID)).out).toContain('--enabled')

  expect((await millrace('mappings', 'update', UUID, '--enabled')).code).toBe(0)
  await until(async () => (await only()).State === 'Enabled', 'the mapping is enabled')
  const got = JSON.parse((await millrace('mappings', 'get', UUID)).out) as Mapping
  expect(got).toMatchObject({ UUID, BatchSize: 5 })

  expect((await millrace('mappings', 'delete', UUID)).code).toBe(0)
  await until(async () => (await millrace('mappings', 'list')).out === 'No mappings.\n', 'the mapping is gone')
})

it('create makes one, and a second of the same key is refused in the words of AWS', async () => {
  const create = ['mappings', 'create', '--event-source-arn', ordersArn, '--function-name', 'orders']
  const made = await millrace(...create, '--batch-size', '3')
  expect(made.err).toBe('')
  expect(JSON.parse(made.out)).toMatchObject({ EventSourceArn: ordersArn, BatchSize: 3 })
  const again = await millrace(...create)
  expect(again.err).toContain('ResourceConflictException')
  expect(again.code).toBe(1)
})

it('a mapping that does not exist is said to be unknown', async () => {
  const { code, err } = await millrace('mappings', 'get', '00000000-0000-4000-8000-000000000000')
  expect(err).toContain('ResourceNotFoundException')
  expect(code).toBe(1)
})

it('doctor sees what a start would: the port that is taken, the queue service, the function and the mapping', async () => {
  const { code, out } = await millrace('doctor', '--config', 'millrace.yaml')
  expect(out.match(/^BAD.*$/gm)).toEqual([
    expect.stringMatching(
      /^BAD {2}port \d+: Cannot listen on .* another process listens there\. .* It is a Millrace\.$/,
    ),
  ])
  expect(out).toMatch(/ok {3}function orders: .* answers/)
  expect(out).toContain(`source: ${ordersArn} is there`)
  expect(code).toBe(1)
  const free = await millrace('doctor', '--config', 'millrace.yaml', '--port', '0', '--json')
  expect(JSON.parse(free.out)).toMatchObject({ ok: true, findings: expect.arrayContaining([]) as unknown })
  expect(free.code).toBe(0)
})

it('doctor names an endpoint that nobody listens on, and fails', async () => {
  const { code, out } = await millrace('doctor', '--port', '0', '--aws-endpoint', 'http://127.0.0.1:9')
  expect(out).toContain('BAD  endpoint: http://127.0.0.1:9 cannot be reached (connect ECONNREFUSED 127.0.0.1:9)')
  expect(code).toBe(1)
})
