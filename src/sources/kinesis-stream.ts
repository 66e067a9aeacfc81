import type { AwsCaller } from '../access/aws-access.ts'
import { isJsonObject, objectOf, stringOf } from '../events/json-value.ts'
import type { JsonObject } from '../events/json-value.ts'
import type { DescribeResult, Shard } from '../ports.ts'
import { troubleOf } from './service-errors.ts'
import type { Trouble } from './service-errors.ts'

/** Looks at a Kinesis stream: whether it is there, which life it lives, and all of its shards. */
export interface KinesisStream {
  describe(signal: AbortSignal): Promise<DescribeResult>
}

export interface KinesisName {
  readonly name: string
  /** null: the stream is followed by its name. */
  readonly arn: string | null
}

/** A listing of more pages than this is no listing: AWS gives up to 1,000 shards a page. */
const pagesMax = 1_000

export function createKinesisStream(caller: AwsCaller, stream: KinesisName, isAws: boolean): KinesisStream {
  // AWS takes either or both; emulators of an older dialect know the name alone.
  const named = {
    ...(stream.arn === null ? {} : { StreamARN: stream.arn }),
    ...(isAws && stream.arn !== null ? {} : { StreamName: stream.name }),
  }
  /** Old emulators, and policies that allow no more than AWS's own poller needs, have DescribeStream alone. */
  let describeStreamOnly = false

  async function call(operation: string, input: object, signal: AbortSignal): Promise<Called> {
    const result = await caller.json(operation, input, 'control', signal)
    if (result.kind === 'ok') return { kind: 'ok', output: objectOf(result.output) }
    const trouble = troubleOf(result)
    const unknown = result.kind === 'error' && unknownOperations.has(result.code)
    return { kind: 'refused', trouble, action: operation, replaceable: unknown || trouble.kind === 'denied' }
  }

  async function summarized(signal: AbortSignal): Promise<Looked> {
    const summary = await call('DescribeStreamSummary', named, signal)
    if (summary.kind !== 'ok') return summary
    const summarised = summary.output['StreamDescriptionSummary']
    if (!isJsonObject(summarised)) return without('DescribeStreamSummary', 'StreamDescriptionSummary')
    const shards: Shard[] = []
    let input: object = named
    for (let page = 0; page < pagesMax; page += 1) {
      const listed = await call('ListShards', input, signal)
      if (listed.kind !== 'ok') return listed
      if (!listsShards(listed.output)) return without('ListShards', 'Shards')
      shards.push(...shardsOf(listed.output))
      const token = stringOf(listed.output['NextToken'])
      if (token === undefined) return { kind: 'looked', summary: summarised, shards }
      input = { NextToken: token }
    }
    return endless('ListShards')
  }

  async function described(signal: AbortSignal): Promise<Looked> {
    const shards: Shard[] = []
    let start: object = {}
    for (let page = 0; page < pagesMax; page += 1) {
      const answer = await call('DescribeStream', { ...named, ...start }, signal)
      if (answer.kind !== 'ok') return answer
      const description = objectOf(answer.output['StreamDescription'])
      if (!listsShards(description)) return without('DescribeStream', 'Shards')
      const listed = shardsOf(description)
      shards.push(...listed)
      const last = listed.at(-1)
      if (description['HasMoreShards'] !== true || last === undefined)
        return { kind: 'looked', summary: description, shards }
      start = { ExclusiveStartShardId: last.shardId }
    }
    return endless('DescribeStream')
  }

  return {
    async describe(signal) {
      let looked = describeStreamOnly ? await described(signal) : await summarized(signal)
      if (looked.kind === 'refused' && looked.replaceable && !describeStreamOnly) {
        looked = await described(signal)
        describeStreamOnly = looked.kind === 'looked'
      }
      if (looked.kind === 'looked') return found(stream, looked)
      return looked.trouble.kind === 'denied'
        ? { ...looked.trouble, kind: 'denied', action: looked.action }
        : looked.trouble
    },
  }
}

const unknownOperations = new Set(['UnknownOperationException', 'UnknownOperation', 'InvalidAction', 'NotImplemented'])

interface Refused {
  readonly kind: 'refused'
  readonly trouble: Trouble
  readonly action: string
  /** Another operation may tell the same. */
  readonly replaceable: boolean
}

type Called = { readonly kind: 'ok'; readonly output: JsonObject } | Refused
type Looked = Refused | { readonly kind: 'looked'; readonly summary: JsonObject; readonly shards: readonly Shard[] }

function endless(action: string): Refused {
  return unusable(action, `${action} names more pages than a stream can have.`)
}

/** Whoever answers so is no Kinesis. A list without shards would pass for one from which all of them have gone. */
function without(action: string, member: string): Refused {
  return unusable(action, `${action} was answered without ${member}.`)
}

function unusable(action: string, message: string): Refused {
  return { kind: 'refused', trouble: { kind: 'failed', message }, action, replaceable: false }
}

function found(stream: KinesisName, looked: Extract<Looked, { kind: 'looked' }>): DescribeResult {
  const { summary, shards } = looked
  const status = stringOf(summary['StreamStatus'])
  if (status === 'CREATING' || status === 'DELETING') {
    return { kind: 'missing', message: `Stream ${stream.name} is ${status}.` }
  }
  const hours = summary['RetentionPeriodHours']
  return {
    kind: 'found',
    arn: stream.arn ?? stringOf(summary['StreamARN']) ?? '',
    // The name stays when a stream is made again; the moment of its creation does not.
    incarnation: incarnationOf(summary['StreamCreationTimestamp']),
    visibilityMs: null,
    retentionMs: typeof hours === 'number' ? hours * 3_600_000 : null,
    shards,
  }
}

/** An emulator may write the moment as a text: which moment it is does not matter, that it is another one does. */
function incarnationOf(created: unknown): string {
  if (typeof created === 'number') return `created ${Math.round(created * 1_000)}`
  return typeof created === 'string' && created !== '' ? `created ${created}` : 'unknown'
}

function listsShards(output: JsonObject): boolean {
  return Array.isArray(output['Shards'])
}

function shardsOf(output: JsonObject): readonly Shard[] {
  const shards = output['Shards']
  return Array.isArray(shards) ? shards.filter(isJsonObject).map(shardOf) : []
}

function shardOf(raw: JsonObject): Shard {
  const range = objectOf(raw['SequenceNumberRange'])
  const parents = [raw['ParentShardId'], raw['AdjacentParentShardId']].flatMap((parent) => stringOf(parent) ?? [])
  return {
    shardId: stringOf(raw['ShardId']) ?? '',
    parentIds: parents,
    startingPosition: stringOf(range['StartingSequenceNumber']) ?? '0',
    closed: stringOf(range['EndingSequenceNumber']) !== undefined,
  }
}
