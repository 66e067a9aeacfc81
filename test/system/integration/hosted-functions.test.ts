import { CreateEventSourceMappingCommand } from '@aws-sdk/client-lambda'
import { SendMessageCommand } from '@aws-sdk/client-sqs'
import { afterEach, describe, expect, it } from 'vitest'
import { ok } from '../../support/functions/behaviour.ts'
import { startFunctionServer, type FunctionServer } from '../../support/functions/server.ts'
import { eventOf, queueArn, startQueueStack, type QueueStack } from './queue-stack.ts'
import { until } from '../../support/until.ts'

let stack: QueueStack
const servers: FunctionServer[] = []

async function rie(): Promise<FunctionServer> {
  const server = await startFunctionServer({ dialect: 'rie' })
  servers.push(server)
  return server
}

afterEach(async () => {
  await stack.stop()
  await Promise.all(servers.splice(0).map((server) => server.close()))
})

const mapping = (more: object = {}) => ({ EventSourceArn: queueArn('q'), FunctionName: 'audit', ...more })

describe('functions behind runtime emulators', () => {
  it('get one invocation at a time per URL; several URLs are a pool (RIE#97)', async () => {
    stack = await startQueueStack()
    stack.queue('q')
    const [one, two] = [await rie(), await rie()]
    const both = () => one.running + two.running
    let most = 0
    for (const server of [one, two]) {
      server.behave(async () => {
        most = Math.max(most, both())
        await until(() => most === 2, 'both run')
        return ok()
      })
    }
    for (let index = 0; index < 20; index++) stack.queues.sendMessage('q', `m${index}`)
    await stack.start({
      functions: { audit: { url: [one.invokeUrl, two.invokeUrl], timeout: 10 } },
      mappings: [mapping({ BatchSize: 1 })],
    })
    await until(() => stack.left('q') === 0, 'all is deleted')
    expect([one.runningMax, two.runningMax]).toEqual([1, 1])
    expect(one.invocations.length + two.invocations.length).toBe(20)
  })

  it('never acknowledge by an exception that comes as a 200 (behaviour §13.1)', async () => {
    stack = await startQueueStack()
    stack.queue('q', { VisibilityTimeout: '1' })
    const server = await rie()
    server.behave(({ index }) => (index === 0 ? { kind: 'error', errorType: 'Error', message: 'boom' } : ok()))
    await stack.start({ functions: { audit: { url: server.invokeUrl, timeout: 1 } }, mappings: [mapping()] })
    stack.queues.sendMessage('q', 'one')
    await server.untilInvoked(1)
    expect(stack.left('q')).toBe(1)
    await server.untilInvoked(2)
    await until(() => stack.left('q') === 0, 'the second try is acknowledged')
    expect(server.invocations).toHaveLength(2)
  })

  it('that are stopped are waited for with the same messages', async () => {
    stack = await startQueueStack()
    stack.queue('q')
    const gone = await rie()
    const { port, invokeUrl } = gone
    await stack.start({ functions: { audit: { url: invokeUrl, timeout: 3 } }, mappings: [mapping()] })
    stack.queues.sendMessage('q', 'first')
    await until(() => gone.invocations.length === 1 && stack.left('q') === 0, 'it runs')
    await gone.close()
    stack.queues.sendMessage('q', 'one')
    await until(() => stack.queues.inspectQueue('q')?.messages.inflight.length === 1, 'it is received')
    const back = await startFunctionServer({ dialect: 'rie', port })
    servers.push(back)
    await back.untilInvoked(1)
    const [record] = eventOf(back.invocations[0]?.payload ?? '').Records
    expect(record?.attributes['ApproximateReceiveCount']).toBe('1')
  })

  it('get the event of AWS: attributes in camel case, binary ones as base64 (floci#1422, floci#1548)', async () => {
    stack = await startQueueStack()
    stack.queue('q')
    const server = await rie()
    await stack.start({ functions: { audit: { url: server.invokeUrl, timeout: 3 } }, mappings: [mapping()] })
    const body = '{"a": 1}\n"ü" \\u00fc'
    await stack.sqs.send(
      new SendMessageCommand({
        QueueUrl: stack.queues.inspectQueue('q')?.url,
        MessageBody: body,
        MessageAttributes: {
          text: { DataType: 'String', StringValue: 'x' },
          bytes: { DataType: 'Binary', BinaryValue: Buffer.from([1, 2, 255]) },
        },
      }),
    )
    await server.untilInvoked(1)
    const [record] = eventOf(server.invocations[0]?.payload ?? '').Records
    expect(record).toMatchObject({
      body,
      messageAttributes: {
        text: { stringValue: 'x', stringListValues: [], binaryListValues: [], dataType: 'String' },
        bytes: { binaryValue: 'AQL/', stringListValues: [], binaryListValues: [], dataType: 'Binary' },
      },
      eventSource: 'aws:sqs',
      awsRegion: 'us-east-1',
    })
    expect(record?.attributes['ApproximateFirstReceiveTimestamp']).toMatch(/^\d{13}$/)
  })

  it('are all there is where no Lambda endpoint is configured: AWS is not asked for others', async () => {
    stack = await startQueueStack()
    stack.queue('q')
    const server = await rie()
    const { sqs } = stack.endpoints
    const endpoints = { sqs, kinesis: 'http://127.0.0.1:9', dynamodb: 'http://127.0.0.1:9' }
    const aws = { region: 'us-east-1', account: '000000000000', endpoints }
    const waiting = mapping({ FunctionName: 'elsewhere' })
    const functions = { audit: { url: server.invokeUrl, timeout: 3 } }
    const { endpoint, lambda } = await stack.start({ aws, functions, mappings: [waiting] })
    const create = (FunctionName: string) =>
      lambda.send(new CreateEventSourceMappingCommand({ EventSourceArn: queueArn('q'), FunctionName }))
    await expect(create('typo')).rejects.toMatchObject({
      name: 'InvalidParameterValueException',
      message: expect.stringMatching(/^Function does not exist: .*aws\.endpoints\.lambda.*functions:/),
    })
    stack.queues.sendMessage('q', 'm')
    await until(async () => {
      const { mappings } = (await (await fetch(`${endpoint}/_millrace/mappings`)).json()) as { mappings: object[] }
      return JSON.stringify(mappings).includes('no Lambda endpoint is configured')
    }, 'the mapping of the file says what it waits for')
    expect(stack.left('q')).toBe(1)
    expect((await create('audit')).FunctionArn).toBe('arn:aws:lambda:us-east-1:000000000000:function:audit')
  })
})
