import { setTimeout as sleep } from 'node:timers/promises'
import { plural } from '../model/plural.ts'
import type { SampleHandler, SampleResult } from './try-out-functions.ts'

/** The functions of the try-out. They do what a first look should show: success, a failed record that comes back, order. */

interface QueueEvent {
  readonly Records: readonly {
    readonly messageId: string
    readonly body: string
    readonly attributes: { readonly ApproximateReceiveCount: string; readonly MessageGroupId?: string }
  }[]
}

interface StreamEvent {
  readonly Records: readonly {
    readonly kinesis: { readonly data: string }
  }[]
}

interface TableEvent {
  readonly Records: readonly {
    readonly eventName: string
    readonly dynamodb: { readonly Keys: Readonly<Record<string, { readonly S?: string }>> }
  }[]
}

const workMs = 3

/** Fails each order that says so, once: it comes back alone, when its visibility ends. */
export const orders: SampleHandler = async (event): Promise<SampleResult> => {
  await sleep(workMs)
  const { Records } = event as QueueEvent
  const failed = Records.filter(
    ({ body, attributes }) => body.includes('"flaky":true') && attributes.ApproximateReceiveCount === '1',
  )
  const names = Records.map((record) => {
    const again = record.attributes.ApproximateReceiveCount === '1' ? '' : ' again'
    return `${nameIn(record.body)}${failed.includes(record) ? ' FAILED' : again}`
  })
  const answer = { batchItemFailures: failed.map(({ messageId }) => ({ itemIdentifier: messageId })) }
  return { answer, saw: `${plural(Records.length, 'message')}: ${names.join(', ')}` }
}

/** Payments of one person come in order, those of two people at the same time. */
export const payments: SampleHandler = async (event): Promise<SampleResult> => {
  await sleep(workMs)
  const { Records } = event as QueueEvent
  const names = Records.map(({ body, attributes }) => `${nameIn(body)} (${attributes.MessageGroupId ?? '?'})`)
  return { answer: null, saw: `${plural(Records.length, 'message')}: ${names.join(', ')}` }
}

export const clicks: SampleHandler = (event): SampleResult => {
  const { Records } = event as StreamEvent
  const names = Records.map(({ kinesis }) => nameIn(Buffer.from(kinesis.data, 'base64').toString('utf8')))
  return { answer: null, saw: `${plural(Records.length, 'record')}: ${names.join(', ')}` }
}

export const users: SampleHandler = (event): SampleResult => {
  const { Records } = event as TableEvent
  const names = Records.map(({ eventName, dynamodb }) => `${eventName} ${dynamodb.Keys['id']?.S ?? '?'}`)
  return { answer: null, saw: `${plural(Records.length, 'change')}: ${names.join(', ')}` }
}

/** What a person sent by hand need not be JSON. */
function nameIn(body: string): string {
  try {
    const { name } = JSON.parse(body) as { readonly name?: unknown }
    if (typeof name === 'string') return name
  } catch {
    // It is a plain text then, and its own name.
  }
  return body.length > 40 ? `${body.slice(0, 40)}…` : body
}
