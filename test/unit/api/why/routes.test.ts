import { describe, expect, it } from 'vitest'
import { createApiWorld, type ApiWorld } from '../../../support/api.ts'

const arnOf = (name: string): string => `arn:aws:sqs:us-east-1:000000000000:${name}`

async function get(world: ApiWorld, url: string) {
  const answer = await world.api.inject({ method: 'GET', url })
  return { status: answer.statusCode, body: JSON.parse(answer.body) as Record<string, unknown> }
}

async function mapped(world: ApiWorld, queue: string, FunctionName: string): Promise<string> {
  const payload = { EventSourceArn: arnOf(queue), FunctionName }
  const answer = await world.api.inject({ method: 'POST', url: '/2015-03-31/event-source-mappings', payload })
  return (JSON.parse(answer.body) as { UUID: string }).UUID
}

const uuids = ({ body }: { readonly body: Record<string, unknown> }): readonly string[] =>
  (body['explanations'] as readonly { readonly uuid: string }[]).map(({ uuid }) => uuid)

describe('why, as the operations API answers it,', () => {
  it('explains one mapping by its UUID', async () => {
    const world = createApiWorld()
    const uuid = await mapped(world, 'orders', 'audit')
    const answer = await get(world, `/_millrace/why/${uuid}`)
    expect(answer.body).toMatchObject({ uuid, source: arnOf('orders'), state: 'Enabled', cause: 'not-open' })
    expect(await get(world, `/_millrace/why?uuid=${uuid}`)).toEqual(answer)
    expect((await get(world, '/_millrace/why/none')).status).toBe(404)
    expect((await get(world, '/_millrace/why?uuid=none')).status).toBe(404)
  })

  it('explains all mappings, or those that a queue or a function is part of', async () => {
    const world = createApiWorld()
    expect((await get(world, '/_millrace/why')).body).toEqual({ explanations: [] })
    const first = await mapped(world, 'orders', 'audit')
    const second = await mapped(world, 'invoices', 'audit')
    expect(uuids(await get(world, '/_millrace/why'))).toEqual([first, second])
    expect(uuids(await get(world, '/_millrace/why?about=invoices'))).toEqual([second])
    expect(uuids(await get(world, '/_millrace/why?about=audit'))).toEqual([first, second])
  })

  it('names what there is when nothing goes by the name', async () => {
    const world = createApiWorld()
    await mapped(world, 'orders', 'audit')
    const { status, body } = await get(world, '/_millrace/why?about=ordres')
    expect([status, body['Message']]).toEqual([
      404,
      'No mapping has the UUID ordres, or a source or function of that name. There are: queue orders to function audit.',
    ])
  })

  it('looks at the queue when it is asked', async () => {
    const world = createApiWorld()
    const uuid = await mapped(world, 'orders', 'audit')
    world.depth = { kind: 'queue', visible: 0, inFlight: 0, delayed: 4, visibilityMs: 30_000, redrive: null }
    const { body } = await get(world, `/_millrace/why/${uuid}`)
    expect(body['sentences']).toContainEqual(expect.stringContaining('4 messages are delayed'))
  })

  it('answers although a backend throws', async () => {
    const world = createApiWorld()
    const uuid = await mapped(world, 'orders', 'audit')
    world.source = () => {
      throw new Error('a bug')
    }
    const { body } = await get(world, `/_millrace/why/${uuid}`)
    expect(body['sentences']).toContainEqual(expect.stringContaining('did not answer just now'))
  })
})
