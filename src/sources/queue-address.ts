import type { AwsCaller } from '../access/aws-access.ts'
import { isJsonObject, stringOf } from '../events/json-value.ts'
import { troubleOf } from './service-errors.ts'
import type { Trouble } from './service-errors.ts'

/** The queue's URL as the service itself writes it: emulators know a queue by nothing else (behaviour §13.3). */
export interface QueueAddress {
  url(signal: AbortSignal): Promise<AddressResult>
  /** The queue was gone when asked: look again next time. */
  forget(): void
}

export type AddressResult = { readonly kind: 'found'; readonly url: string } | Trouble

export interface QueueName {
  readonly name: string
  readonly account: string
}

export function createQueueAddress(caller: AwsCaller, queue: QueueName, isAws: boolean): QueueAddress {
  let known: string | null = null
  return {
    async url(signal) {
      if (known !== null) return { kind: 'found', url: known }
      const result = await resolve(caller, queue, isAws, signal)
      if (result.kind === 'found') known = result.url
      return result
    },
    forget() {
      known = null
    },
  }
}

async function resolve(
  caller: AwsCaller,
  queue: QueueName,
  isAws: boolean,
  signal: AbortSignal,
): Promise<AddressResult> {
  const [asNamed, ...variants] = namesOf(queue.name, isAws)
  const first = await ask(caller, { ...queue, name: asNamed }, signal)
  // The execution role that AWS proposes for queues may not look up URLs; there the URL follows from the ARN.
  if (first.kind === 'denied' && isAws) {
    return { kind: 'found', url: `${caller.endpoint}/${queue.account}/${queue.name}` }
  }
  if (first.kind !== 'missing') return first
  for (const name of variants) {
    const found = await ask(caller, { ...queue, name }, signal)
    if (found.kind === 'found') return found
  }
  return first
}

/** ElasticMQ's own configuration names a FIFO queue without the suffix that its ARN has (sls#189). */
function namesOf(name: string, isAws: boolean): readonly [string, ...string[]] {
  return !isAws && name.endsWith('.fifo') ? [name, name.slice(0, -'.fifo'.length)] : [name]
}

async function ask(caller: AwsCaller, queue: QueueName, signal: AbortSignal): Promise<AddressResult> {
  // Some emulators use account names that are none; those have one account only.
  const owner = /^\d{12}$/.test(queue.account) ? { QueueOwnerAWSAccountId: queue.account } : {}
  const result = await caller.json('GetQueueUrl', { QueueName: queue.name, ...owner }, 'control', signal)
  if (result.kind !== 'ok') return troubleOf(result)
  const url = isJsonObject(result.output) ? stringOf(result.output['QueueUrl']) : undefined
  return url === undefined
    ? { kind: 'failed', message: `GetQueueUrl of ${queue.name} was answered without a URL.` }
    : { kind: 'found', url }
}
