import type { AwsAccess, AwsCaller } from '../access/aws-access.ts'
import { isJsonObject, objectOf, stringOf } from '../events/json-value.ts'
import type { Arn } from '../model/arn.ts'
import type { DeliveryResult } from '../ports.ts'
import {
  delivered,
  isMissing,
  type Refusal,
  refused,
  type ServiceDestination,
  unusable,
} from './service-destination.ts'

/** A standard queue: the failure record is the message. */
export function createSqsDestination(access: AwsAccess): ServiceDestination {
  const urls = new Map<string, string>()
  return {
    async deliver(arn, delivery, signal) {
      const caller = access.service('sqs', arn.region || undefined, arn.account || undefined)
      let url = urls.get(delivery.arn)
      if (url === undefined) {
        const found = await findQueue(caller, arn, access.isAws('sqs'), signal)
        if (typeof found !== 'string') return found
        url = found
        urls.set(delivery.arn, url)
      }
      const input = { QueueUrl: url, MessageBody: delivery.body }
      const result = await caller.json('SendMessage', input, 'settle', signal)
      if (result.kind === 'ok')
        return stringOf(objectOf(result.output)['MessageId']) ? delivered : unusable('SendMessage')
      // A queue that was created anew may have another URL.
      if (result.kind === 'error' && isMissing(result)) urls.delete(delivery.arn)
      return refused(result)
    },
  }
}

/** The URL as the service writes it: emulators know a queue by nothing else (behaviour §13.3). */
async function findQueue(
  caller: AwsCaller,
  { account, resource }: Arn,
  isAws: boolean,
  signal: AbortSignal,
): Promise<string | DeliveryResult> {
  const owner = /^\d{12}$/.test(account) ? { QueueOwnerAWSAccountId: account } : {}
  const result = await caller.json('GetQueueUrl', { QueueName: resource, ...owner }, 'control', signal)
  if (result.kind === 'ok') {
    const url = isJsonObject(result.output) ? stringOf(result.output['QueueUrl']) : undefined
    return url ?? unusable(`GetQueueUrl of ${resource}`)
  }
  // `sqs:SendMessage` is all that a destination needs (behaviour §9); there the URL follows from the ARN.
  if (isAws && result.kind === 'error' && isDenied(result)) return `${caller.endpoint}/${account}/${resource}`
  return refused(result)
}

function isDenied({ status, code }: Refusal): boolean {
  return status === 403 || /^Access ?Denied/i.test(code)
}
