import { expect, it } from 'vitest'
import type { FunctionSettings } from '../../../src/model/settings.ts'
import type { InvokeResult } from '../../../src/ports.ts'
import { answered, createApiWorld, hostedFunction } from '../../support/api.ts'

const world = (functions: readonly FunctionSettings[] = []) => {
  let nowMs = 0
  const clock = {
    wallMs: () => 0,
    monoMs: () => (nowMs += 1),
    uuid: () => 'uuid',
    timer: (_: number, callback: () => void) => {
      const immediate = setImmediate(callback)
      return () => clearImmediate(immediate)
    },
  }
  return createApiWorld({ functions, deps: { clock } })
}

it('without mappings nothing is left', async () => {
  const { api } = world()
  const response = await api.inject({ url: '/_millrace/idle' })
  expect(response.statusCode).toBe(200)
  expect(response.json()).toMatchObject({ idle: true, mappings: 0, reasons: [] })
})

it('what does not run is a reason, with 200', async () => {
  const { api, mappings } = world()
  await createQueueMapping(mappings)
  const response = await api.inject({ url: '/_millrace/idle?timeout=0.1&mapping=orders' })
  expect(response.statusCode).toBe(200)
  expect(response.json()).toMatchObject({
    idle: false,
    mappings: 1,
    reasons: ['queue orders to function f: it does not run.'],
  })
})

it('an answer about AWS is approximate', async () => {
  const made = createApiWorld({
    deps: {
      isAws: () => true,
      rest: () => ({ activity: 0, activeMs: 0, reasons: [], flows: new Map(), done: new Map() }),
    },
  })
  await createQueueMapping(made.mappings)
  const response = await made.api.inject({ url: '/_millrace/idle' })
  expect(response.json()).toMatchObject({ idle: true, approximate: true })
})

it('an asynchronous invocation counts until its function has ended', async () => {
  const { promise, resolve } = Promise.withResolvers<InvokeResult>()
  const made = world([hostedFunction('audit')])
  made.invoke = () => promise
  const headers = { 'x-amz-invocation-type': 'Event' }
  const url = '/2015-03-31/functions/audit/invocations'
  await made.api.inject({ method: 'POST', url, payload: '{}', headers })
  const busy = await made.api.inject({ url: '/_millrace/idle?timeout=0.1' })
  expect(busy.json()).toMatchObject({ idle: false, reasons: ['1 asynchronous invocation has not ended.'] })
  resolve(answered('null'))
  expect((await made.api.inject({ url: '/_millrace/idle?timeout=60' })).json()).toMatchObject({ idle: true })
})

it.each([
  ['timeout=soon', 400, /timeout=soon: give a number of seconds from 0 to 3600/],
  ['timeout=-1', 400, /timeout=-1/],
  ['timeout=4000', 400, /timeout=4000/],
  ['timeout=1&timeout=2', 400, /timeout is given 2 times/],
  ['quiet=x', 400, /quiet=x: give a number of milliseconds/],
  ['ignore=everything', 400, /ignore=everything: .* delayed, in-flight, windows, unattached/],
  ['wait=3', 400, /wait is not a parameter of idle/],
  ['mapping=nobody', 404, /No mapping has the UUID nobody/],
])('%s is refused', async (query, status, message) => {
  const response = await world().api.inject({ url: `/_millrace/idle?${query}` })
  expect(response.statusCode).toBe(status)
  expect(response.body).toMatch(message)
})

async function createQueueMapping(mappings: ReturnType<typeof world>['mappings']): Promise<void> {
  await mappings.create({
    origin: 'api',
    sourceName: 'arn:aws:sqs:us-east-1:000000000000:orders',
    functionArn: 'arn:aws:lambda:us-east-1:000000000000:function:f',
    parameters: { FunctionName: 'f', Enabled: true } as never,
    tags: {},
  })
}
