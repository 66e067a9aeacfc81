import { AwsRefusal } from '../../../support/sources/dynamo-operations.ts'
import { queueArn } from '../queue-stack.ts'
import { ofQueue, ofStream, type Row, type WhyWorld } from './world.ts'

/** What a source answers that keeps it from being read. */
export const sourceCauses: readonly Row[] = [
  {
    what: 'a queue that does not exist',
    cause: 'source-missing',
    says: 'The queue queue-N does not exist at http://HOST (since TIME, N s ago; QueueDoesNotExist: The specified queue does not exist.). Create it, or correct EventSourceArn: it is attached when it appears.',
    provoke: (world) => world.start([ofQueue(queueArn(world.name('queue')))]),
  },
  {
    what: 'a queue that is deleted while it is read',
    cause: 'source-missing',
    says: 'The queue queue-N does not exist at http://HOST (since TIME, N s ago; QueueDoesNotExist: The specified queue does not exist.). Create it, or correct EventSourceArn: it is attached when it appears.',
    async provoke(world) {
      const { arn, name } = world.newQueue()
      world.queues.sendMessage(name, 'one')
      const before = world.functions.invocations.length
      const millrace = await world.start([ofQueue(arn)])
      await world.functions.untilInvoked(before + 1)
      world.queues.deleteQueue(name)
      return millrace
    },
  },
  {
    what: 'a table whose stream is not there',
    cause: 'source-missing',
    says: 'The stream of table table-N does not exist at http://HOST (since TIME, N s ago; Table table-N has no stream: enable one in its StreamSpecification.). Create it, or correct EventSourceArn: it is attached when it appears.',
    async provoke(world) {
      const name = world.name('table')
      world.tables.createTable(name, { stream: false })
      return world.start([ofStream(`dynamodb:${name}`)])
    },
  },
  {
    what: 'a stream whose endpoint does not answer',
    cause: 'source-unreachable',
    says: 'The stream clicks cannot be read at http://HOST (since TIME, N s ago): connect ECONNREFUSED HOST. Check that the endpoint runs and can be reached from here.',
    provoke: (world) => {
      const options = { endpoints: { kinesis: 'http://127.0.0.1:9' } }
      return world.start([ofStream('arn:aws:kinesis:us-east-1:000000000000:stream/clicks')], options)
    },
  },
  {
    what: 'a stream that the credentials may not read',
    cause: 'source-denied',
    says: 'The stream of table table-N may not be read with these credentials (since TIME, N s ago; AccessDeniedException: not yours). Grant dynamodb:DescribeStream, ListStreams, GetShardIterator and GetRecords: reading goes on by itself.',
    provoke: (world) => refusing(world, new AwsRefusal('AccessDeniedException', 'not yours')),
  },
  {
    what: 'a stream that asks for fewer requests',
    cause: 'source-throttled',
    says: 'The stream of table table-N asks for fewer requests (since TIME, N s ago; LimitExceededException: too many readers): reading goes on more slowly. Other readers of it share its limits.',
    provoke: (world) => refusing(world, new AwsRefusal('LimitExceededException', 'too many readers')),
  },
]

function refusing(world: WhyWorld, refusal: AwsRefusal) {
  world.tables.refusals.set(
    'GetRecords',
    Array.from({ length: 1_000 }, () => refusal),
  )
  return world.start([ofStream(world.newTable().arn)])
}
