import { isJsonObject, objectOf, parseJson, stringOf } from '../events/json-value.ts'
import type { DepthResult } from '../ports.ts'

/** What GetQueueAttributes says of a queue. Not every emulator counts everything: what it leaves out is none. */
export function depthOf(output: unknown): DepthResult {
  const attributes = objectOf(objectOf(output)['Attributes'])
  const count = (name: string): number => numberOf(attributes[name]) ?? 0
  const visibilityS = numberOf(attributes['VisibilityTimeout'])
  return {
    kind: 'queue',
    visible: count('ApproximateNumberOfMessages'),
    inFlight: count('ApproximateNumberOfMessagesNotVisible'),
    delayed: count('ApproximateNumberOfMessagesDelayed'),
    visibilityMs: visibilityS === null ? null : visibilityS * 1_000,
    redrive: redriveOf(attributes['RedrivePolicy']),
  }
}

export function redriveOf(policy: unknown): Extract<DepthResult, { kind: 'queue' }>['redrive'] {
  const members = parseJson(stringOf(policy) ?? '')
  if (!isJsonObject(members)) return null
  const deadLetterArn = stringOf(members['deadLetterTargetArn'])
  const receivesMax = numberOf(members['maxReceiveCount'])
  return deadLetterArn === undefined || receivesMax === null ? null : { deadLetterArn, receivesMax }
}

/** Numbers come as texts, in a redrive policy as either. */
function numberOf(value: unknown): number | null {
  const number = typeof value === 'string' || typeof value === 'number' ? Number(value) : Number.NaN
  return Number.isFinite(number) ? number : null
}
