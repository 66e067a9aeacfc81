import { describe, expect, it } from 'vitest'
import { createPassPolicy } from '../../../src/api/pass-policy.ts'
import { createAdoption } from '../../../src/engine/adopt-service.ts'
import type { AuthSettings, PassThroughPolicy } from '../../../src/model/settings.ts'
import { silentLog } from '../../../src/observe/log.ts'
import { engineRig, place } from '../../unit/engine/engine-rig.ts'
import { manualClock } from '../../support/manual-clock.ts'
import { recordingUpstream } from '../../unit/api/gate/recording-upstream.ts'
import { createApiWorld } from '../../support/api.ts'
import { createMemoryQueue } from '../../support/sources/memory-queue.ts'
import { createUpstreamLambda } from '../../support/upstream-lambda.ts'

/*
 * What changes an adopted mapping here is passed on to the endpoint it was adopted from: to AWS with the operator's signature. That
 * needs a caller who has said who they are, as everything else that goes there does.
 */

const declared = {
  EventSourceArn: 'arn:aws:sqs:us-east-1:000000000000:memory',
  FunctionArn: 'arn:aws:lambda:us-east-1:000000000000:function:orders',
  BatchSize: 10,
}
const path = '/2015-03-31/event-source-mappings/a'

interface Options {
  readonly isAws: boolean
  readonly auth?: AuthSettings
  readonly policy?: PassThroughPolicy
}

async function adoptedWorld({ auth = { kind: 'none' }, isAws, policy }: Options) {
  const time = manualClock()
  const { registry } = engineRig({ time, source: createMemoryQueue({ clock: time.clock }) })
  const lambda = createUpstreamLambda()
  const adoption = createAdoption({
    mode: 'on',
    upstream: lambda.port,
    registry,
    remembers: true,
    place,
    checkPattern: () => true,
    clock: time.clock,
    log: silentLog,
  })
  await registry.load()
  registry.start()
  lambda.put('a', declared)
  adoption.start()
  await time.pass(3_000)
  expect(registry.get('a')).toMatchObject({ state: 'Enabled', adopted: { phase: 'taken' } })
  const { api, lines } = createApiWorld({
    upstream: recordingUpstream(),
    deps: {
      mappings: adoption.mappings,
      server: { host: '127.0.0.1', port: 0, allowedHosts: [], auth },
      passPolicy: createPassPolicy({ policy, isAws, isAuthenticated: auth.kind !== 'none' }),
    },
  })
  const before = lambda.orders.length
  return {
    lines,
    orders: () => lambda.orders.slice(before),
    state: () => registry.get('a')?.state,
    batchSize: () => registry.get('a')?.parameters.BatchSize,
    async send(method: 'PUT' | 'DELETE', payload?: object): Promise<string> {
      const headers = auth.kind === 'token' ? { authorization: `Bearer ${auth.token}` } : {}
      const answered = api.inject({ method, url: path, headers, ...(payload !== undefined && { payload }) })
      await time.pass(1_000)
      const { body, statusCode } = await answered
      const [, code] = /"code":"(\w+)"/.exec(body) ?? []
      return [statusCode, code].filter((part) => part !== undefined).join(' ')
    },
  }
}

const refused = '403 MILLRACE_PASS_THROUGH_NEEDS_AUTH'

describe('a change of a mapping that was adopted from AWS', () => {
  it.each<PassThroughPolicy | undefined>([undefined, 'off', 'read', 'all'])(
    'by nobody in particular is refused, and nothing happens here or there (passThrough: %s)',
    async (policy) => {
      const world = await adoptedWorld({ isAws: true, ...(policy !== undefined && { policy }) })
      expect(await world.send('PUT', { BatchSize: 1 })).toBe(refused)
      expect(await world.send('PUT', { FunctionName: 'theirs', Enabled: false })).toBe(refused)
      expect(await world.send('DELETE')).toBe(refused)
      expect([world.state(), world.batchSize(), world.orders(), world.lines]).toEqual(['Enabled', 10, [], []])
    },
  )

  it('that stays here needs nobody: disabling it', async () => {
    const world = await adoptedWorld({ isAws: true })
    expect(await world.send('PUT', { Enabled: false })).toBe('202')
    expect([world.state(), world.orders()]).toEqual(['Disabled', []])
  })

  it('by somebody who is known is passed on, whatever passThrough says of other requests', async () => {
    const world = await adoptedWorld({ isAws: true, auth: { kind: 'token', token: 'a-token-of-the-test' } })
    expect(await world.send('PUT', { BatchSize: 1 })).toBe('202')
    expect(await world.send('DELETE')).toBe('202')
    expect(world.orders()).toEqual(['update a {"BatchSize":1,"Enabled":false}', 'delete a'])
  })
})

describe('a change of a mapping that was adopted from an emulator', () => {
  it('is passed on for everybody', async () => {
    const world = await adoptedWorld({ isAws: false })
    expect(await world.send('PUT', { BatchSize: 1 })).toBe('202')
    expect(await world.send('DELETE')).toBe('202')
    expect(world.orders()).toEqual(['update a {"BatchSize":1,"Enabled":false}', 'delete a'])
  })
})
