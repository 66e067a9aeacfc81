import type { EventRecord, Invocation, ScriptedFunction } from '../functions/scripted-functions.ts'
import { until } from '../../../support/until.ts'
import type { World } from '../world.ts'
import { failedIn } from './queue.ts'

/** One stream of one behaviour, written to by labels: each record carries one. */
export interface Stream {
  readonly arn: string
  write(labels: readonly string[]): Promise<void>
}

/** What Kinesis and DynamoDB streams do not share. */
export interface StreamKind {
  readonly source: 'kinesis' | 'dynamodb'
  /** One shard. */
  readonly create: (world: World, id: string) => Promise<Stream>
  readonly labelOf: (record: EventRecord) => string
  readonly sequenceOf: (record: EventRecord) => string
  /** The member of a failure record that describes the batch. */
  readonly batchInfo: 'KinesisBatchInfo' | 'DDBStreamBatchInfo'
}

export const labels = (from: number, to: number): readonly string[] =>
  Array.from({ length: to - from }, (_, index) => String(from + index))

/** What each invocation got. */
export function batchesOf(kind: StreamKind, { invocations }: ScriptedFunction): readonly (readonly string[])[] {
  return invocations.map(({ event }) => event.Records.map(kind.labelOf))
}

/** What the function acknowledged, in the order of its answers: all of a batch, or what stands before the first reported record. */
export function doneOf(kind: StreamKind, invocations: readonly Invocation[]): readonly string[] {
  return invocations.flatMap(({ event, decision }) => {
    if (decision.kind === 'error') return []
    const failed = failedIn(decision.payload)
    const end = event.Records.findIndex((record) => failed.has(kind.sequenceOf(record)))
    return event.Records.slice(0, end < 0 ? undefined : end).map(kind.labelOf)
  })
}

export async function untilDone(
  kind: StreamKind,
  fn: ScriptedFunction,
  count: number,
  secondsMax = 150,
): Promise<void> {
  await until(
    () => new Set(doneOf(kind, fn.invocations)).size >= count,
    () => `${count} records are acknowledged (so far: ${doneOf(kind, fn.invocations).join(' ')})`,
    { secondsMax },
  )
}
