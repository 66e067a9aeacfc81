import { ReceiveMessageCommand } from '@aws-sdk/client-sqs'
import { gate, ok, partial, throwing } from '../../../support/functions/behaviour.ts'
import { eventOf } from '../queue-stack.ts'
import { ofQueue, type Row } from './world.ts'

const fifo = { FifoQueue: 'true', ContentBasedDeduplication: 'true' }

/** What messages of a queue wait for. */
export const queueCauses: readonly Row[] = [
  {
    what: 'a message that failed beside others that did not',
    cause: 'message-waits-for-visibility',
    says: '1 message was not handled and waits for the next try: the queue shows message ID again at TIME (in N s), when its visibility ends.',
    async provoke(world) {
      const { arn, name } = world.newQueue()
      world.behave(({ payload }) => (payload.includes('poison') ? throwing() : ok()))
      world.queues.sendMessage(name, 'poison')
      const before = world.functions.invocations.length
      const millrace = await world.start([ofQueue(arn)])
      await world.functions.untilInvoked(before + 1)
      world.queues.sendMessage(name, 'fine')
      await world.functions.untilInvoked(before + 2)
      return millrace
    },
  },
  {
    what: 'a message group behind a message that failed',
    cause: 'group-held-back',
    says: 'Message group a is held back behind message ID, which was not handled: the queue gives nothing of the group until its visibility ends at TIME (in N s).',
    async provoke(world) {
      const { arn, name } = world.newQueue(fifo)
      world.queues.sendMessage(name, 'poison', { messageGroupId: 'a' })
      world.queues.sendMessage(name, 'fine', { messageGroupId: 'b' })
      world.behave(({ payload }) => partial(...poisonIn(payload)))
      return world.start([ofQueue(arn, { FunctionResponseTypes: ['ReportBatchItemFailures'] })])
    },
  },
  {
    what: 'how many messages wait behind a message group',
    cause: 'group-held-back',
    isAnswer: false,
    says: 'The queue shows 2 messages as visible: those of the group wait until then.',
    async provoke(world) {
      const { arn, name } = world.newQueue(fifo)
      world.queues.sendMessage(name, 'poison', { messageGroupId: 'a' })
      world.behave(() => throwing())
      const before = world.functions.invocations.length
      const millrace = await world.start([ofQueue(arn)])
      await world.functions.untilInvoked(before + 1)
      for (const body of ['second', 'third']) world.queues.sendMessage(name, body, { messageGroupId: 'a' })
      return millrace
    },
  },
  {
    what: 'messages that are delayed',
    cause: 'messages-delayed',
    says: '1 message is delayed: the queue shows it when the delay (DelaySeconds of the message or of the queue) ends.',
    async provoke(world) {
      const { arn, name } = world.newQueue({ DelaySeconds: '300' })
      world.queues.sendMessage(name, 'later')
      return world.start([ofQueue(arn)])
    },
  },
  {
    what: 'messages that another consumer holds',
    cause: 'messages-elsewhere',
    says: '1 message is in flight elsewhere: another consumer of the queue has it, or a process that ended with it. What is not deleted comes here when its visibility (30 s for this queue) ends. Stop the other consumer if this mapping is to have every message.',
    async provoke(world) {
      const { arn, name } = world.newQueue()
      world.queues.sendMessage(name, 'theirs')
      const QueueUrl = `${world.endpoints.sqs}/000000000000/${name}`
      await world.sqs.send(new ReceiveMessageCommand({ QueueUrl }))
      return world.start([ofQueue(arn)])
    },
  },
  {
    what: 'messages that wait for their batching window',
    cause: 'waits-for-window',
    says: '2 records are held until the batching window of 20 seconds ends at TIME (in N s), or BatchSize 10 is reached.',
    async provoke(world) {
      const { arn, name } = world.newQueue()
      for (const body of ['one', 'two']) world.queues.sendMessage(name, body)
      return world.start([ofQueue(arn, { MaximumBatchingWindowInSeconds: 20 })])
    },
  },
  {
    what: 'batches that wait for a free invocation',
    cause: 'waits-for-invocation',
    says: '1 batch waits for a free invocation: Millrace makes 1 at once in all (maxInvocations). The mapping of queue-N to the function orders holds 1 of them, the oldest since TIME (N s).',
    async provoke(world) {
      const { opened, open } = gate()
      world.afterwards(open)
      world.behave(async () => {
        await opened
        return ok()
      })
      const [first, second] = [world.newQueue(), world.newQueue()]
      world.queues.sendMessage(first.name, 'one')
      const { endpoint } = await world.start([ofQueue(first.arn), ofQueue(second.arn)], { maxInvocations: 1 })
      await world.functions.until((server) => server.running === 1)
      world.queues.sendMessage(second.name, 'two')
      return { endpoint, about: second.name }
    },
  },
  {
    what: 'a visibility that is shorter than the function may run',
    cause: 'visibility-too-short',
    isAnswer: false,
    says: "The queue's visibility timeout of 2 s is shorter than the timeout of 3 s of the function orders: Millrace asks for a longer one with each receive, other consumers do not. Set it to at least 18 s, as AWS advises.",
    provoke: (world) => world.start([ofQueue(world.newQueue({ VisibilityTimeout: '2' }).arn)]),
  },
  {
    what: 'a queue without a redrive policy',
    cause: 'no-redrive-policy',
    isAnswer: false,
    says: 'The queue has no redrive policy: a message that always fails comes back until the queue drops it. Set one with a dead-letter queue.',
    async provoke(world) {
      const name = world.name('queue')
      return world.start([ofQueue(world.queue(name))])
    },
  },
]

function poisonIn(payload: string): readonly string[] {
  return eventOf(payload).Records.flatMap(({ body, messageId }) => (body === 'poison' ? [messageId] : []))
}
