import type { AwsCaller, Pool } from '../access/aws-access.ts'
import type { QueueAddress } from './queue-address.ts'
import { troubleOf } from './service-errors.ts'
import type { CallFailure, Trouble } from './service-errors.ts'

/** One call about the queue, its URL filled in. */
export type QueueCall = (operation: string, input: object, pool: Pool, signal: AbortSignal) => Promise<QueueResult>

export type QueueResult =
  | { readonly kind: 'ok'; readonly output: unknown }
  /** `failure` is missing when not even the URL was to be had. */
  | { readonly kind: 'refused'; readonly trouble: Trouble; readonly failure: CallFailure | null }

export function createQueueCalls(caller: AwsCaller, address: QueueAddress): QueueCall {
  return async (operation, input, pool, signal) => {
    const found = await address.url(signal)
    if (found.kind !== 'found') return { kind: 'refused', trouble: found, failure: null }
    const result = await caller.json(operation, { QueueUrl: found.url, ...input }, pool, signal)
    if (result.kind === 'ok') return { kind: 'ok', output: result.output }
    const trouble = troubleOf(result)
    if (trouble.kind === 'missing') address.forget()
    return { kind: 'refused', trouble, failure: result }
  }
}
