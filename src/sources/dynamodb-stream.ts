import type { AwsCaller } from '../access/aws-access.ts'
import { isJsonObject, objectOf, stringOf } from '../events/json-value.ts'
import type { JsonObject } from '../events/json-value.ts'
import type { DescribeResult, Shard, StreamListing } from '../ports.ts'
import { troubleOf } from './service-errors.ts'
import type { CallFailure } from './service-errors.ts'

/** Looks at the stream of a table: which one it is now, and all of its shards. `since`: its older streams from this one on, too. */
export interface DynamoStream {
  describe(signal: AbortSignal, since: string | null): Promise<DescribeResult>
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
    async describe(signal, since) {
      if (name.arn !== null) return describeStream(callers.streams, name.arn, signal)
      const latest = await latestStream(callers.tables, name.table, signal)
      if (typeof latest === 'string') {
        if (since === null || since === latest) return describeStream(callers.streams, latest, signal)
      } else if (since === null || latest.kind !== 'missing') return latest
      return describeChain(callers.streams, { table: name.table, since, latest }, signal)
    },
  }
}

interface Chain {
  readonly table: string
  readonly since: string
  /** Why there is none, where the table has no stream now. */
  readonly latest: string | DescribeResult
}

type Found = Extract<DescribeResult, { kind: 'found' }>

/**
 * A stream that is disabled can be read for another day, and one that is enabled afterwards is a new one: what lies between the
 * two is told with the newest, oldest first. What can be read no more is left out.
 */
async function describeChain(caller: AwsCaller, chain: Chain, signal: AbortSignal): Promise<DescribeResult> {
  const arns = await chainArns(caller, chain, signal)
  if (arns.kind !== 'arns') return arns
  const lives: Found[] = []
  for (const arn of arns.arns) {
    const result = await describeStream(caller, arn, signal)
    if (result.kind === 'found') lives.push(result)
    else if (result.kind !== 'missing' || arn === chain.latest) return result
  }
  const newest = lives.pop()
  if (newest === undefined) return typeof chain.latest === 'string' ? noStream(chain.table) : chain.latest
  // An emulator may answer for a stream that it has no more with the one that it has.
  const older = lives.filter(({ incarnation }) => incarnation !== newest.incarnation).map(listingOf)
  return older.length === 0 ? newest : { ...newest, older }
}

function listingOf({ arn, incarnation, shards }: Found): StreamListing {
  return { arn, incarnation, shards }
}

const unknownOperations = new Set(['UnknownOperationException', 'UnknownOperation', 'InvalidAction', 'NotImplemented'])

/** The ARN of a stream ends in its label, the moment at which it was enabled: ARNs of one table sort by age. */
async function chainArns(
  caller: AwsCaller,
  { table, since, latest }: Chain,
  signal: AbortSignal,
): Promise<DescribeResult | { readonly kind: 'arns'; readonly arns: readonly string[] }> {
  const last = typeof latest === 'string' ? [latest] : []
  const between: string[] = []
  let start: object = {}
  for (let page = 0; page < pagesMax; page += 1) {
    const result = await caller.json('ListStreams', { TableName: table, Limit: 100, ...start }, 'control', signal)
    if (result.kind === 'error' && unknownOperations.has(result.code)) return { kind: 'arns', arns: [since, ...last] }
    if (result.kind !== 'ok') return refused(result, 'ListStreams')
    const output = objectOf(result.output)
    const listed = output['Streams']
    if (!Array.isArray(listed)) return { kind: 'failed', message: 'ListStreams was answered without Streams.' }
    const arns = listed.filter(isJsonObject).flatMap((each) => stringOf(each['StreamArn']) ?? [])
    between.push(...arns.filter((arn) => arn > since && last.every((newest) => arn < newest)))
    const next = stringOf(output['LastEvaluatedStreamArn'])
    if (next === undefined) return { kind: 'arns', arns: [since, ...between.toSorted(), ...last] }
    start = { ExclusiveStartStreamArn: next }
  }
  return { kind: 'failed', message: `ListStreams of table ${table} names more pages than a table can have streams.` }
}

async function latestStream(caller: AwsCaller, table: string, signal: AbortSignal): Promise<string | DescribeResult> {
  const result = await caller.json('DescribeTable', { TableName: table }, 'control', signal)
  if (result.kind !== 'ok') return refused(result, 'DescribeTable')
  const description = objectOf(result.output)['Table']
  if (!isJsonObject(description)) return { kind: 'failed', message: 'DescribeTable was answered without Table.' }
  return stringOf(description['LatestStreamArn']) ?? noStream(table)
}

function noStream(table: string): DescribeResult {
  return { kind: 'missing', message: `Table ${table} has no stream: enable one in its StreamSpecification.` }
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
