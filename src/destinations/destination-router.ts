import type { AwsAccess } from '../access/aws-access.ts'
import { parseArn, type Arn } from '../model/arn.ts'
import type { Delivery, DeliveryResult, Destination } from '../ports.ts'
import { createS3Destination } from './s3.ts'
import type { ServiceDestination } from './service-destination.ts'
import { createSnsDestination } from './sns.ts'
import { createSqsDestination } from './sqs.ts'

/** Where failure records go: a standard queue, a standard topic or a bucket, told apart by the ARN (behaviour §4.8). */
export function createDestination(access: AwsAccess): Destination {
  const services = new Map<string, ServiceDestination>([
    ['sqs', createSqsDestination(access)],
    ['sns', createSnsDestination(access)],
    ['s3', createS3Destination(access)],
  ])
  return {
    async deliver(delivery, signal) {
      signal.throwIfAborted()
      const arn = parseArn(delivery.arn)
      const service = arn === undefined ? undefined : services.get(arn.service)
      if (arn === undefined || service === undefined || isFifo(arn)) return unusable(delivery)
      const result = await service.deliver(arn, delivery, signal)
      // Given up by the caller: no statement about the destination.
      if (result.kind === 'refused') signal.throwIfAborted()
      return result
    },
  }
}

/** Validation refuses them; a store that was written by other hands may still hold one. */
function isFifo({ service, resource }: Arn): boolean {
  return service !== 's3' && resource.endsWith('.fifo')
}

function unusable({ arn }: Delivery): DeliveryResult {
  return {
    kind: 'refused',
    message: `${arn} is no failure destination: it takes the ARN of a standard SQS queue, a standard SNS topic or an S3 bucket.`,
    retryable: false,
  }
}
