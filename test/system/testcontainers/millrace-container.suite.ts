import { CreateEventSourceMappingCommand, LambdaClient, ListEventSourceMappingsCommand } from '@aws-sdk/client-lambda'
import { CreateQueueCommand, SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs'
import { startFauxqs, type FauxqsServer } from 'fauxqs'
import {
  GenericContainer,
  LABEL_TESTCONTAINERS_SESSION_ID,
  Network,
  Wait,
  type StartedNetwork,
  type StartedTestContainer,
} from 'testcontainers'
import { afterAll, afterEach, beforeAll, describe, expect, inject, it } from 'vitest'
import { MillraceContainer, type StartedMillraceContainer } from '../../../src/testcontainers/millrace-container.ts'
import { docker, tryDocker } from '../image/docker.ts'
import { report, skipped } from '../image/report.ts'
import { imageTag } from '../image/tags.ts'
import { until } from '../../support/until.ts'

const absent = inject('imagesMissing').filter((line) => /^(?:testcontainers\/sshd|ministackorg)/.test(line))
const missing = inject('dockerMissing') || absent.join('; ')
if (missing !== '') skipped('Testcontainers', missing)

const client = { region: 'us-east-1', credentials: { accessKeyId: 'test', secretAccessKey: 'test' } }

interface QueueEvent {
  readonly Records: readonly { readonly messageId: string; readonly body: string }[]
}

let millrace: StartedMillraceContainer | undefined
let session = ''

afterEach(async () => {
  session = millrace?.getLabels()[LABEL_TESTCONTAINERS_SESSION_ID] ?? session
  await millrace?.stop()
  millrace = undefined
})

// Nobody else takes the container away through which host ports are reached.
afterAll(async () => {
  if (session === '') return
  const left = await docker('ps', '--all', '--quiet', '--filter', `label=${LABEL_TESTCONTAINERS_SESSION_ID}=${session}`)
  if (left !== '') await docker('rm', '--force', '--volumes', ...left.split('\n'))
})

describe.skipIf(missing !== '')('Testcontainers', () => {
  let queues: FauxqsServer
  let url: string
  let sqs: SQSClient

  beforeAll(async () => {
    // Where there is nobody to take the containers away afterwards, the tests do so themselves.
    process.env['TESTCONTAINERS_RYUK_DISABLED'] ??= 'true'
    queues = await startFauxqs({ host: '127.0.0.1', port: 0, logger: false })
    url = `http://localhost:${queues.port}`
    sqs = new SQSClient({ ...client, endpoint: url, useQueueUrlAsEndpoint: false })
  })
  afterAll(async () => {
    sqs?.destroy()
    await queues?.stop()
  })

  async function queue(name: string, attributes: Record<string, string> = {}) {
    const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName: name, Attributes: attributes }))
    return {
      arn: `arn:aws:sqs:us-east-1:000000000000:${name}`,
      send: (body: string) => sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: body })),
      left: () => {
        const messages = queues.inspectQueue(name)?.messages
        return messages ? messages.ready.length + messages.inflight.length + messages.delayed.length : 0
      },
    }
  }

  // The handler is one of the test process, and the message is deleted.
  it('a message of the queue reaches the function', async () => {
    const orders = await queue('orders')
    const bodies: string[] = []
    const began = performance.now()
    millrace = await new MillraceContainer(imageTag)
      .withBackend(url)
      .withFunction('orders', (event: QueueEvent) => void bodies.push(...event.Records.map(({ body }) => body)))
      .withMapping({ EventSourceArn: orders.arn, FunctionName: 'orders', BatchSize: 10 })
      .start()
    report('Testcontainers: start()', `${((performance.now() - began) / 1_000).toFixed(1)} s`)
    await orders.send('first')
    await until(() => bodies.includes('first'), 'the handler is invoked')
    await until(() => orders.left() === 0, 'the message is deleted')
    expect(bodies).toEqual(['first'])
  })

  it('an exception of the handler leaves the message, a partial response leaves what it lists', async () => {
    const bad = await queue('bad', { VisibilityTimeout: '1' })
    const partial = await queue('partial', { VisibilityTimeout: '1' })
    const attempts: string[] = []
    millrace = await new MillraceContainer(imageTag)
      .withBackend(url)
      .withFunction('bad', (event: QueueEvent) => {
        attempts.push(...event.Records.map(({ body }) => body))
        if (attempts.length < 3) throw new Error('not yet')
      })
      .withFunction('partial', (event: QueueEvent) => ({
        batchItemFailures: event.Records.flatMap(({ messageId, body }) =>
          body === 'poison' ? [{ itemIdentifier: messageId }] : [],
        ),
      }))
      .withMapping({ EventSourceArn: bad.arn, FunctionName: 'bad' })
      .withMapping({
        EventSourceArn: partial.arn,
        FunctionName: 'partial',
        FunctionResponseTypes: ['ReportBatchItemFailures'],
      })
      .start()
    await bad.send('again')
    await Promise.all([partial.send('good'), partial.send('poison')])
    await until(() => bad.left() === 0, 'the third attempt succeeded')
    expect(attempts).toEqual(['again', 'again', 'again'])
    await until(() => partial.left() === 1, 'only the poison is left')
  })

  it('awsConfig makes a client of the Lambda API', async () => {
    const late = await queue('late')
    const bodies: string[] = []
    millrace = await new MillraceContainer(imageTag)
      .withBackend(url)
      .withFunction('late', (event: QueueEvent) => void bodies.push(...event.Records.map(({ body }) => body)))
      .start()
    const lambda = new LambdaClient(millrace.awsConfig)
    await lambda.send(new CreateEventSourceMappingCommand({ EventSourceArn: late.arn, FunctionName: 'late' }))
    const { EventSourceMappings } = await lambda.send(new ListEventSourceMappingsCommand({}))
    expect(EventSourceMappings).toMatchObject([{ EventSourceArn: late.arn, BatchSize: 10 }])
    lambda.destroy()
    expect((await fetch(`${millrace.endpoint}/healthz`)).status).toBe(200)
    await late.send('late')
    await until(() => bodies.includes('late'), 'the handler is invoked')
  })

  it('lets in who signs with its credentials or sends the token, and nobody else', async () => {
    millrace = await new MillraceContainer(imageTag).withBackend(url).withAuth('a-token-of-the-test').start()
    const lambda = new LambdaClient(millrace.awsConfig)
    expect((await lambda.send(new ListEventSourceMappingsCommand({}))).EventSourceMappings).toEqual([])
    lambda.destroy()
    const asked = async (authorization?: string) => {
      const headers = authorization === undefined ? {} : { authorization }
      return (await fetch(`${millrace?.endpoint}/_millrace/mappings`, { headers })).status
    }
    expect(await asked('Bearer a-token-of-the-test')).toBe(200)
    expect(await asked()).toBe(403)
    expect(await asked('Bearer another')).toBe(401)
  })

  it('says what is wrong with a mapping in the error of start()', async () => {
    const wrong = new MillraceContainer(imageTag)
      .withBackend(url)
      .withMapping({ EventSourceArn: 'arn:aws:sqs:us-east-1:000000000000:orders', FunctionName: 'f', BatchSize: 0 })
    await expect(wrong.start()).rejects.toThrow(/MILLRACE_CONFIG.*batchSize/is)
  })
})

describe.skipIf(missing !== '')('Testcontainers', () => {
  let network: StartedNetwork
  let ministack: StartedTestContainer
  let lambdaFunction: StartedTestContainer

  beforeAll(async () => {
    process.env['TESTCONTAINERS_RYUK_DISABLED'] ??= 'true'
    network = await new Network().start()
    ministack = await new GenericContainer('ministackorg/ministack:1.5')
      .withNetwork(network)
      .withExposedPorts(4566)
      .withWaitStrategy(Wait.forHttp('/_ministack/health', 4566))
      .start()
    lambdaFunction = await new GenericContainer('public.ecr.aws/lambda/nodejs:24')
      .withNetwork(network)
      .withNetworkAliases('function')
      .withCommand(['index.handler'])
      .withCopyFilesToContainer([{ source: 'deploy/compose/function/index.mjs', target: '/var/task/index.mjs' }])
      .start()
  })
  afterAll(async () => {
    await lambdaFunction?.stop()
    await ministack?.stop()
    await network?.stop()
  })

  it('finds it in its own network, and invokes a function by URL and a handler', async () => {
    const endpoint = `http://${ministack.getHost()}:${ministack.getMappedPort(4566)}`
    const sqs = new SQSClient({ ...client, endpoint, useQueueUrlAsEndpoint: false })
    const queues = await Promise.all(
      ['near', 'far'].map(async (name) => {
        const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName: name }))
        return { arn: `arn:aws:sqs:us-east-1:000000000000:${name}`, QueueUrl }
      }),
    )
    const seen: string[] = []
    const builder = new MillraceContainer(imageTag)
      .withBackend(ministack)
      .withFunction('near', (event: QueueEvent) => void seen.push(...event.Records.map(({ body }) => body)))
      .withFunctionUrl('far', 'http://function:8080/2015-03-31/functions/function/invocations')
    for (const { arn } of queues) {
      builder.withMapping({ EventSourceArn: arn, FunctionName: arn.split(':').at(-1) ?? '' })
    }
    millrace = await builder.start()
    for (const { QueueUrl } of queues) await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: 'hello' }))
    await until(() => seen.includes('hello'), 'the handler is invoked')
    await until(async () => (await logsOf(lambdaFunction)).includes('received aws:sqs hello'), 'the function')
    expect(seen).toEqual(['hello'])
    sqs.destroy()
  })
})

async function logsOf(container: StartedTestContainer): Promise<string> {
  const { out, err } = await tryDocker('logs', container.getId())
  return out + err
}
