import { createServer, type Server } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { GetObjectCommand, HeadObjectCommand, S3Client } from '@aws-sdk/client-s3'
import { startFauxqs, type FauxqsServer } from 'fauxqs'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { AwsAccess, AwsCaller } from '../../../src/access/aws-access.ts'
import { createAwsAccess } from '../../../src/access/create-aws-access.ts'
import { createDestination } from '../../../src/destinations/destination-router.ts'
import type { Delivery, Destination } from '../../../src/ports.ts'
import { defaultSettings } from '../../support/settings.ts'

const idle = new AbortController().signal
const body = '{"requestContext":{"condition":"RetryAttemptsExhausted"},"note":"ä & <b> +%20"}'
const objectKey = 'aws/lambda/0b1c/shardId-000000000001/2026/11/21/2026-11-21T10.11.12-5f0e'
const queueArn = 'arn:aws:sqs:us-east-1:000000000000:dead'
const topicArn = 'arn:aws:sns:us-east-1:000000000000:dead-topic'
const bucketArn = 'arn:aws:s3:::dead-bucket'

let closers: (() => Promise<void> | void)[]

beforeEach(() => {
  closers = []
})

afterEach(async () => {
  for (const close of closers.toReversed()) await close()
})

function deliveryTo(arn: string): Delivery {
  return { arn, body, objectKey }
}

async function destinationAt(endpoint: string): Promise<Destination> {
  const access: AwsAccess = await createAwsAccess(
    { ...defaultSettings.aws, region: 'us-east-1', endpoint },
    { info: () => undefined, warn: () => undefined },
  )
  closers.push(() => access.close())
  return createDestination(access)
}

describe('against a real service', () => {
  let fauxqs: FauxqsServer
  let destination: Destination

  beforeEach(async () => {
    fauxqs = await startFauxqs({ port: 0, host: '127.0.0.1', logger: false })
    closers.push(() => fauxqs.stop())
    destination = await destinationAt(`http://127.0.0.1:${fauxqs.port}`)
  })

  function bodiesIn(queue: string): readonly string[] {
    return fauxqs.inspectQueue(queue)?.messages.ready.map((message) => message.body) ?? []
  }

  // proves: destination.body
  it('a queue gets the failure record as its message, byte for byte', async () => {
    fauxqs.createQueue('dead')
    expect(await destination.deliver(deliveryTo(queueArn), idle)).toEqual({ kind: 'delivered' })
    expect(await destination.deliver(deliveryTo(queueArn), idle)).toEqual({ kind: 'delivered' })
    expect(bodiesIn('dead')).toEqual([body, body])
  })

  it('a queue that is missing is worth another try, and is found once it is there', async () => {
    expect(await destination.deliver(deliveryTo(queueArn), idle)).toMatchObject({ kind: 'refused', retryable: true })
    fauxqs.createQueue('dead')
    expect(await destination.deliver(deliveryTo(queueArn), idle)).toEqual({ kind: 'delivered' })
  })

  it('a queue that was deleted and created anew is looked up again', async () => {
    fauxqs.createQueue('dead')
    await destination.deliver(deliveryTo(queueArn), idle)
    fauxqs.deleteQueue('dead')
    expect(await destination.deliver(deliveryTo(queueArn), idle)).toMatchObject({ kind: 'refused', retryable: true })
    fauxqs.createQueue('dead')
    expect(await destination.deliver(deliveryTo(queueArn), idle)).toEqual({ kind: 'delivered' })
    expect(bodiesIn('dead')).toEqual([body])
  })

  // proves: destination.body
  it('a topic publishes the failure record as its message', async () => {
    fauxqs.createTopic('dead-topic')
    fauxqs.createQueue('listener')
    fauxqs.subscribe({ topic: 'dead-topic', queue: 'listener', attributes: { RawMessageDelivery: 'true' } })
    expect(await destination.deliver(deliveryTo(topicArn), idle)).toEqual({ kind: 'delivered' })
    expect(bodiesIn('listener')).toEqual([body])
  })

  it('a topic that is missing is refused with the service’s words', async () => {
    expect(await destination.deliver(deliveryTo(topicArn), idle)).toMatchObject({
      kind: 'refused',
      retryable: true,
      message: expect.stringContaining('NotFound'),
    })
  })

  // proves: destination.s3
  it('floci#3620: a bucket gets one object under the key that AWS uses, as an octet stream', async () => {
    fauxqs.createBucket('dead-bucket')
    expect(await destination.deliver(deliveryTo(bucketArn), idle)).toEqual({ kind: 'delivered' })
    const s3 = new S3Client({
      endpoint: `http://127.0.0.1:${fauxqs.port}`,
      region: 'us-east-1',
      forcePathStyle: true,
      credentials: { accessKeyId: 'a', secretAccessKey: 'b' },
    })
    closers.push(() => s3.destroy())
    const object = { Bucket: 'dead-bucket', Key: objectKey }
    expect(await (await s3.send(new GetObjectCommand(object))).Body?.transformToString()).toBe(body)
    expect((await s3.send(new HeadObjectCommand(object))).ContentType).toBe('application/octet-stream')
  })

  it('a bucket that is missing is worth another try', async () => {
    expect(await destination.deliver(deliveryTo(bucketArn), idle)).toMatchObject({
      kind: 'refused',
      retryable: true,
      message: expect.stringContaining('NoSuchBucket'),
    })
  })

  it.each([
    `${queueArn}.fifo`,
    `${topicArn}.fifo`,
    'arn:aws:lambda:us-east-1:000000000000:function:f',
    'kafka://t',
    '',
  ])('%j is refused for good', async (arn) => {
    expect(await destination.deliver(deliveryTo(arn), idle)).toMatchObject({ kind: 'refused', retryable: false })
  })
})

describe('against a service that refuses', () => {
  interface Reply {
    readonly status: number
    readonly headers?: Readonly<Record<string, string>>
    readonly body?: string
  }

  async function serviceThatAnswers(answer: (target: string, url: string, body: string) => Reply | 'never') {
    const seen: string[] = []
    const server: Server = createServer((request, response) => {
      void text(request).then((sent) => {
        const target = String(request.headers['x-amz-target'] ?? '')
        seen.push(target.split('.')[1] ?? `${request.method} ${request.url}`)
        const reply = answer(target, request.url ?? '', `${sent}${String(request.headers.authorization)}`)
        if (reply === 'never') return
        response.writeHead(reply.status, reply.headers).end(reply.body ?? '')
      })
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    closers.push(() => {
      server.close()
      server.closeAllConnections()
    })
    return {
      destination: await destinationAt(`http://127.0.0.1:${(server.address() as AddressInfo).port}`),
      seen,
      server,
    }
  }

  const json = (status: number, type: string): Reply => ({
    status,
    body: JSON.stringify({ __type: type, message: 'm' }),
  })
  const xml = (status: number, code: string): Reply => ({
    status,
    body: `<ErrorResponse><Error><Code>${code}</Code><Message>m</Message></Error></ErrorResponse>`,
  })

  it.each([
    ['a denial', json(403, 'AccessDenied'), false],
    ['an unacceptable body', json(400, 'com.amazonaws.sqs#InvalidMessageContents'), false],
    ['a throttle', json(400, 'ThrottlingException'), true],
    ['a bad moment', { status: 503 }, true],
  ])('a queue’s answer with %s says whether to try again', async (_what, reply, retryable) => {
    const { destination, seen } = await serviceThatAnswers((target) =>
      target.endsWith('GetQueueUrl') ? { status: 200, body: '{"QueueUrl":"http://elsewhere/0/dead"}' } : reply,
    )
    expect(await destination.deliver(deliveryTo(queueArn), idle)).toMatchObject({ kind: 'refused', retryable })
    expect(seen).toEqual(['GetQueueUrl', 'SendMessage'])
  })

  it.each([
    ['a queue', queueArn, '{}'],
    ['a topic', topicArn, '<html>Welcome</html>'],
    ['a topic', topicArn, ''],
    ['a bucket', bucketArn, '<html>Welcome</html>'],
    ['a bucket', bucketArn, ''],
  ])('%s has the record only when its service says so: %s is worth another try after %j', async (_what, arn, body) => {
    const { destination } = await serviceThatAnswers((target) =>
      target.endsWith('GetQueueUrl')
        ? { status: 200, body: '{"QueueUrl":"http://elsewhere/0/dead"}' }
        : { status: 200, body },
    )
    expect(await destination.deliver(deliveryTo(arn), idle)).toMatchObject({ kind: 'refused', retryable: true })
  })

  it('a queue’s URL is looked up once', async () => {
    const { destination, seen } = await serviceThatAnswers((target) =>
      target.endsWith('GetQueueUrl')
        ? { status: 200, body: '{"QueueUrl":"http://elsewhere/0/dead"}' }
        : { status: 200, body: '{"MessageId":"1"}' },
    )
    await destination.deliver(deliveryTo(queueArn), idle)
    await destination.deliver(deliveryTo(queueArn), idle)
    expect(seen).toEqual(['GetQueueUrl', 'SendMessage', 'SendMessage'])
  })

  it.each([
    ['a topic', topicArn, xml(403, 'AuthorizationError'), false],
    ['a topic', topicArn, xml(400, 'InvalidParameter'), false],
    ['a topic', topicArn, xml(400, 'Throttling'), true],
    ['a bucket', bucketArn, xml(403, 'AccessDenied'), false],
    ['a bucket', bucketArn, xml(503, 'SlowDown'), true],
    ['a bucket', bucketArn, { status: 500, body: 'oops' }, true],
    ['a bucket', bucketArn, { status: 404, body: 'nothing here' }, true],
  ])('%s (%s) answers with %j: worth another try is %s', async (_what, arn, reply, retryable) => {
    const { destination } = await serviceThatAnswers(() => reply)
    expect(await destination.deliver(deliveryTo(arn), idle)).toMatchObject({ kind: 'refused', retryable })
  })

  it('a bucket of another region is found at the second try', async () => {
    const written: Reply = { status: 200, headers: { etag: '"x"' } }
    const moved: Reply = { ...xml(301, 'PermanentRedirect'), headers: { 'x-amz-bucket-region': 'eu-west-3' } }
    const { destination } = await serviceThatAnswers((_target, _url, sent) =>
      sent.includes('/eu-west-3/s3/') ? written : moved,
    )
    expect(await destination.deliver(deliveryTo(bucketArn), idle)).toMatchObject({ kind: 'refused', retryable: true })
    expect(await destination.deliver(deliveryTo(bucketArn), idle)).toEqual({ kind: 'delivered' })
  })

  it('a bucket that refuses with its region, or for which moving did not help, is not chased', async () => {
    const home = { 'x-amz-bucket-region': 'us-east-1' }
    const denying = await serviceThatAnswers(() => ({ ...xml(403, 'AccessDenied'), headers: home }))
    expect(await denying.destination.deliver(deliveryTo(bucketArn), idle)).toMatchObject({ retryable: false })
    const malformed = await serviceThatAnswers(() => ({ ...xml(400, 'InvalidRequest'), headers: home }))
    expect(await malformed.destination.deliver(deliveryTo(bucketArn), idle)).toMatchObject({ retryable: true })
    expect(await malformed.destination.deliver(deliveryTo(bucketArn), idle)).toMatchObject({ retryable: false })
  })

  it('a queue that answers as missing is looked up again at the next try', async () => {
    const { destination, seen } = await serviceThatAnswers((target) =>
      target.endsWith('GetQueueUrl')
        ? { status: 200, body: '{"QueueUrl":"http://elsewhere/0/dead"}' }
        : json(400, 'com.amazonaws.sqs#QueueDoesNotExist'),
    )
    await destination.deliver(deliveryTo(queueArn), idle)
    await destination.deliver(deliveryTo(queueArn), idle)
    expect(seen).toEqual(['GetQueueUrl', 'SendMessage', 'GetQueueUrl', 'SendMessage'])
  })

  it.each([
    [true, 'delivered', ['GetQueueUrl', 'SendMessage https://sqs.us-east-1.amazonaws.com/000000000000/dead']],
    [false, 'refused', ['GetQueueUrl']],
  ])('a role that may only send (AWS: %s) ends with: %s', async (isAws, kind, calls) => {
    const seen: string[] = []
    const caller: AwsCaller = {
      endpoint: 'https://sqs.us-east-1.amazonaws.com',
      json: async (operation, input) => {
        const url = (input as { QueueUrl?: string }).QueueUrl
        seen.push(url === undefined ? operation : `${operation} ${url}`)
        if (operation === 'SendMessage') return { kind: 'ok', output: { MessageId: '1' } }
        return { kind: 'error', status: 403, code: 'AccessDenied', message: 'no' }
      },
      http: async () => ({ kind: 'unreachable', sent: false, message: 'not asked for' }),
    }
    const access: AwsAccess = { service: () => caller, isAws: () => isAws, close: async () => undefined }
    expect(await createDestination(access).deliver(deliveryTo(queueArn), idle)).toMatchObject({ kind })
    expect(seen).toEqual(calls)
  })

  it.each([queueArn, topicArn, bucketArn])('%s is worth another try when nobody listens', async (arn) => {
    const { destination, server } = await serviceThatAnswers(() => ({ status: 200 }))
    server.close()
    server.closeAllConnections()
    await once(server, 'close')
    expect(await destination.deliver(deliveryTo(arn), idle)).toMatchObject({ kind: 'refused', retryable: true })
  })

  it('a delivery that the caller gives up ends with the caller’s reason', async () => {
    const arrived = Promise.withResolvers<void>()
    const { destination } = await serviceThatAnswers(() => {
      arrived.resolve()
      return 'never'
    })
    const controller = new AbortController()
    const delivery = destination.deliver(deliveryTo(topicArn), controller.signal)
    await arrived.promise
    controller.abort(new Error('draining'))
    await expect(delivery).rejects.toThrow('draining')
  })
})
