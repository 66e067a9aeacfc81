import { describe, expect, it } from 'vitest'
import { createApiWorld, found, type ApiWorld } from '../../support/api.ts'

const path = '/2015-03-31/event-source-mappings'
const queue = 'arn:aws:sqs:us-east-1:111122223333:orders'
const fifo = 'arn:aws:sqs:us-east-1:111122223333:orders.fifo'
const stream = 'arn:aws:kinesis:us-east-1:111122223333:stream/clicks'
const table = 'arn:aws:dynamodb:us-east-1:111122223333:table/users/stream/2026-01-01T00:00:00.000'
const onQueue = { EventSourceArn: queue, FunctionName: 'orders' }
const onStream = { EventSourceArn: stream, FunctionName: 'clicks', StartingPosition: 'TRIM_HORIZON' }

interface Answer {
  readonly status: number
  readonly type: string | undefined
  readonly body: Record<string, unknown>
}

async function call(world: ApiWorld, method: 'GET' | 'POST' | 'PUT' | 'DELETE', url: string, body?: unknown) {
  const payload = typeof body === 'string' ? body : body === undefined ? undefined : JSON.stringify(body)
  const answer = await world.api.inject({ method, url, ...(payload !== undefined && { payload }) })
  const type = answer.headers['x-amzn-errortype']
  const parsed = answer.body === '' ? {} : (JSON.parse(answer.body) as Record<string, unknown>)
  return { status: answer.statusCode, type: typeof type === 'string' ? type : undefined, body: parsed } satisfies Answer
}

const create = (world: ApiWorld, body: unknown) => call(world, 'POST', path, body)

async function created(world: ApiWorld, body: unknown): Promise<string> {
  const { body: mapping, status } = await create(world, body)
  if (status !== 202) throw new Error(`The create was refused: ${JSON.stringify(mapping)}`)
  return String(mapping['UUID'])
}

describe('the response of a create', () => {
  // proves: response.queue
  it('has exactly the members of a queue', async () => {
    const { body, status } = await create(createApiWorld(), onQueue)
    const uuid = String(body['UUID'])
    expect(status).toBe(202)
    expect(body).toStrictEqual({
      UUID: uuid,
      EventSourceMappingArn: `arn:aws:lambda:us-east-1:111122223333:event-source-mapping:${uuid}`,
      EventSourceArn: queue,
      FunctionArn: 'arn:aws:lambda:us-east-1:111122223333:function:orders',
      BatchSize: 10,
      MaximumBatchingWindowInSeconds: 0,
      FunctionResponseTypes: [],
      LastModified: expect.any(Number) as number,
      State: 'Creating',
      StateTransitionReason: 'USER_INITIATED',
    })
    expect(uuid).toMatch(/^[0-9a-f-]{36}$/)
  })

  // proves: response.stream
  it.each([stream, table])('has exactly the members of a stream: %s', async (arn) => {
    const { body } = await create(createApiWorld(), { ...onStream, EventSourceArn: arn })
    expect(body).toStrictEqual({
      UUID: body['UUID'],
      EventSourceMappingArn: body['EventSourceMappingArn'],
      EventSourceArn: arn,
      FunctionArn: 'arn:aws:lambda:us-east-1:111122223333:function:clicks',
      BatchSize: 100,
      MaximumBatchingWindowInSeconds: 0,
      FunctionResponseTypes: [],
      ParallelizationFactor: 1,
      StartingPosition: 'TRIM_HORIZON',
      DestinationConfig: { OnFailure: {} },
      MaximumRecordAgeInSeconds: -1,
      MaximumRetryAttempts: -1,
      BisectBatchOnFunctionError: false,
      TumblingWindowInSeconds: 0,
      LastModified: expect.any(Number) as number,
      LastProcessingResult: 'No records processed',
      State: 'Creating',
      StateTransitionReason: 'User action',
    })
  })

  // proves: response.last-modified
  it('tells LastModified in seconds with their fraction', async () => {
    const { body } = await create(createApiWorld(), onQueue)
    expect(body['LastModified']).toBe(Date.UTC(2026, 10, 21) / 1000 + 1.5)
  })

  // proves: param.kms, param.metrics-config, response.echo
  it('echoes every parameter that was set (floci#2369)', async () => {
    const set = {
      BatchSize: 7,
      MaximumBatchingWindowInSeconds: 3,
      FilterCriteria: { Filters: [{ Pattern: '{"data":{"a":[1]}}' }] },
      KMSKeyArn: 'arn:aws:kms:us-east-1:111122223333:key/k',
      MetricsConfig: { Metrics: ['EventCount'] },
      ParallelizationFactor: 3,
      StartingPosition: 'AT_TIMESTAMP',
      StartingPositionTimestamp: 1_700_000_000.5,
      DestinationConfig: { OnFailure: { Destination: 'arn:aws:sqs:us-east-1:111122223333:dlq' } },
      MaximumRecordAgeInSeconds: 600,
      MaximumRetryAttempts: 2,
      BisectBatchOnFunctionError: true,
      FunctionResponseTypes: ['ReportBatchItemFailures'],
    }
    const { body } = await create(createApiWorld(), { ...onStream, ...set, Tags: { a: 'b' } })
    expect(body).toMatchObject(set)
    expect(body).not.toHaveProperty('Tags')
    expect(body).not.toHaveProperty('Enabled')
    expect(body).not.toHaveProperty('FunctionName')
  })

  // proves: response.function-arn
  it.each([
    ['orders', 'arn:aws:lambda:us-east-1:111122223333:function:orders'],
    ['orders:$LATEST', 'arn:aws:lambda:us-east-1:111122223333:function:orders:$LATEST'],
    ['orders:7', 'arn:aws:lambda:us-east-1:111122223333:function:orders:7'],
    ['999988887777:function:orders', 'arn:aws:lambda:us-east-1:999988887777:function:orders'],
    [
      'arn:aws:lambda:eu-west-1:999988887777:function:orders:live',
      'arn:aws:lambda:eu-west-1:999988887777:function:orders:live',
    ],
  ])('echoes the qualification of %s', async (name, arn) => {
    const { body } = await create(createApiWorld(), { ...onQueue, FunctionName: name })
    expect(body['FunctionArn']).toBe(arn)
  })

  it('takes the ARN that the Lambda endpoint knows', async () => {
    const world = createApiWorld()
    const arn = 'arn:aws:lambda:us-west-2:123456789012:function:orders'
    world.describe = () => ({ kind: 'found', arn, timeoutMs: null, concurrency: null })
    expect((await create(world, onQueue)).body['FunctionArn']).toBe(arn)
  })

  // proves: response.function-arn
  it('keeps a whole ARN as it was given, whatever the endpoint knows', async () => {
    const world = createApiWorld()
    world.describe = () => ({ kind: 'found', arn: 'arn:aws:lambda:x:1:function:y', timeoutMs: null, concurrency: null })
    const arn = 'arn:aws:lambda:us-east-1:111122223333:function:orders:live'
    expect((await create(world, { ...onQueue, FunctionName: arn })).body['FunctionArn']).toBe(arn)
  })

  // proves: state.create-disabled.queue
  it('is Disabled at once for a queue that is created so', async () => {
    const { body } = await create(createApiWorld(), { ...onQueue, Enabled: false })
    expect(body['State']).toBe('Disabled')
  })
})

describe('refusals that need a look outside', () => {
  const wrong = (message: string): Answer => ({
    status: 400,
    type: 'InvalidParameterValueException',
    body: { Type: 'User', message },
  })

  // proves: error.unknown-function
  it('a function that is known to be missing is refused, one that cannot be looked up is not', async () => {
    const world = createApiWorld()
    world.describe = () => ({ kind: 'missing', message: 'no' })
    expect(await create(world, onQueue)).toEqual(wrong('Function does not exist'))
    world.describe = () => ({ kind: 'unknown', message: 'no' })
    expect((await create(world, onQueue)).status).toBe(202)
  })

  // proves: upstream.none
  it('where nobody runs functions a create and an update are refused with what to set', async () => {
    const world = createApiWorld()
    const uuid = await created(world, onQueue)
    world.describe = () => ({ kind: 'noLambda', message: 'http://queues: no Lambda runs there.' })
    const refused = /^Function does not exist: http:\/\/queues: .*AWS_ENDPOINT_URL_LAMBDA.* functions:\.$/
    expect((await create(world, { ...onQueue, FunctionName: 'ordres' })).body['message']).toMatch(refused)
    const moved = await call(world, 'PUT', `${path}/${uuid}`, { FunctionName: 'ordres' })
    expect([moved.status, moved.body['message']]).toEqual([400, expect.stringMatching(refused)])
    // What names no function asks for none.
    expect((await call(world, 'PUT', `${path}/${uuid}`, { BatchSize: 5 })).status).toBe(202)
  })

  // proves: error.visibility, error.source-missing, error.source-denied
  it.each([
    [
      queue,
      { kind: 'missing', message: '' },
      'Error occurred while ReceiveMessage. SQS Error Code: AWS.SimpleQueueService.NonExistentQueue. SQS Error Message: The specified queue does not exist.',
    ],
    [stream, { kind: 'missing', message: '' }, `Stream not found: ${stream}`],
    [
      queue,
      { kind: 'denied', message: '', action: 'sqs:DeleteMessage' },
      'The function execution role does not have permissions to call DeleteMessage on SQS',
    ],
    [
      fifo,
      { kind: 'denied', message: '' },
      'The function execution role does not have permissions to call ReceiveMessage on SQS',
    ],
    [
      table,
      { kind: 'denied', message: '' },
      `Cannot access stream ${table}. Please ensure the role can perform the GetRecords, GetShardIterator, DescribeStream, and ListStreams Actions on your stream in IAM.`,
    ],
    [queue, { kind: 'failed', message: 'ECONNREFUSED' }, `Cannot reach the event source ${queue}: ECONNREFUSED`],
    [
      queue,
      { ...found, visibilityMs: 2_000 },
      'Queue visibility timeout: 2 seconds is less than Function timeout: 3 seconds',
    ],
  ] as const)('%s that is %j', async (arn, result, text) => {
    const world = createApiWorld()
    world.source = () => result
    const start = arn === stream || arn === table ? { StartingPosition: 'LATEST' } : {}
    expect(await create(world, { EventSourceArn: arn, FunctionName: 'f', ...start })).toEqual(wrong(text))
    expect(world.mappings.list()).toEqual([])
  })

  // proves: api.throttle
  it('a source that throttles asks the client to come again', async () => {
    const world = createApiWorld()
    world.source = () => ({ kind: 'throttled', message: '' })
    const answer = await world.api.inject({ method: 'POST', url: path, payload: JSON.stringify(onQueue) })
    expect([answer.statusCode, answer.headers['x-amzn-errortype'], answer.headers['retry-after']]).toEqual([
      429,
      'TooManyRequestsException',
      '1',
    ])
    expect(answer.json()).toEqual({ Type: 'User', message: 'Rate exceeded', Reason: 'CallerRateLimitExceeded' })
  })

  it('a visibility that is extended may be shorter than the timeout, also in an update', async () => {
    const world = createApiWorld()
    world.source = () => ({ ...found, visibilityMs: 1_000 })
    const made = await create(world, { ...onQueue, extendVisibility: true })
    expect([made.status, made.body['extendVisibility']]).toEqual([202, true])
    expect((await create(world, { ...onQueue, FunctionName: 'other', extendVisibility: false })).status).toBe(400)
  })

  it('a visibility as long as the timeout will do, and so will one that is unknown', async () => {
    for (const visibilityMs of [3_000, null]) {
      const world = createApiWorld()
      world.source = () => ({ ...found, visibilityMs })
      expect((await create(world, onQueue)).status).toBe(202)
    }
  })

  // proves: unique.key, unique.qualified
  it('a second mapping of one source and one qualified function conflicts (LocalStack#9219)', async () => {
    const world = createApiWorld()
    const uuid = await created(world, onQueue)
    const full = { ...onQueue, FunctionName: 'arn:aws:lambda:us-east-1:111122223333:function:orders' }
    expect(await create(world, full)).toEqual({
      status: 409,
      type: 'ResourceConflictException',
      body: {
        Type: 'User',
        message: `An event source mapping with SQS arn (" ${queue} ") and function (" orders ") already exists. Please update or delete the existing mapping with UUID ${uuid}`,
      },
    })
    expect((await create(world, { ...onQueue, FunctionName: 'orders:live' })).status).toBe(202)
    const other = await created(world, onStream)
    expect((await create(world, onStream)).body['message']).toBe(
      `The event source arn (" ${stream} ") and function (" clicks ") provided mapping already exists. Please update or delete the existing mapping with UUID ${other}`,
    )
  })

  it('of two creates at once one conflicts', async () => {
    const world = createApiWorld()
    const answers = await Promise.all([create(world, onQueue), create(world, onQueue), create(world, onQueue)])
    expect(answers.filter((answer) => answer.status === 202)).toHaveLength(1)
    expect(answers.filter((answer) => answer.status === 409)).toHaveLength(2)
  })

  // proves: error.order
  it('come in the order function, duplicate, source, and after the shape', async () => {
    const world = createApiWorld()
    await create(world, { ...onQueue, BatchSize: 0 })
    expect(world.asked).toEqual([])
    await create(world, onQueue)
    expect(world.asked).toEqual(['function orders', `source ${queue}`])
    world.asked.length = 0
    world.source = () => ({ kind: 'missing', message: '' })
    expect((await create(world, onQueue)).status).toBe(409)
    expect(world.asked).toEqual(['function orders'])
  })
})

describe('get, update and delete', () => {
  // proves: api.errors.form, error.unknown-uuid
  it.each(['GET', 'PUT', 'DELETE'] as const)('%s of an unknown UUID', async (method) => {
    const answer = await call(createApiWorld(), method, `${path}/nothing`, method === 'PUT' ? {} : undefined)
    expect(answer).toEqual({
      status: 404,
      type: 'ResourceNotFoundException',
      body: { Type: 'User', Message: 'The resource you requested does not exist.' },
    })
  })

  // proves: state.update
  it('answers with the new values and the state on the way', async () => {
    const world = createApiWorld()
    const uuid = await created(world, onQueue)
    const { body, status } = await call(world, 'PUT', `${path}/${uuid}`, { BatchSize: 5 })
    expect([status, body['BatchSize'], body['State']]).toEqual([202, 5, 'Updating'])
    const off = await call(world, 'PUT', `${path}/${uuid}`, { Enabled: false })
    expect(off.body['State']).toBe('Disabling')
    const gone = await call(world, 'DELETE', `${path}/${uuid}`)
    expect([gone.status, gone.body['State'], gone.body['BatchSize']]).toEqual([202, 'Deleting', 5])
    expect((await call(world, 'GET', `${path}/${uuid}`)).status).toBe(404)
  })

  // proves: state.in-use
  it('a mapping in transition can be read and nothing else', async () => {
    const world = createApiWorld({ transitions: 'held' })
    const uuid = await created(world, onQueue)
    const busy = (what: string) => ({
      status: 400,
      type: 'ResourceInUseException',
      body: { Type: 'User', Message: `Cannot ${what} the event source mapping because it is in use.` },
    })
    expect(await call(world, 'PUT', `${path}/${uuid}`, { BatchSize: 1 })).toEqual(busy('update'))
    expect(await call(world, 'DELETE', `${path}/${uuid}`)).toEqual(busy('delete'))
    expect((await call(world, 'GET', `${path}/${uuid}`)).body['State']).toBe('Creating')
    world.mappings.settle()
    expect((await call(world, 'DELETE', `${path}/${uuid}`)).status).toBe(202)
    expect(await call(world, 'DELETE', `${path}/${uuid}`)).toEqual(busy('delete'))
  })

  // proves: error.update-checks
  it('an update without FunctionName asks neither the function nor the queue', async () => {
    const world = createApiWorld()
    const uuid = await created(world, onQueue)
    world.asked.length = 0
    world.source = () => ({ ...found, visibilityMs: 1_000 })
    expect((await call(world, 'PUT', `${path}/${uuid}`, { BatchSize: 2 })).status).toBe(202)
    expect(world.asked).toEqual([])
    const named = await call(world, 'PUT', `${path}/${uuid}`, { FunctionName: 'orders' })
    expect(named.body['message']).toBe('Queue visibility timeout: 1 seconds is less than Function timeout: 3 seconds')
  })

  it('an update of a stream that names a function does not look at the stream', async () => {
    const world = createApiWorld()
    const uuid = await created(world, onStream)
    world.asked.length = 0
    expect((await call(world, 'PUT', `${path}/${uuid}`, { FunctionName: 'other' })).status).toBe(202)
    expect(world.asked).toEqual(['function other'])
  })

  it('moves a mapping to another function, unless that has one on the source', async () => {
    const world = createApiWorld()
    const uuid = await created(world, onQueue)
    await created(world, { ...onQueue, FunctionName: 'taken' })
    const moved = await call(world, 'PUT', `${path}/${uuid}`, { FunctionName: 'other:1' })
    expect(moved.body['FunctionArn']).toBe('arn:aws:lambda:us-east-1:111122223333:function:other:1')
    expect((await call(world, 'PUT', `${path}/${uuid}`, { FunctionName: 'taken' })).type).toBe(
      'ResourceConflictException',
    )
    world.describe = () => ({ kind: 'missing', message: '' })
    expect((await call(world, 'PUT', `${path}/${uuid}`, { FunctionName: 'gone' })).body['message']).toBe(
      'Function does not exist',
    )
  })

  it('a refused update changes nothing', async () => {
    const world = createApiWorld()
    const uuid = await created(world, onQueue)
    const before = world.mappings.changes
    const answer = await call(world, 'PUT', `${path}/${uuid}`, { BatchSize: 11 })
    expect([answer.status, world.mappings.changes]).toEqual([400, before])
  })
})

describe('routes and bodies', () => {
  // proves: api.routes
  it('answers with and without the trailing slash', async () => {
    const world = createApiWorld()
    expect((await call(world, 'POST', `${path}/`, onQueue)).status).toBe(202)
    expect((await call(world, 'GET', `${path}/`)).body['EventSourceMappings']).toHaveLength(1)
    const uuid = world.mappings.list()[0]?.uuid ?? ''
    expect((await call(world, 'GET', `${path}/${uuid}/`)).status).toBe(200)
    expect((await call(world, 'DELETE', `${path}/${uuid}/`, '')).status).toBe(202)
  })

  // proves: api.routes
  it('gives every answer a request id, and a HEAD no body', async () => {
    const world = createApiWorld()
    const uuid = await created(world, onQueue)
    const answer = await world.api.inject({ method: 'HEAD', url: `${path}/${uuid}` })
    expect([answer.statusCode, answer.body]).toEqual([200, ''])
    expect(answer.headers['x-amzn-requestid']).toMatch(/^[0-9a-f-]{36}$/)
    expect(answer.headers['content-type']).toContain('application/json')
  })

  // proves: api.errors.malformed
  it.each(['{', 'nonsense', '{"BatchSize":', '[1,2', '\u0000'])('refuses the body %j as malformed', async (body) => {
    const answer = await create(createApiWorld(), body)
    expect([answer.status, answer.type, Object.keys(answer.body)]).toEqual([400, 'SerializationException', ['message']])
  })

  // proves: api.errors.malformed
  it('answers a wrong type, an empty body and a violation in the forms of the front', async () => {
    const world = createApiWorld()
    expect(await create(world, { ...onQueue, BatchSize: '5' })).toEqual({
      status: 400,
      type: 'SerializationException',
      body: { message: 'STRING_VALUE can not be converted to an Integer' },
    })
    expect(await create(world, '')).toEqual({
      status: 400,
      type: 'ValidationException',
      body: {
        message:
          "1 validation error detected: Value null at 'functionName' failed to satisfy constraint: Member must not be null",
      },
    })
  })

  it('refuses a body that is too large, and goes on', async () => {
    const world = createApiWorld()
    const answer = await create(world, { ...onQueue, Padding: 'x'.repeat(10 * 1_048_576) })
    expect([answer.status, answer.type]).toEqual([413, 'RequestTooLargeException'])
    expect((await create(world, onQueue)).status).toBe(202)
  })

  it('reads a body whatever its media type says', async () => {
    const world = createApiWorld()
    const headers = { 'content-type': 'application/x-amz-json-1.1' }
    const answer = await world.api.inject({ method: 'POST', url: path, headers, payload: JSON.stringify(onQueue) })
    expect(answer.statusCode).toBe(202)
  })

  it('a media type that is none is the fault of the client', async () => {
    const world = createApiWorld()
    const headers = { 'content-type': ';;;' }
    const answer = await world.api.inject({ method: 'POST', url: path, headers, payload: '{}' })
    expect([answer.statusCode, answer.headers['x-amzn-errortype']]).toEqual([400, 'InvalidRequestContentException'])
    expect(world.lines).toEqual([])
  })

  // proves: api.routes
  it.each([
    ['PATCH', `${path}/x`],
    ['POST', `${path}/x/y`],
    ['GET', '/'],
    ['GET', '/favicon.ico'],
    ['GET', '/_millrace/nothing'],
  ] as const)('%s %s is no operation', async (method, url) => {
    const answer = await createApiWorld().api.inject({ method, url })
    expect([answer.statusCode, answer.headers['x-amzn-errortype']]).toEqual([404, 'UnknownOperationException'])
  })

  it('a path that does not decode is the fault of the client', async () => {
    const answer = await createApiWorld().api.inject({ method: 'GET', url: `${path}/%ZZ` })
    expect(answer.statusCode).toBe(400)
    expect(answer.headers['x-amzn-errortype']).toBe('InvalidRequestContentException')
  })

  it('a fault of our own is a ServiceException with its cause in the log', async () => {
    const world = createApiWorld()
    world.source = () => {
      throw new Error('broken')
    }
    const answer = await create(world, onQueue)
    expect([answer.status, answer.type, answer.body['Type']]).toEqual([500, 'ServiceException', 'Service'])
    expect(world.lines.map((line) => line.level)).toEqual(['error'])
  })
})
