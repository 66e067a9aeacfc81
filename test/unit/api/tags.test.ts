import { describe, expect, it } from 'vitest'
import { createApiWorld, type ApiWorld } from '../../support/api.ts'

const queue = 'arn:aws:sqs:us-east-1:000000000000:orders'

async function tagged(world: ApiWorld, tags: Record<string, string> = {}): Promise<string> {
  const payload = { EventSourceArn: queue, FunctionName: 'f', Tags: tags }
  const answer = await world.api.inject({ method: 'POST', url: '/2015-03-31/event-source-mappings', payload })
  return (JSON.parse(answer.body) as { EventSourceMappingArn: string }).EventSourceMappingArn
}

async function call(
  world: ApiWorld,
  method: 'GET' | 'POST' | 'DELETE',
  arn: string,
  rest: { query?: string; body?: unknown } = {},
) {
  const url = `/2017-03-31/tags/${arn}${rest.query ?? ''}`
  const answer = await world.api.inject({
    method,
    url,
    ...(rest.body !== undefined && { payload: JSON.stringify(rest.body) }),
  })
  return {
    status: answer.statusCode,
    type: answer.headers['x-amzn-errortype'],
    body: answer.body === '' ? null : (JSON.parse(answer.body) as Record<string, unknown>),
  }
}

describe('tags of mappings', () => {
  // proves: param.tags
  it('are given at create, added, replaced, taken away and listed', async () => {
    const world = createApiWorld()
    const arn = await tagged(world, { team: 'a', stage: 'dev' })
    const tags = async () => (await call(world, 'GET', arn)).body
    expect(await tags()).toEqual({ Tags: { team: 'a', stage: 'dev' } })
    expect(await call(world, 'POST', arn, { body: { Tags: { stage: 'prod', new: '' } } })).toMatchObject({
      status: 204,
      body: null,
    })
    expect(await tags()).toEqual({ Tags: { team: 'a', stage: 'prod', new: '' } })
    expect((await call(world, 'DELETE', arn, { query: '?tagKeys=team&tagKeys=absent&tagKeys=new' })).status).toBe(204)
    expect(await tags()).toEqual({ Tags: { stage: 'prod' } })
  })

  // proves: api.routes
  it('takes the ARN encoded, and with a trailing slash', async () => {
    const world = createApiWorld()
    const arn = await tagged(world, { a: 'b' })
    expect((await call(world, 'GET', encodeURIComponent(arn))).body).toEqual({ Tags: { a: 'b' } })
    expect((await call(world, 'GET', `${encodeURIComponent(arn)}/`)).body).toEqual({ Tags: { a: 'b' } })
  })

  // proves: error.tags-unknown
  it.each(['GET', 'POST', 'DELETE'] as const)('%s of an unknown mapping', async (method) => {
    const world = createApiWorld()
    const known = await tagged(world)
    for (const arn of [
      'arn:aws:lambda:us-east-1:000000000000:event-source-mapping:00000000-0000-4000-8000-000000000000',
      known.replace('us-east-1', 'eu-west-1'),
    ]) {
      expect(await call(world, method, arn, { query: '?tagKeys=a', body: { Tags: { a: 'b' } } })).toEqual({
        status: 404,
        type: 'ResourceNotFoundException',
        body: { Type: 'User', Message: `Event source mapping not found: ${arn}` },
      })
    }
  })

  // proves: error.tags-arn
  it.each([
    'x'.repeat(600),
    'nonsense',
    'arn:aws:sqs:us-east-1:000000000000:q',
    'arn:aws:lambda:us-east-1:000000000000:layer:l',
    'arn:aws:lambda:us-east-1:000000000000:event-source-mapping:bad',
    'arn:aws:lambda:us-east-1:000000000000:event-source-mapping:',
    'arn:aws:lambda:us-east-1:1:event-source-mapping:00000000-0000-4000-8000-000000000000',
    'arn:aws:lambda:us-east-1:000000000000:event-source-mapping:00000000-0000-4000-8000-000000000000:x',
  ])('refuses %s as resource', async (arn) => {
    const answer = await call(createApiWorld(), 'GET', arn)
    expect([answer.status, answer.type]).toEqual([400, 'ValidationException'])
    expect(answer.body?.['message']).toContain(
      `1 validation error detected: Value '${arn}' at 'resource' failed to satisfy constraint: Member must satisfy regular expression pattern: arn:`,
    )
  })

  // proves: param.tags.reserved
  it('refuses what is missing, of the wrong type, or too much', async () => {
    const world = createApiWorld()
    const arn = await tagged(world, { first: '1' })
    const message = async (body: unknown) => (await call(world, 'POST', arn, { body })).body?.['message']
    expect(await message({})).toContain("Value null at 'tags' failed to satisfy constraint: Member must not be null")
    expect(await call(world, 'POST', arn, { body: { Tags: {} } })).toEqual({
      status: 400,
      type: 'InvalidParameterValueException',
      body: { Type: 'User', message: 'An error occurred and the request cannot be processed.' },
    })
    expect(await message({ Tags: { a: 1 } })).toBe('NUMBER_VALUE can not be converted to a String')
    expect(await message({ Tags: { ['k'.repeat(129)]: '' } })).toContain('Map keys must satisfy constraint')
    const fifty = Object.fromEntries(Array.from({ length: 50 }, (_, index) => [`k${index}`, 'v']))
    expect(await message({ Tags: fifty })).toBe('Number of tags exceeds resource tag limit.')
    const keys = await call(world, 'DELETE', arn)
    expect(keys.body?.['message']).toContain("Value null at 'tagKeys'")
    expect((await call(world, 'GET', arn)).body).toEqual({ Tags: { first: '1' } })
  })

  // proves: param.tags.reserved
  it.each(['aws:team', 'AWS:team', 'aws:'])(
    'refuses the key %j, which is of AWS itself, at create and later',
    async (key) => {
      const world = createApiWorld()
      const arn = await tagged(world, { first: '1', 'awsome:team': 'a' })
      const reserved = {
        Type: 'User',
        message: `Tag keys that begin with aws: are reserved for AWS: ${key}`,
      }
      const answer = await call(world, 'POST', arn, { body: { Tags: { new: '', [key]: 'b' } } })
      expect(answer).toEqual({ status: 400, type: 'InvalidParameterValueException', body: reserved })
      expect((await call(world, 'GET', arn)).body).toEqual({ Tags: { first: '1', 'awsome:team': 'a' } })
      const payload = { EventSourceArn: queue, FunctionName: 'other', Tags: { [key]: 'b' } }
      const made = await world.api.inject({ method: 'POST', url: '/2015-03-31/event-source-mappings', payload })
      expect([made.statusCode, JSON.parse(made.body)]).toEqual([400, reserved])
    },
  )

  it('of a function are the business of the Lambda endpoint', async () => {
    const answer = await call(createApiWorld(), 'GET', 'arn:aws:lambda:us-east-1:000000000000:function:f')
    expect([answer.status, answer.type]).toEqual([404, 'ResourceNotFoundException'])
    expect(answer.body?.['message'] ?? answer.body?.['Message']).toContain('no Lambda endpoint to pass it on to')
  })
})
