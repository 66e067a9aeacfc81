import {
  CreateEventSourceMappingCommand,
  DeleteEventSourceMappingCommand,
  GetEventSourceMappingCommand,
  GetFunctionCommand,
  InvokeCommand,
  LambdaClient,
  ListEventSourceMappingsCommand,
  ListTagsCommand,
  paginateListEventSourceMappings,
  ResourceConflictException,
  ResourceInUseException,
  ResourceNotFoundException,
  InvalidParameterValueException,
  TagResourceCommand,
  UntagResourceCommand,
  UpdateEventSourceMappingCommand,
} from '@aws-sdk/client-lambda'
import { afterEach, describe, expect, it } from 'vitest'
import { createApiWorld, hostedFunction, type ApiWorld, type ApiWorldOptions } from '../../support/api.ts'

const queue = 'arn:aws:sqs:us-east-1:000000000000:orders'
const stream = 'arn:aws:kinesis:us-east-1:000000000000:stream/clicks'

const closing: (() => Promise<void> | void)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close()
})

async function start(
  options: ApiWorldOptions = {},
): Promise<{ world: ApiWorld; client: LambdaClient; endpoint: string }> {
  const world = createApiWorld(options)
  const endpoint = await world.api.listen()
  const credentials = { accessKeyId: 'test', secretAccessKey: 'test' }
  const client = new LambdaClient({ endpoint, region: 'us-east-1', credentials, maxAttempts: 1 })
  closing.push(
    () => world.api.close(AbortSignal.abort()),
    () => client.destroy(),
  )
  return { world, client, endpoint }
}

describe('the AWS SDK', () => {
  // proves: api.operations
  it('creates, reads, lists, updates and deletes a mapping', async () => {
    const { client } = await start()
    const made = await client.send(
      new CreateEventSourceMappingCommand({
        EventSourceArn: stream,
        FunctionName: 'clicks:live',
        StartingPosition: 'AT_TIMESTAMP',
        StartingPositionTimestamp: new Date(Date.UTC(2026, 0, 1)),
        FilterCriteria: { Filters: [{ Pattern: '{"data":{"a":[1]}}' }] },
      }),
    )
    const { UUID } = made
    expect(made).toMatchObject({
      State: 'Creating',
      BatchSize: 100,
      StartingPositionTimestamp: new Date(Date.UTC(2026, 0, 1)),
    })
    expect(made.LastModified).toBeInstanceOf(Date)
    expect(made.LastModified?.getUTCFullYear()).toBe(2026)
    const read = await client.send(new GetEventSourceMappingCommand({ UUID }))
    expect(read).toMatchObject({
      State: 'Enabled',
      FunctionArn: 'arn:aws:lambda:us-east-1:000000000000:function:clicks:live',
    })
    const changed = await client.send(new UpdateEventSourceMappingCommand({ UUID, FilterCriteria: {}, Enabled: false }))
    expect([changed.State, changed.FilterCriteria]).toEqual(['Disabling', undefined])
    const listed = await client.send(
      new ListEventSourceMappingsCommand({ EventSourceArn: stream, FunctionName: 'clicks:live' }),
    )
    expect(listed.EventSourceMappings?.map((mapping) => mapping.UUID)).toEqual([UUID])
    const gone = await client.send(new DeleteEventSourceMappingCommand({ UUID }))
    expect(gone.State).toBe('Deleting')
    await expect(client.send(new GetEventSourceMappingCommand({ UUID }))).rejects.toThrow(ResourceNotFoundException)
  })

  it('pages through a listing', async () => {
    const { client } = await start()
    for (let index = 0; index < 7; index += 1) {
      await client.send(new CreateEventSourceMappingCommand({ EventSourceArn: queue, FunctionName: `f${index}` }))
    }
    const names: (string | undefined)[] = []
    for await (const page of paginateListEventSourceMappings({ client, pageSize: 3 }, {})) {
      names.push(...(page.EventSourceMappings ?? []).map((mapping) => mapping.FunctionArn?.split(':').at(-1)))
    }
    expect(names).toEqual(['f0', 'f1', 'f2', 'f3', 'f4', 'f5', 'f6'])
  })

  it('tags a mapping', async () => {
    const { client } = await start()
    const create = new CreateEventSourceMappingCommand({ EventSourceArn: queue, FunctionName: 'f', Tags: { a: '1' } })
    const { EventSourceMappingArn: Resource } = await client.send(create)
    await client.send(new TagResourceCommand({ Resource, Tags: { b: 'ü =' } }))
    await client.send(new UntagResourceCommand({ Resource, TagKeys: ['a', 'c'] }))
    expect((await client.send(new ListTagsCommand({ Resource }))).Tags).toEqual({ b: 'ü =' })
  })

  // proves: api.errors.form
  it('recognises the errors by their types', async () => {
    const { client, world } = await start({ transitions: 'held' })
    const create = () => client.send(new CreateEventSourceMappingCommand({ EventSourceArn: queue, FunctionName: 'f' }))
    const { UUID } = await create()
    await expect(create()).rejects.toThrow(ResourceConflictException)
    await expect(client.send(new DeleteEventSourceMappingCommand({ UUID }))).rejects.toThrow(ResourceInUseException)
    world.mappings.settle()
    const wide = client.send(new UpdateEventSourceMappingCommand({ UUID, BatchSize: 11 }))
    await expect(wide).rejects.toThrow(InvalidParameterValueException)
    await expect(wide).rejects.toThrow('Maximum batch window in seconds must be greater than 0')
    await expect(client.send(new UpdateEventSourceMappingCommand({ UUID, BatchSize: 0 }))).rejects.toMatchObject({
      name: 'ValidationException',
      message: expect.stringContaining("Value '0' at 'batchSize'") as string,
      $metadata: { httpStatusCode: 400, requestId: expect.any(String) as string },
    })
  })

  it('invokes and shows a function of the config', async () => {
    const { client } = await start({ functions: [hostedFunction('audit')] })
    const answer = await client.send(new InvokeCommand({ FunctionName: 'audit', Payload: '{"a":1}' }))
    expect([answer.StatusCode, answer.ExecutedVersion, answer.Payload?.transformToString()]).toEqual([
      200,
      '$LATEST',
      '"done"',
    ])
    const shown = await client.send(new GetFunctionCommand({ FunctionName: 'audit' }))
    expect(shown.Configuration?.FunctionName).toBe('audit')
  })
})

describe('the server', () => {
  it('listens on IPv6 too', async () => {
    const { endpoint } = await start({ host: '::1' })
    expect(endpoint).toMatch(/^http:\/\/\[::1\]:\d+$/)
    expect((await fetch(`${endpoint}/healthz`)).status).toBe(200)
  })

  it('names an address that can be called when it listens on all', async () => {
    const { endpoint } = await start({ host: '0.0.0.0' })
    expect(endpoint).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/)
  })

  it('answers 413 to a client that sends 10 MB, over a socket', async () => {
    const { endpoint } = await start()
    const answer = await fetch(`${endpoint}/2015-03-31/event-source-mappings`, {
      method: 'POST',
      body: 'x'.repeat(10 * 1_048_576),
    })
    expect([answer.status, answer.headers.get('x-amzn-errortype')]).toEqual([413, 'RequestTooLargeException'])
  })

  it('lets a request that is in finish before it closes, and cuts it when told', async () => {
    const { endpoint, world } = await start()
    const { promise: asked, resolve: ask } = Promise.withResolvers<void>()
    const { promise: open, resolve: answer } = Promise.withResolvers<void>()
    const describeNow = world.describe
    world.source = async () => {
      ask()
      await open
      return { kind: 'missing', message: '' }
    }
    world.describe = describeNow
    const body = JSON.stringify({ EventSourceArn: queue, FunctionName: 'f' })
    const pending = fetch(`${endpoint}/2015-03-31/event-source-mappings`, { method: 'POST', body })
    await asked
    const closed = world.api.close()
    answer()
    expect((await pending).status).toBe(400)
    await closed
  })

  it('cuts what is still in when it is told to', async () => {
    const { endpoint, world } = await start()
    const { promise: asked, resolve: ask } = Promise.withResolvers<void>()
    world.source = () => {
      ask()
      return new Promise(() => undefined)
    }
    const body = JSON.stringify({ EventSourceArn: queue, FunctionName: 'f' })
    const pending = fetch(`${endpoint}/2015-03-31/event-source-mappings`, { method: 'POST', body })
    const outcome = pending.then(
      () => 'answered',
      (error: unknown) => (error instanceof Error ? error.message : 'rejected'),
    )
    await asked
    await world.api.close(AbortSignal.abort())
    expect(await outcome).toBe('fetch failed')
  })
})
