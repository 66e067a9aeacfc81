import { CreateEventSourceMappingCommand } from '@aws-sdk/client-lambda'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { ok, raw } from '../../support/functions/behaviour.ts'
import { account, bodiesOf, queueArn, startQueueStack, type QueueStack } from '../integration/queue-stack.ts'
import { until } from '../../support/until.ts'

let stack: QueueStack

beforeEach(async () => {
  stack = await startQueueStack()
})

afterEach(() => stack.stop())

/** fauxqs alone, for everything: its S3 takes any POST that is neither SQS nor SNS, and answers 200. */
const queuesOnly = () => ({ region: 'us-east-1', account, endpoint: stack.endpoints.sqs })

const deleteResult = raw(200, '<?xml version="1.0" encoding="UTF-8"?>\n<DeleteResult>\n</DeleteResult>', {
  'content-type': 'application/xml',
  'x-amz-request-id': '46609FD9598B4EAF',
})

const mapping = (FunctionName: string) => ({ EventSourceArn: queueArn('q'), FunctionName })

async function shown(endpoint: string): Promise<string> {
  return await (await fetch(`${endpoint}/_millrace/mappings`)).text()
}

// proves: target.believed@SQS, upstream.none
it('a create is refused where the endpoint has no Lambda, with what to set, and nothing is left of it', async () => {
  stack.queue('q')
  const { endpoint, lambda } = await stack.start({ aws: queuesOnly() })
  stack.queues.sendMessage('q', 'one')
  const created = lambda.send(new CreateEventSourceMappingCommand(mapping('ordres')))
  await expect(created).rejects.toMatchObject({
    name: 'InvalidParameterValueException',
    message: expect.stringMatching(
      new RegExp(
        `^Function does not exist: ${stack.endpoints.sqs}: .*XML.* aws\\.endpoints\\.lambda .* functions:\\.$`,
      ),
    ),
  })
  expect(JSON.parse(await shown(endpoint))).toMatchObject({ mappings: [] })
  expect(stack.left('q')).toBe(1)
})

it('a mapping of the file waits for its Lambda without receiving anything, and says what it waits for', async () => {
  stack.queue('q')
  stack.queues.sendMessage('q', 'one')
  const { endpoint } = await stack.start({ aws: queuesOnly(), mappings: [mapping('ordres')] })
  await until(async () => (await shown(endpoint)).includes('so no Lambda runs there'), 'it says so')
  expect(stack.queues.inspectQueue('q')?.messages.ready).toHaveLength(1)
})

// proves: target.believed@SQS
it('a message is not deleted for an answer that no Lambda gives, and is delivered when there is one', async () => {
  stack.queue('q', { VisibilityTimeout: '30' })
  let isLambda = false
  stack.functions.behave(() => (isLambda ? ok() : deleteResult))
  const { endpoint } = await stack.start({ mappings: [mapping('orders')] })
  stack.queues.sendMessage('q', 'one')
  await stack.functions.untilInvoked(2)
  expect(stack.left('q')).toBe(1)
  expect(await shown(endpoint)).toContain('answered 200 with XML (<DeleteResult>)')
  isLambda = true
  await until(() => stack.left('q') === 0, 'the function has had it')
  // One receive: what never came to a function costs no attempt and no visibility.
  const last = stack.functions.invocations.at(-1)
  expect(last && bodiesOf([last])).toEqual(['one'])
  expect(last?.payload).toContain('"ApproximateReceiveCount":"1"')
})

it('nor is it deleted where the URL of a function is the S3 of an emulator, or answers anything but 200', async () => {
  stack.queue('q', { VisibilityTimeout: '30' })
  const answers = [deleteResult, raw(200, '<html></html>'), raw(302, '', { location: '/login' })]
  stack.functions.behave(({ index }) => answers[index] ?? ok())
  const url = stack.functions.invokeUrl
  await stack.start({ functions: { orders: { url, timeout: 3 } }, mappings: [mapping('orders')] })
  stack.queues.sendMessage('q', 'one')
  await until(() => stack.left('q') === 0, 'a function has had it')
  expect(stack.functions.invocations).toHaveLength(answers.length + 1)
})

it('a function behind a URL that answers 204 has failed: only 200 says that it returned', async () => {
  stack.queue('q', { VisibilityTimeout: '1' })
  stack.functions.behave(({ index }) => (index === 0 ? raw(204) : ok()))
  const url = stack.functions.invokeUrl
  await stack.start({ functions: { orders: { url, timeout: 1 } }, mappings: [mapping('orders')] })
  stack.queues.sendMessage('q', 'one')
  await stack.functions.untilInvoked(1)
  expect(stack.left('q')).toBe(1)
  await until(() => stack.left('q') === 0, 'the second try is acknowledged')
  expect(stack.functions.invocations).toHaveLength(2)
})
