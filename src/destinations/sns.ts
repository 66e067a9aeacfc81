import type { AwsAccess } from '../access/aws-access.ts'
import { delivered, refused, type ServiceDestination, unusable, xmlRefusal } from './service-destination.ts'

/** A standard topic: the failure record is the message. The query protocol is the one that every emulator speaks. */
export function createSnsDestination(access: AwsAccess): ServiceDestination {
  return {
    async deliver(arn, delivery, signal) {
      const caller = access.service('sns', arn.region || undefined, arn.account || undefined)
      const form = new URLSearchParams({
        Action: 'Publish',
        Version: '2010-03-31',
        TopicArn: delivery.arn,
        Message: delivery.body,
      })
      const headers = { 'content-type': 'application/x-www-form-urlencoded; charset=utf-8' }
      const request = { method: 'POST', path: '/', headers, body: form.toString() }
      const result = await caller.http(request, 'settle', signal)
      if (result.kind !== 'ok') return refused(result)
      if (result.status !== 200) return refused(xmlRefusal(result))
      return result.body.includes('<MessageId>') ? delivered : unusable('Publish')
    },
  }
}
