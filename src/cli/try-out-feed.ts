import type { FauxqsServer } from 'fauxqs'
import type { TryOutServer } from './try-out-servers.ts'

/** Where the feed puts its records; a server that was left out gets none. */
export interface FeedTargets {
  readonly queues: FauxqsServer
  readonly streams: TryOutServer | undefined
  readonly tables: TryOutServer | undefined
}

const tickMs = 400
const people = ['ada', 'ben', 'cleo']
const userCount = 5

/** Sends a few records a second, always the same sequence, until it is called off. */
export function startFeed(targets: FeedTargets, complain: (line: string) => void): () => void {
  let tick = 0
  const timer = setInterval(() => {
    tick += 1
    feed(targets, tick).catch((error: unknown) => {
      complain(`feed: ${error instanceof Error ? error.message : String(error)}`)
    })
  }, tickMs)
  return () => clearInterval(timer)
}

async function feed({ queues, streams, tables }: FeedTargets, tick: number): Promise<void> {
  const person = people[tick % people.length] ?? 'ada'
  if (tick % 2 === 1) {
    const order = { name: `order-${tick}`, person, flaky: tick % 7 === 0 }
    queues.sendMessage('orders', JSON.stringify(order))
  }
  if (tick % 4 === 0) {
    for (const step of ['reserve', 'charge']) {
      const body = JSON.stringify({ name: `${step}-${tick}` })
      queues.sendMessage('payments.fifo', body, {
        messageGroupId: person,
        messageDeduplicationId: `${step}-${tick}`,
      })
    }
  }
  if (streams && tick % 3 === 0) {
    const data = Buffer.from(JSON.stringify({ name: `click-${tick}`, person })).toString('base64')
    await callService(streams.endpoint, 'Kinesis_20131202.PutRecord', {
      StreamName: 'clicks',
      PartitionKey: person,
      Data: data,
    })
  }
  if (tables && tick % 5 === 0) {
    const id = `user-${(tick / 5) % userCount}`
    await callService(tables.endpoint, 'DynamoDB_20120810.PutItem', {
      TableName: 'users',
      Item: { id: { S: id }, person: { S: person }, seen: { N: String(tick) } },
    })
  }
}

/** One call of a JSON protocol. The try-out's servers look at a signature's form, never at its value. */
export async function callService(endpoint: string, target: string, input: unknown): Promise<unknown> {
  const kinesis = target.startsWith('Kinesis')
  const date = new Date().toISOString().replaceAll(/[-:]|\.\d+/g, '')
  const scope = `${date.slice(0, 8)}/us-east-1/${kinesis ? 'kinesis' : 'dynamodb'}/aws4_request`
  const response = await fetch(endpoint, {
    method: 'POST',
    headers: {
      'content-type': kinesis ? 'application/x-amz-json-1.1' : 'application/x-amz-json-1.0',
      'x-amz-target': target,
      'x-amz-date': date,
      authorization: `AWS4-HMAC-SHA256 Credential=test/${scope}, SignedHeaders=host;x-amz-date, Signature=0`,
    },
    body: JSON.stringify(input),
  })
  const text = await response.text()
  if (!response.ok) throw new Error(`${target}: ${response.status} ${text}`)
  return text === '' ? undefined : (JSON.parse(text) as unknown)
}
