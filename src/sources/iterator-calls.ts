import type { AwsCaller, CallResult } from '../access/aws-access.ts'
import { isJsonObject, objectOf, stringOf } from '../events/json-value.ts'
import { sourceTraits } from '../model/source.ts'
import type { CallFailure } from './service-errors.ts'
import type { IteratorResult, PageResult, ShardRefusal } from './shard-iterators.ts'

/** GetShardIterator and GetRecords: the two services differ in what they are asked and how they refuse, not in their answers. */
export interface IteratorCalls {
  iterator(input: Input & { readonly ShardId: string }, signal: AbortSignal): Promise<IteratorResult>
  page(input: Input & { readonly ShardIterator: string }, signal: AbortSignal): Promise<PageResult>
}

type Input = Readonly<Record<string, unknown>>

/** How many records a page may be asked for. */
export function pageRecords(recordsMax: number, kind: 'kinesis' | 'dynamodb'): number {
  return Math.max(1, Math.min(recordsMax, sourceTraits[kind].readRecordsMax))
}

export function createIteratorCalls(
  caller: AwsCaller,
  refusalOf: (failure: CallFailure) => ShardRefusal,
): IteratorCalls {
  /** Emulators know no longest page: where one was cut off for its length, fewer records are asked for. */
  async function getRecords(input: Input, signal: AbortSignal): Promise<CallResult> {
    const result = await caller.json('GetRecords', input, 'read', signal)
    const recordsMax = input['Limit']
    const isCutOff = result.kind === 'unreachable' && result.cutOff !== undefined
    if (!isCutOff || typeof recordsMax !== 'number' || recordsMax <= 1) return result
    return getRecords({ ...input, Limit: Math.floor(recordsMax / 2) }, signal)
  }

  return {
    async iterator(input, signal) {
      const result = await caller.json('GetShardIterator', input, 'control', signal)
      if (result.kind !== 'ok') return refusalOf(result)
      const iterator = stringOf(objectOf(result.output)['ShardIterator'])
      return iterator === undefined
        ? { kind: 'failed', message: `GetShardIterator of ${input.ShardId} was answered without an iterator.` }
        : { kind: 'iterator', iterator }
    },
    async page(input, signal) {
      const result = await getRecords(input, signal)
      if (result.kind !== 'ok') return refusalOf(result)
      const output = objectOf(result.output)
      // Without them it is no page; and a page without a next one would end the shard for good.
      if (!Array.isArray(output['Records']))
        return { kind: 'failed', message: 'GetRecords was answered without Records.' }
      const records = output['Records'].filter(isJsonObject)
      // Kinesis alone says how far behind a page is.
      const behind = output['MillisBehindLatest']
      const behindMs = typeof behind === 'number' ? behind : null
      return { kind: 'page', records, next: stringOf(output['NextShardIterator']) ?? null, behindMs }
    },
  }
}
