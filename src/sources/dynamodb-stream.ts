import type { AwsCaller } from '../access/aws-access.ts'
import { isJsonObject, objectOf, stringOf } from '../events/json-value.ts'
import type { JsonObject } from '../events/json-value.ts'
import type { DescribeResult, Shard } from '../ports.ts'
import { troubleOf } from './service-errors.ts'
import type { CallFailure } from './service-errors.ts'

/** Looks at the stream of a table: which one it is now, and all of its shards. */
export interface DynamoStream {
  describe(signal: AbortSignal): Promise<DescribeResult>
}

export interface DynamoCallers {
  readonly streams: AwsCaller
  readonly tables: AwsCaller
}

export interface DynamoName {
  readonly table: string
  /** null: whichever stream the table has. */
  readonly arn: string | null
}

/** DynamoDB keeps stream records for a day (DynamoDB Streams guide). */
const retentionMs = 86_400_000
/** A listing of more pages than this is no listing: a page names up to 100 shards. */
const pagesMax = 1_000

export function createDynamoStream(callers: DynamoCallers, name: DynamoName): DynamoStream {
  return {
    async describe(signal) {
      if (name.arn !== null) return describeStream(callers.streams, name.arn, signal)
      const latest = await latestStream(callers.tables, name.table, signal)
      return typeof latest === 'string' ? describeStream(callers.streams, latest, signal) : latest
    },
  }
}

async function latestStream(caller: AwsCaller, table: string, signal: AbortSignal): Promise<string | DescribeResult> {
  const result = await caller.json('DescribeTable', { TableName: table }, 'control', signal)
  if (result.kind !== 'ok') return refused(result, 'DescribeTable')
  const description = objectOf(result.output)['Table']
  if (!isJsonObject(description)) return { kind: 'failed', message: 'DescribeTable was answered without Table.' }
  const arn = stringOf(description['LatestStreamArn'])
  return arn ?? { kind: 'missing', message: `Table ${table} has no stream: enable one in its StreamSpecification.` }
}

async function describeStream(caller: AwsCaller, arn: string, signal: AbortSignal): Promise<DescribeResult> {
  const shards: Shard[] = []
  let start: object = {}
  for (let page = 0; page < pagesMax; page += 1) {
    const result = await caller.json('DescribeStream', { StreamArn: arn, Limit: 100, ...start }, 'control', signal)
    if (result.kind !== 'ok') return refused(result, 'DescribeStream')
    const description = objectOf(objectOf(result.output)['StreamDescription'])
    const listed = description['Shards']
    // Without the list all shards would seem to have gone.
    if (!Array.isArray(listed)) return { kind: 'failed', message: 'DescribeStream was answered without Shards.' }
    shards.push(...listed.filter(isJsonObject).map(shardOf))
    const last = stringOf(description['LastEvaluatedShardId'])
    if (last === undefined) {
      const incarnation = incarnationOf(arn, description)
      const ended = stringOf(description['StreamStatus']) === 'DISABLED'
      return { kind: 'found', arn, incarnation, visibilityMs: null, retentionMs, shards: reallyClosed(shards, ended) }
    }
    start = { ExclusiveStartShardId: last }
  }
  return { kind: 'failed', message: `DescribeStream of ${arn} names more pages than a stream can have.` }
}

/** The label is a moment on AWS; an emulator that gives every stream the same one still says when it was asked for. */
function incarnationOf(arn: string, description: JsonObject): string {
  const label = stringOf(description['StreamLabel']) ?? arn.slice(arn.lastIndexOf('/') + 1)
  const requested = description['CreationRequestDateTime']
  if (typeof requested === 'number') return `${label} ${Math.round(requested * 1_000)}`
  return typeof requested === 'string' && requested !== '' ? `${label} ${requested}` : label
}

/** Some emulators print the newest number of an open shard as its end: only a child, or the stream's end, closes a shard. */
function reallyClosed(shards: readonly Shard[], ended: boolean): readonly Shard[] {
  if (ended) return shards
  const parents = new Set(shards.flatMap(({ parentIds }) => parentIds))
  return shards.map((shard) => ({ ...shard, closed: shard.closed && parents.has(shard.shardId) }))
}

function shardOf(raw: JsonObject): Shard {
  const range = objectOf(raw['SequenceNumberRange'])
  const parent = stringOf(raw['ParentShardId'])
  return {
    shardId: stringOf(raw['ShardId']) ?? '',
    parentIds: parent === undefined ? [] : [parent],
    startingPosition: stringOf(range['StartingSequenceNumber']) ?? '0',
    closed: stringOf(range['EndingSequenceNumber']) !== undefined,
  }
}

function refused(failure: CallFailure, action: string): DescribeResult {
  const trouble = troubleOf(failure)
  return trouble.kind === 'denied' ? { ...trouble, kind: 'denied', action } : trouble
}
