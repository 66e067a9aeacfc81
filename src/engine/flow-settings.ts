import type { FlowConfig, PaceConfig, ScalingConfig } from '../core/flow/config.ts'
import type { ReadFrom } from '../core/flow/messages.ts'
import { compileFilters } from '../events/filter.ts'
import { envelopeBytes, invokePayloadBytesMax, visibilityMsMax } from '../model/limits.ts'
import type { MappingDocument, MappingParameters } from '../model/mapping.ts'
import type { ScalingPolicy } from '../model/settings.ts'
import { isStream, sourceTraits } from '../model/source.ts'
import type { DescribeResult } from '../ports.ts'
import type { RecordFilter } from './record-sieve.ts'

export type FoundSource = Extract<DescribeResult, { kind: 'found' }>

/** What is known beside the mapping itself when its flows are told how to run. */
export interface Circumstances {
  readonly found: FoundSource
  /** The function's timeout; null: unknown. */
  readonly timeoutMs: number | null
  /** Attempts that the function takes at once where Millrace hosts it. */
  readonly capacity: number | null
  /** Nobody answered at the function's endpoint when it was looked at. */
  readonly unreachable: boolean
  readonly scaling: ScalingPolicy
  readonly maxInvocations: number
  /** The source is AWS itself: its own base rates hold. */
  readonly isAws: boolean
  /** The longest pause at the tip of a shard, by the number of shards that are read. */
  readonly tipMsMax: number
  /** The pause at the tip of a shard of which nothing came for a minute. */
  readonly idlePollMs: number
  /** The source's clock minus ours. */
  readonly clockOffsetMs: number
  /** `late`: the shard was not there when reading began. */
  readonly origin: 'first' | 'late'
}

/** Messages come back after this when a queue does not say otherwise (SQS: VisibilityTimeout). */
const visibilityMsDefault = 30_000
/** What AWS adds to window and timeout when a queue's visibility is too short for both (behaviour §2.3, §13.13). */
const visibilitySpareMs = 30_000
/** What a receipt needs beyond a run, so that the run can be acknowledged: min(5 s, 20 %) of the whole. */
const visibilityMarginMsMax = 5_000
const receivesMax = 20
/** Differences of clocks below this do not show in a Date header. */
const clockGrainMs = 1_500
/**
 * How long a receive waits at endpoints that are not AWS: short enough to be waited for at the end (FlowRunner says why), and a
 * message is answered at once all the same.
 */
const readWaitMsElsewhere = 1_000
/** The documented ceilings of concurrent invocations of one queue (Scaling behavior for SQS event source mappings). */
const flightsMax = { eager: 1_250, aws: 1_250, 'aws-2022': 1_000 } as const
const invocationsPerPoller = 10

/** A mapping's parameters and what is known around them, as one flow has to know them. */
export function flowConfigOf(document: MappingDocument, around: Circumstances): FlowConfig {
  const { parameters, source } = document
  const traits = sourceTraits[source]
  const isQueue = traits.progress === 'receipt'
  const scaling = scalingOf(parameters, around)
  const slots = parameters.ParallelizationFactor ?? 1
  return {
    traits: isQueue && !around.isAws ? { ...traits, readWaitMs: readWaitMsElsewhere } : traits,
    batchSize: parameters.BatchSize,
    windowMs: parameters.MaximumBatchingWindowInSeconds * 1_000,
    batchBytesMax: invokePayloadBytesMax - envelopeBytes,
    // A queue: what can be invoked at once and one batch being gathered. A shard: one batch ahead of every slot, and room enough
    // that a slot which is blocked by a poison record does not soon stop the others.
    heldRecordsMax: isQueue
      ? (scaling.flightsMax + 1) * parameters.BatchSize
      : Math.max(10_000, 2 * slots * parameters.BatchSize),
    scaling,
    visibilityMs: around.found.visibilityMs ?? visibilityMsDefault,
    receiveVisibilityMs: isQueue ? receiveVisibilityOf(parameters, around).visibilityMs : null,
    extendsReceipts: isQueue && parameters.extendVisibility === true,
    receiptMsMax: visibilityMsMax,
    timeoutMs: around.timeoutMs,
    unreachable: around.unreachable,
    slots,
    ...startOf(document, around),
    retryAttemptsMax: limitOf(parameters.MaximumRetryAttempts),
    recordAgeMsMax: secondsOf(limitOf(parameters.MaximumRecordAgeInSeconds)),
    retentionMs: around.found.retentionMs,
    bisect: parameters.BisectBatchOnFunctionError ?? false,
    tumblingMs: (parameters.TumblingWindowInSeconds ?? 0) * 1_000,
    windowIdleCloseMs: 120_000,
    pace: paceOf(document, around),
    // Behaviour §11.1 and §11.2.
    retryBackoff: { baseMs: 1_000, capMs: 30_000 },
    throttleBackoff: { baseMs: 1_000, capMs: 10_000 },
  }
}

/**
 * What every receive names: the queue's own visibility, or as much as a message needs that waits for its window and runs for the
 * function's timeout. The queue's own is named as well, so that one that was just changed does not hold for some receives and not for
 * others. null: the queue's own, which nobody knows.
 */
export function receiveVisibilityOf(
  parameters: MappingParameters,
  { found, timeoutMs }: Pick<Circumstances, 'found' | 'timeoutMs'>,
): { readonly visibilityMs: number | null; readonly isLonger: boolean; readonly isCovered: boolean } {
  const windowMs = parameters.MaximumBatchingWindowInSeconds * 1_000
  // What has waited for its window must be ours for a moment longer, also where nobody knows how long it runs.
  const runsMs = windowMs + Math.max(timeoutMs ?? 0, windowMs === 0 ? 0 : 1_000)
  const ownMs = found.visibilityMs ?? visibilityMsDefault
  // A message that is visible again at once could never be run by anybody.
  const isTooShort = ownMs === 0 || runsMs > ownMs
  const marginMs = isTooShort ? visibilitySpareMs : Math.min(visibilityMarginMsMax, runsMs / 4)
  const neededMs = Math.ceil((runsMs + marginMs) / 1_000) * 1_000
  const isLonger = neededMs > ownMs
  const isCovered = runsMs <= visibilityMsMax
  return { visibilityMs: isLonger ? Math.min(neededMs, visibilityMsMax) : found.visibilityMs, isLonger, isCovered }
}

function scalingOf(parameters: MappingParameters, around: Circumstances): ScalingConfig {
  const { ScalingConfig: scaling, ProvisionedPollerConfig: pollers } = parameters
  const policy = around.scaling
  const most = pollers?.MaximumPollers === undefined ? null : pollers.MaximumPollers * invocationsPerPoller
  const least = pollers?.MinimumPollers === undefined ? null : pollers.MinimumPollers * invocationsPerPoller
  const wanted = scaling?.MaximumConcurrency ?? most ?? flightsMax[policy]
  // More batches than can ever run would only wait, with their visibility running out.
  const possible = Math.max(1, Math.min(wanted, around.maxInvocations, around.capacity ?? Number.POSITIVE_INFINITY))
  const provisioned = least === null ? undefined : { flightsMin: least }
  return { policy, flightsMax: possible, receivesMax, provisioned }
}

/**
 * Where the shards that were there at first begin. LATEST is the moment of creation, by the source's clock: a time outlives a
 * restart before the first record. Where the source cannot seek by time, the create has held the ends of the shards; where that
 * was lost, older records are skipped. DynamoDB stamps its records to the second, so the whole second of the creation counts as
 * after it; nobody knows the clock of AWS better than `clockGrainMs`.
 */
function startOf(
  { parameters, source, createdMs }: MappingDocument,
  { origin, clockOffsetMs, isAws }: Circumstances,
): { readonly startFrom: ReadFrom; readonly skipBeforeMs: number | null } {
  const fromHorizon = { startFrom: { at: 'horizon' }, skipBeforeMs: null } as const
  if (!isStream(source) || origin === 'late') return fromHorizon
  const created = createdMs + clockOffsetMs
  switch (parameters.StartingPosition) {
    case 'LATEST':
      return source === 'kinesis'
        ? { startFrom: { at: 'time', ms: created, orNow: true }, skipBeforeMs: null }
        : { startFrom: { at: 'latest' }, skipBeforeMs: secondOf(created - (isAws ? clockGrainMs : 0)) }
    case 'AT_TIMESTAMP':
      return { startFrom: { at: 'time', ms: (parameters.StartingPositionTimestamp ?? 0) * 1_000 }, skipBeforeMs: null }
    case 'TRIM_HORIZON':
    case undefined:
      return fromHorizon
    default:
      return parameters.StartingPosition satisfies never
  }
}

function secondOf(ms: number): number {
  return Math.floor(ms / 1_000) * 1_000
}

/** Against AWS its own base rates: once a second for Kinesis, four times for DynamoDB, never over 5 reads a second and shard. */
function paceOf({ source }: MappingDocument, { isAws, tipMsMax, idlePollMs }: Circumstances): PaceConfig {
  // A queue waits at the service; this is for services that answer an empty receive at once.
  if (!isStream(source)) return { readIntervalMs: 0, tipMsMin: 20, tipMsMax: 500, idleMs: 0 }
  if (!isAws) return { readIntervalMs: 0, tipMsMin: Math.min(10, tipMsMax), tipMsMax, idleMs: idlePollMs }
  const tipMs = source === 'kinesis' ? 1_000 : 250
  return { readIntervalMs: 200, tipMsMin: tipMs, tipMsMax: tipMs, idleMs: 0 }
}

/** The mapping's filters as one question; null: there are none. Patterns were checked when the mapping was made. */
export function matcherOf({ parameters, source }: MappingDocument): RecordFilter {
  const patterns = (parameters.FilterCriteria?.Filters ?? []).flatMap(({ Pattern }) => Pattern ?? [])
  if (patterns.length === 0) return null
  const compiled = compileFilters(source, patterns)
  if (compiled.kind === 'refused') throw new Error(`${compiled.message} ${compiled.detail}`)
  return (record) => compiled.matches(record.fragment)
}

/** -1 is AWS's way to say "no limit". */
function limitOf(value: number | undefined): number | null {
  return value === undefined || value < 0 ? null : value
}

function secondsOf(seconds: number | null): number | null {
  return seconds === null ? null : seconds * 1_000
}
