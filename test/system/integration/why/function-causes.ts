import { raw, throttle, throwing, timingOut } from '../../../support/functions/behaviour.ts'
import type { Handler } from '../../../support/functions/server.ts'
import { ofQueue, ofStream, type Row, type WhyWorld } from './world.ts'

const errorOf = (type: string) => ({ 'content-type': 'application/json', 'x-amzn-errortype': type })

/** Why a function does not run, or never succeeds. */
export const functionCauses: readonly Row[] = [
  {
    what: 'a function that does not exist',
    cause: 'function-missing',
    says: 'The function ordres does not exist at http://HOST (since TIME, N s ago): ResourceNotFoundException: Function not found: arn:aws:lambda:us-east-1:000000000000:function:ordres. Create it, name it under functions:, or correct FunctionName. Nothing is read until then.',
    provoke: (world) => world.start([ofQueue(world.newQueue().arn, { FunctionName: 'ordres' })]),
  },
  {
    what: 'a function that is deleted while its stream is read',
    cause: 'function-missing',
    says: 'The function orders does not exist at http://HOST (since TIME, N s ago): ResourceNotFoundException: Function not found. Create it, name it under functions:, or correct FunctionName. Such attempts do not count: the records wait.',
    async provoke(world) {
      const { arn, name } = world.newTable()
      world.tables.put(name, 'one')
      const before = world.functions.invocations.length
      const millrace = await world.start([ofStream(arn)])
      await world.functions.untilInvoked(before + 1)
      world.removeFunction()
      world.tables.put(name, 'two')
      return millrace
    },
  },
  {
    what: 'an endpoint that has queues and no Lambda',
    cause: 'no-lambda',
    says: 'No Lambda is there to run the function orders (since TIME, N s ago): http://HOST: The Lambda endpoint answered 404 with XML (<Error>), so no Lambda runs there. Set aws.endpoints.lambda or AWS_ENDPOINT_URL_LAMBDA to the endpoint that runs it, or name it, with its URL, under functions:. Nothing is read until then.',
    provoke: (world) => world.start([ofQueue(world.newQueue().arn)], { endpoints: { lambda: world.endpoints.sqs } }),
  },
  {
    what: 'a function whose URL nobody listens on',
    cause: 'function-unreachable',
    says: 'Nothing answers at http://HOST/2015-03-31/functions/function/invocations for the function orders (since TIME, N s ago): connect ECONNREFUSED HOST. Check that it runs and can be reached from here. Such attempts do not count: the records wait.',
    async provoke(world) {
      const { arn, name } = world.newTable()
      world.tables.put(name, 'one')
      const url = 'http://127.0.0.1:9/2015-03-31/functions/function/invocations'
      return world.start([ofStream(arn)], { functions: { orders: { url } } } as never)
    },
  },
  {
    what: 'a function of a queue that nobody answers for',
    cause: 'function-unreachable',
    says: 'Nothing answers at http://HOST/2015-03-31/functions/function/invocations for the function orders (since TIME, N s ago): no connection. Check that it runs and can be reached from here. Nothing more is received until it can be invoked.',
    async provoke(world) {
      const { arn, name } = world.newQueue()
      world.queues.sendMessage(name, 'one')
      const url = 'http://127.0.0.1:9/2015-03-31/functions/function/invocations'
      return world.start([ofQueue(arn)], { functions: { orders: { url } } } as never)
    },
  },
  {
    what: 'a function that throttles a stream',
    cause: 'function-throttled',
    says: 'The function orders throttles (since TIME, N s ago): raise its concurrency, or lower that of the mapping. Such attempts do not count: the records wait.',
    provoke: (world) => streamed(world, () => throttle()),
  },
  {
    what: 'a function that throttles a queue',
    cause: 'function-throttled',
    says: 'The function orders throttles (since TIME, N s ago): raise its concurrency, or lower that of the mapping. A message that is throttled until its visibility ends is received again, so that a low limit drives healthy messages to the dead-letter queue, as on AWS. Such attempts do not count: messages wait here as long as they are ours.',
    provoke: (world) => queued(world, () => throttle()),
  },
  {
    what: 'a function that may not be invoked',
    cause: 'function-denied',
    says: 'The function orders may not be invoked with these credentials (since TIME, N s ago): AccessDeniedException: not yours. Grant lambda:InvokeFunction. Such attempts do not count: the records wait.',
    provoke: (world) => streamed(world, () => raw(403, '{"Message":"not yours"}', errorOf('AccessDeniedException'))),
  },
  {
    what: 'a Lambda endpoint that fails itself',
    cause: 'function-unavailable',
    says: 'http://HOST answers for the function orders with an error of its own, before it runs (since TIME, N s ago): ServiceException: out of order. Look into the log of that endpoint. Such attempts do not count: the records wait.',
    provoke: (world) => streamed(world, () => raw(500, '{"Message":"out of order"}', errorOf('ServiceException'))),
  },
  {
    what: 'a function that fails for a message',
    cause: 'function-failing',
    says: 'The function orders failed at TIME (N s ago): TypeError: boom. Message ID (receive 1 of 3) comes again at TIME (in N s), when its visibility ends. Its own log says more.',
    provoke: (world) => queued(world, () => throwing('boom', 'TypeError')),
  },
  {
    what: 'a function that fails for a message that may not come again',
    cause: 'function-failing',
    says: 'The function orders failed at TIME (N s ago): Sandbox.Timedout: RequestId: ID Error: Task timed out after 3.00 seconds. Message ID (receive 1 of 1): the queue moves it to dead-letters at TIME (in N s). Its own log says more.',
    provoke(world) {
      const RedrivePolicy = JSON.stringify({ deadLetterTargetArn: deadLetters, maxReceiveCount: 1 })
      return queued(world, () => timingOut(3), { RedrivePolicy })
    },
  },
]

const deadLetters = 'arn:aws:sqs:us-east-1:000000000000:dead-letters'

async function streamed(world: WhyWorld, handler: Handler) {
  const { arn, name } = world.newTable()
  world.tables.put(name, 'one')
  world.behave(handler)
  return world.start([ofStream(arn)])
}

async function queued(world: WhyWorld, handler: Handler, attributes: Record<string, string> = {}) {
  const { arn, name } = world.newQueue(attributes)
  world.queues.sendMessage(name, 'one')
  world.behave(handler)
  return world.start([ofQueue(arn)])
}
