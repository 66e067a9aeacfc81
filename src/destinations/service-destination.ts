import type { Arn } from '../model/arn.ts'
import type { Delivery, DeliveryResult } from '../ports.ts'

/** One service that takes failure records. `arn` is the delivery's own, read. */
export interface ServiceDestination {
  deliver(arn: Arn, delivery: Delivery, signal: AbortSignal): Promise<DeliveryResult>
}
