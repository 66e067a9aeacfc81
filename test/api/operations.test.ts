import { describe, expect, it } from 'vitest'
import { explain, type Evidence } from '../../src/api/why.ts'
import type { FlowStatus, MappingStatus } from '../../src/engine/mappings.ts'
import type { MappingDocument, MappingParameters } from '../../src/model/mapping.ts'
import { noDetail } from '../fakes/flow-detail.ts'
import { createApiWorld, hostedFunction, type ApiWorld } from '../fakes/api.ts'

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
  ...{ sourceTrouble: null, functionTrouble: null, lastFailure: null, detail: noDetail, waitsFor: [] },
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
    const world = createApiWorld()
    const uuid = await mapped(world)
    expect((await get(world, `/_millrace/mappings/${uuid}`)).body).toMatchObject({ uuid, flows: [], state: 'Enabled' })
    world.mappings.setStatus(statusOf(uuid))
    expect((await get(world, `/_millrace/mappings/${uuid}/`)).body).toEqual(statusOf(uuid))
    expect((await get(world, '/_millrace/mappings')).body).toEqual({ mappings: [statusOf(uuid)] })
    expect((await get(world, '/_millrace/mappings/none')).status).toBe(404)
  })

  it('answers why, by path and by query', async () => {
    const world = createApiWorld({ functions: [hostedFunction('audit', { reservedConcurrency: 2 })] })
    const uuid = await mapped(world)
    const lastError = { atMs: 0, message: 'throttled: Rate Exceeded.' }
    world.mappings.setStatus(statusOf(uuid, { lastError, flows: [{ ...flow, waiting: 1 }] }))
    const answer = await get(world, `/_millrace/why/${uuid}`)
    expect(answer.body['answer']).toContain("The function's reservedConcurrency of 2 throttles")
    expect(await get(world, `/_millrace/why?uuid=${uuid}`)).toEqual(answer)
    expect((await get(world, '/_millrace/why')).status).toBe(404)
    expect((await get(world, '/_millrace/why?uuid=none')).status).toBe(404)
  })
})

describe('why nothing fires', () => {
  const queueParameters: MappingParameters = {
    ...{ EventSourceArn: queue, FunctionName: 'f', Enabled: true, BatchSize: 10 },
    ...{ MaximumBatchingWindowInSeconds: 0, FunctionResponseTypes: [] },
  }
  const document: MappingDocument = {
    ...{ uuid: 'u', origin: 'api', source: 'sqs', sourceName: queue, functionArn: 'arn:f', state: 'Enabled' },
    ...{ stateTransitionReason: '', createdMs: 0, lastModifiedMs: 0, lastProcessingResult: '', tags: {} },
    parameters: queueParameters,
  }
  const stream: MappingDocument = {
    ...document,
    source: 'kinesis',
    sourceName: 'arn:s',
    parameters: {
      ...queueParameters,
      StartingPosition: 'TRIM_HORIZON',
      MaximumRetryAttempts: -1,
      MaximumRecordAgeInSeconds: -1,
    },
  }
  const say = (more: Partial<Evidence>): string =>
    explain({ document, status: statusOf('u'), counts: undefined, hosted: undefined, ...more }).sentences.join('\n')
  const paused = (reason: string) => ({ status: statusOf('u', { pauseReasons: [reason] }) })
  const failing = (message: string) => ({
    status: statusOf('u', { lastError: { atMs: 0, message }, flows: [{ ...flow, waiting: 1 }] }),
  })
  const flowing = (more: Partial<FlowStatus>) => ({ status: statusOf('u', { flows: [{ ...flow, ...more }] }) })

  it.each([
    [
      'is disabled',
      { document: { ...document, state: 'Disabled' as const } },
      'The mapping is Disabled, so nothing is read.',
    ],
    ['is on its way', { document: { ...document, state: 'Enabling' as const } }, 'reads as soon as it is Enabled'],
    ['is going', { document: { ...document, state: 'Deleting' as const } }, 'being deleted'],
    ['misses its source', paused('source missing'), `${queue}: The source does not exist at the endpoint`],
    ['misses its function', paused('function missing'), 'arn:f: The endpoint knows no such function'],
    ['is denied its source', paused('source denied'), `${queue}: The credentials lack rights on the source.`],
    ['reads too often', paused('source throttled'), 'The source asks for fewer requests'],
    ['drains', paused('drain'), 'shutting down'],
    ['is held up by something new', paused('lease'), 'It is held up: lease.'],
    ['has a function that throttles', failing('throttled: Rate Exceeded'), 'as on AWS'],
    ['has no function', failing('missing: no f'), 'arn:f: The endpoint knows no such function'],
    ['cannot reach its function', failing('unreachable: ECONNREFUSED'), 'Nothing answers at the Lambda endpoint'],
    ['waits', flowing({ waiting: 2 }), 'The queue: 2 batches wait'],
    ['runs', flowing({ invoking: 3 }), 'It is running: 3 batches are in the function now.'],
    ['has nothing to do', {}, 'Nothing is wrong'],
    ['has no flow', { status: statusOf('u', { flows: [] }) }, 'Nothing is open yet'],
    ['is not run by any engine', { status: undefined }, 'Nothing is open yet'],
    [
      'failed last',
      { status: statusOf('u', { lastError: { atMs: 0, message: 'boom' } }) },
      '1970-01-01T00:00:00.000Z: boom',
    ],
  ])('a mapping that %s', (_, evidence, sentence) => {
    expect(say(evidence)).toContain(sentence)
  })

  it('says once what the source answers to all shards', () => {
    const flows = ['s0', 's1'].map((name) => ({ ...flow, flow: name, trouble: 'denied' }))
    const status = statusOf('u', { pauseReasons: ['source denied'], flows })
    expect(explain({ document: stream, status, counts: undefined, hosted: undefined }).sentences).toHaveLength(1)
  })

  it('does not blame an old error of the function when nothing waits', () => {
    const status = statusOf('u', { lastError: { atMs: 0, message: 'throttled: then' } })
    expect(say({ status })).not.toContain('drives healthy messages')
  })

  it('names the window that a batch waits for', () => {
    const windowed = { ...document, parameters: { ...queueParameters, MaximumBatchingWindowInSeconds: 20 } }
    expect(say({ document: windowed, ...flowing({ held: 3 }) })).toContain(
      '3 records are held until the batching window of 20 s',
    )
    expect(say({ document: windowed, ...flowing({ held: 3, invoking: 1 }) })).not.toContain('batching window')
  })

  it('says what ends the retries of a poison record', () => {
    const blocked = flowing({ flow: 'shardId-0', waiting: 1 })
    expect(say({ document: stream, ...blocked })).toContain('retried until the stream drops them')
    const limited = {
      ...stream,
      parameters: { ...stream.parameters, MaximumRetryAttempts: 3, MaximumRecordAgeInSeconds: 60 },
    }
    expect(say({ document: limited, ...blocked })).toContain('given up after 3 retries or when they are 60 s old')
  })

  it('counts what the filters took', () => {
    const filtered = {
      ...document,
      parameters: { ...queueParameters, FilterCriteria: { Filters: [{ Pattern: '{}' }] } },
    }
    const counts = { polled: 5, filteredOut: 5, invoked: 0 }
    expect(say({ document: filtered, counts })).toContain('Every one of the 5 records')
    expect(say({ document: filtered, counts: { ...counts, polled: 9 } })).toContain('5 of 9 records')
    expect(say({ document, counts })).toContain('Nothing is wrong')
  })

  it('does not repeat a sentence for every shard of many', () => {
    const flows = Array.from({ length: 50 }, (_, index) => ({ ...flow, flow: `s${index}`, waiting: 1 }))
    expect(
      explain({ document: stream, status: statusOf('u', { flows }), counts: undefined, hosted: undefined }).sentences,
    ).toHaveLength(6)
  })

  it('remembers that LATEST skips what was there before', () => {
    const latest = { ...stream, parameters: { ...stream.parameters, StartingPosition: 'LATEST' as const } }
    expect(say({ document: latest })).toContain('skips what was written before the mapping was created')
  })
})
