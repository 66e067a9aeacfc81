import {
  ChangeMessageVisibilityCommand,
  CreateQueueCommand,
  GetQueueAttributesCommand,
  ReceiveMessageCommand,
  SendMessageBatchCommand,
  type SendMessageBatchRequestEntry,
} from '@aws-sdk/client-sqs'
import type { EventRecord, Invocation, ScriptedFunction } from '../functions/scripted-functions.ts'
import { until } from '../../../support/until.ts'
import { visibilityS, type World } from '../world.ts'

/** One queue of one behaviour. */
export interface Queue {
  readonly url: string
  readonly arn: string
  send(messages: readonly QueueMessage[]): Promise<void>
  /** Ends the visibility timeout of messages that an invocation was given, in this order. */
  showAgain(records: readonly EventRecord[]): Promise<void>
  counts(): Promise<QueueCounts>
  /** Waits until no message is left, hidden or not. */
  untilEmpty(): Promise<void>
  /** Waits for so many messages and answers with their bodies. */
  receive(count: number): Promise<readonly string[]>
}

export interface QueueCounts {
  readonly visible: number
  readonly hidden: number
}

export interface QueueMessage {
  readonly body: string
  readonly group?: string
  readonly attributes?: SendMessageBatchRequestEntry['MessageAttributes']
}

const entriesMax = 10

export async function createQueue(
  { clients: { sqs } }: Pick<World, 'clients'>,
  name: string,
  attributes: Readonly<Record<string, string>> = {},
): Promise<Queue> {
  const { QueueUrl: url = '' } = await sqs.send(
    new CreateQueueCommand({
      QueueName: name,
      Attributes: { VisibilityTimeout: String(visibilityS), ...attributes },
    }),
  )
  const look = (...names: readonly ('All' | 'QueueArn')[]) =>
    sqs.send(new GetQueueAttributesCommand({ QueueUrl: url, AttributeNames: [...names] }))
  const counts = async (): Promise<QueueCounts> => {
    const { Attributes: now = {} } = await look('All')
    return {
      visible: Number(now['ApproximateNumberOfMessages']),
      hidden: Number(now['ApproximateNumberOfMessagesNotVisible']),
    }
  }
  const arn = (await look('QueueArn')).Attributes?.['QueueArn'] ?? ''
  return {
    url,
    arn,
    async send(messages) {
      for (let from = 0; from < messages.length; from += entriesMax) {
        const entries = messages.slice(from, from + entriesMax).map((message, index) => entryOf(message, from + index))
        const { Failed = [] } = await sqs.send(new SendMessageBatchCommand({ QueueUrl: url, Entries: entries }))
        if (Failed.length > 0) throw new Error(`the queue refused messages: ${JSON.stringify(Failed)}`)
      }
    },
    async showAgain(records) {
      for (const { receiptHandle: ReceiptHandle } of records) {
        await sqs.send(new ChangeMessageVisibilityCommand({ QueueUrl: url, ReceiptHandle, VisibilityTimeout: 0 }))
      }
    },
    counts,
    async untilEmpty() {
      let seen: QueueCounts | undefined
      await until(
        async () => {
          seen = await counts()
          return seen.visible === 0 && seen.hidden === 0
        },
        () => `queue ${name} is empty (${seen?.visible} visible, ${seen?.hidden} hidden)`,
      )
    },
    async receive(count) {
      const bodies: string[] = []
      await until(
        async () => {
          const { Messages = [] } = await sqs.send(
            new ReceiveMessageCommand({ QueueUrl: url, MaxNumberOfMessages: 10, VisibilityTimeout: 300 }),
          )
          bodies.push(...Messages.flatMap(({ Body }) => Body ?? []))
          return bodies.length >= count
        },
        () => `queue ${name} holds ${count} messages (${bodies.length} seen)`,
      )
      return bodies
    },
  }
}

function entryOf({ body, group, attributes }: QueueMessage, index: number): SendMessageBatchRequestEntry {
  return {
    Id: String(index),
    MessageBody: body,
    ...(attributes !== undefined && { MessageAttributes: attributes }),
    ...(group !== undefined && { MessageGroupId: group, MessageDeduplicationId: body }),
  }
}

/** The bodies that the function got, in order, of every attempt. */
export function bodiesOf(invocations: readonly Invocation[]): readonly string[] {
  return invocations.flatMap(({ event }) => event.Records.map(({ body = '' }) => body))
}

/** The bodies that the function acknowledged, in the order of its answers. */
export function doneBodiesOf(invocations: readonly Invocation[]): readonly string[] {
  return invocations.flatMap(({ event, decision }) => {
    if (decision.kind === 'error') return []
    const failed = failedIn(decision.payload)
    return event.Records.filter(({ messageId = '' }) => !failed.has(messageId)).map(({ body = '' }) => body)
  })
}

export function failedIn(payload: string): ReadonlySet<string> {
  const answer = JSON.parse(payload) as {
    readonly batchItemFailures?: readonly { readonly itemIdentifier: string }[]
  } | null
  return new Set(answer?.batchItemFailures?.map(({ itemIdentifier }) => itemIdentifier))
}

export function timesSeen(bodies: readonly string[], body: string): number {
  return bodies.filter((each) => each === body).length
}

interface Tried {
  readonly world: Pick<World, 'untilIdle'>
  readonly queue: Queue
  readonly fn: ScriptedFunction
  readonly uuid: string
}

/** Waits for so many attempts of a message, and shows it again after each. */
export async function showAfterEach({ world, queue, fn, uuid }: Tried, body: string, attempts: number): Promise<void> {
  const tried = (): readonly EventRecord[] =>
    fn.invocations.flatMap(({ event }) => event.Records).filter((record) => record.body === body)
  for (let attempt = 1; attempt <= attempts; attempt++) {
    await until(
      () => tried().length >= attempt,
      () => `attempt ${attempt} of ${body} (${tried().length} so far)`,
    )
    await world.untilIdle(uuid)
    await queue.showAgain(tried().slice(attempt - 1, attempt))
  }
}
