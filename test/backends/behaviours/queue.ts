import {
  CreateQueueCommand,
  GetQueueAttributesCommand,
  ReceiveMessageCommand,
  SendMessageBatchCommand,
  type SendMessageBatchRequestEntry,
} from '@aws-sdk/client-sqs'
import type { Invocation } from '../functions/scripted-functions.ts'
import { until } from '../until.ts'
import { visibilityS, type World } from '../world.ts'

/** One queue of one behaviour. */
export interface Queue {
  readonly url: string
  readonly arn: string
  send(messages: readonly QueueMessage[]): Promise<void>
  /** Waits until no message is left, hidden or not. */
  untilEmpty(): Promise<void>
  /** Waits for so many messages and answers with their bodies. */
  receive(count: number): Promise<readonly string[]>
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
    async untilEmpty() {
      let seen = ''
      await until(
        async () => {
          const { Attributes: now = {} } = await look('All')
          const counts = [now['ApproximateNumberOfMessages'], now['ApproximateNumberOfMessagesNotVisible']]
          seen = counts.join(' visible, ')
          return counts.every((count) => Number(count) === 0)
        },
        () => `queue ${name} is empty (${seen} hidden)`,
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
