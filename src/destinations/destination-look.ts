import type { AwsAccess, HttpResult } from '../access/aws-access.ts'
import type { Look } from '../model/examination.ts'
import { parseArn, type Arn } from '../model/arn.ts'
import { isMissing, xmlRefusal, type Refusal } from './service-destination.ts'

/** Whether the queue, topic or bucket is there. Nothing is sent. A right to look is not among those that a destination needs. */
export async function lookAtDestination(access: AwsAccess, target: string, signal: AbortSignal): Promise<Look> {
  const arn = parseArn(target)
  if (arn === undefined) return nothingKnown
  switch (arn.service) {
    case 'sqs':
      return lookAtQueue(access, arn, signal)
    case 'sns':
      return lookAtTopic(access, arn, { target, signal })
    case 's3':
      return lookAtBucket(access, arn, signal)
    default:
      return nothingKnown
  }
}

const nothingKnown: Look = { kind: 'unknown', message: 'it is neither a queue, a topic nor a bucket' }

async function lookAtQueue(access: AwsAccess, { region, account, resource }: Arn, signal: AbortSignal): Promise<Look> {
  const owner = /^\d{12}$/.test(account) ? { QueueOwnerAWSAccountId: account } : {}
  const caller = access.service('sqs', region || undefined, account || undefined)
  const result = await caller.json('GetQueueUrl', { QueueName: resource, ...owner }, 'control', signal)
  if (result.kind === 'ok') return { kind: 'found' }
  return result.kind === 'error' ? lookOf(result) : { kind: 'unknown', message: result.message }
}

async function lookAtTopic(
  access: AwsAccess,
  { region, account }: Arn,
  { target, signal }: { readonly target: string; readonly signal: AbortSignal },
): Promise<Look> {
  const form = new URLSearchParams({ Action: 'GetTopicAttributes', Version: '2010-03-31', TopicArn: target })
  const headers = { 'content-type': 'application/x-www-form-urlencoded; charset=utf-8' }
  const caller = access.service('sns', region || undefined, account || undefined)
  return lookOfReply(
    await caller.http({ method: 'POST', path: '/', headers, body: form.toString() }, 'control', signal),
  )
}

async function lookAtBucket(access: AwsAccess, { region, account, resource }: Arn, signal: AbortSignal): Promise<Look> {
  const caller = access.service('s3', region || undefined, account || undefined)
  const request = { method: 'HEAD', path: `/${encodeURIComponent(resource)}`, headers: {}, body: '' }
  const result = await caller.http(request, 'control', signal)
  // A bucket of another region is told from one that is not there.
  if (result.kind === 'ok' && result.headers['x-amz-bucket-region'] !== undefined && result.status !== 403) {
    return { kind: 'found' }
  }
  return lookOfReply(result)
}

function lookOfReply(result: HttpResult): Look {
  if (result.kind !== 'ok') return { kind: 'unknown', message: result.message }
  return result.status < 300 ? { kind: 'found' } : lookOf(xmlRefusal(result))
}

function lookOf(refusal: Refusal): Look {
  const message = `${refusal.code}: ${refusal.message}`
  if (refusal.status === 404 || isMissing(refusal)) return { kind: 'missing', message }
  const isDenied =
    refusal.status === 401 || refusal.status === 403 || /^Access ?Denied|^Authorization/i.test(refusal.code)
  return { kind: isDenied ? 'denied' : 'unknown', message }
}
