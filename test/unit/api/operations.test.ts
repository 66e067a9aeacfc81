import { describe, expect, it } from 'vitest'
import type { ApiDeps } from '../../../src/api/api-deps.ts'
import type { FlowStatus, MappingStatus } from '../../../src/model/mapping-status.ts'
import { noDetail } from '../../support/flow-detail.ts'
import { createApiWorld, type ApiWorld } from '../../support/api.ts'

const queue = 'arn:aws:sqs:us-east-1:000000000000:orders'

async function get(world: ApiWorld, url: string) {
  const answer = await world.api.inject({ method: 'GET', url })
  return { status: answer.statusCode, body: JSON.parse(answer.body) as Record<string, unknown> }
}

async function mapped(world: ApiWorld): Promise<string> {
  const payload = { EventSourceArn: queue, FunctionName: 'audit' }
  const answer = await world.api.inject({ method: 'POST', url: '/2015-03-31/event-source-mappings', payload })
  return (JSON.parse(answer.body) as { UUID: string }).UUID
}

const flow: FlowStatus = {
  ...{ flow: 'queue', phase: 'open', held: 0, heldBytes: 0, invoking: 0, waiting: 0, concurrency: 5 },
  ...{ watermark: null, behindMs: null, iteratorAgeMs: null, trouble: null },
  ...{ sourceTrouble: null, functionTrouble: null, lastFailure: null, outage: null, detail: noDetail, waitsFor: [] },
}

function statusOf(uuid: string, more: Partial<MappingStatus> = {}): MappingStatus {
  const names = {
    uuid,
    state: 'Enabled',
    source: queue,
    functionArn: 'arn:aws:lambda:us-east-1:000000000000:function:audit',
  }
  const untroubled = { pauseReasons: [], lastError: null, sourceTrouble: null, functionTrouble: null }
  return { ...names, ...untroubled, lastProcessingResult: '', flows: [flow], ...more }
}

describe('operations', () => {
  it('is alive and ready at once, and not ready with its reasons', async () => {
    const world = createApiWorld()
    expect(await get(world, '/healthz')).toEqual({ status: 200, body: { status: 'alive' } })
    expect(await get(world, '/readyz')).toEqual({ status: 200, body: { ready: true, reasons: [] } })
    world.notReady = ['stopping']
    expect(await get(world, '/readyz')).toEqual({ status: 503, body: { ready: false, reasons: ['stopping'] } })
    expect((await get(world, '/healthz')).status).toBe(200)
  })

  it('tells its health and how many mappings are in which state', async () => {
    const world = createApiWorld()
    await mapped(world)
    expect((await get(world, '/_millrace/health')).body).toEqual({
      ready: true,
      reasons: [],
      mappings: { Enabled: 1 },
      version: 'test',
    })
  })

  it('shows metrics in the text of Prometheus', async () => {
    const answer = await createApiWorld().api.inject({ method: 'GET', url: '/metrics' })
    expect([answer.body, answer.headers['content-type']]).toEqual(['millrace_up 1\n', 'text/plain; version=0.0.4'])
  })

  it('shows a mapping, all of them, and one that is not running yet', async () => {
    const activity = { lastInvokedMs: 1_000, recordsPerSecond: 2.5 }
    const world = createApiWorld({ deps: { activity: () => activity } })
    const uuid = await mapped(world)
    expect((await get(world, `/_millrace/mappings/${uuid}`)).body).toMatchObject({ uuid, flows: [], state: 'Enabled' })
    world.mappings.setStatus(statusOf(uuid))
    expect((await get(world, `/_millrace/mappings/${uuid}/`)).body).toEqual({ ...statusOf(uuid), activity })
    expect((await get(world, '/_millrace/mappings')).body).toEqual({ mappings: [{ ...statusOf(uuid), activity }] })
    expect((await get(world, '/_millrace/mappings/none')).status).toBe(404)
  })

  it('tells what waits in the queues, to those who ask for it, also where a queue does not say', async () => {
    const depth = { kind: 'queue', visible: 5, inFlight: 2, delayed: 1, visibilityMs: null, redrive: null } as const
    const backlogOf = async (queueDepth: ApiDeps['queueDepth']) => {
      const world = createApiWorld({ deps: { queueDepth } })
      await mapped(world)
      const { body } = await get(world, '/_millrace/mappings?backlog=true')
      const [mapping] = body['mappings'] as readonly { readonly backlog: unknown }[]
      return mapping?.backlog
    }
    expect(await backlogOf(async () => depth)).toEqual({ visible: 5, inFlight: 2, delayed: 1 })
    expect(await backlogOf(async () => ({ kind: 'denied', message: 'no' }))).toBeNull()
    expect(await backlogOf(() => Promise.reject(new Error('down')))).toBeNull()
  })
})
