import { ApiError } from './api-error.ts'
import { parseArn, parseFunctionName } from './arn.ts'
import { isSameMapping, type MappingDocument, type MappingParameters } from './mapping.ts'
import { isStream, sourceTraits, type SourceKind } from './source.ts'

/** What a rule needs beside the parameters. */
export interface RuleContext {
  readonly nowMs: number
  /** Whether a filter pattern is one that this source's filters understand. */
  readonly checkPattern: (source: SourceKind, pattern: string) => boolean
}

/** Quota of filters per mapping (Lambda quotas; AWS raises it to 10 on request). */
const filtersMax = 5
const recordAgeSecondsMin = 60
/** Provisioned mode of queues (Configuring provisioned mode for SQS event source mappings). */
const pollers = { min: 2, minMax: 200, max: 10_000 } as const

export function invalid(message: string): ApiError {
  return new ApiError('InvalidParameterValueException', message)
}

/** What a single source allows, once the shapes hold and nothing foreign is there. Throws the first breach. */
export function checkRules(source: SourceKind, parameters: MappingParameters, context: RuleContext): void {
  if (isStream(source)) checkStream(parameters, context)
  else checkQueue(source, parameters)
  checkMetrics(parameters)
  checkFilters(source, parameters, context)
}

function checkQueue(source: SourceKind, parameters: MappingParameters): void {
  const { BatchSize: batchSize, MaximumBatchingWindowInSeconds: windowSeconds } = parameters
  if (!sourceTraits[source].windowed) {
    if (windowSeconds > 0) throw invalid('Batching window is not supported for FIFO queues')
    if (batchSize > 10) throw invalid('Maximum batch size must be between 1 and 10 inclusive')
  }
  if (batchSize > 10 && windowSeconds === 0) {
    throw invalid('Maximum batch window in seconds must be greater than 0 if maximum batch size is greater than 10')
  }
  checkPollers(parameters)
}

function checkPollers({ ProvisionedPollerConfig: config, ScalingConfig: scaling }: MappingParameters): void {
  if (config === undefined) return
  const minimum = config.MinimumPollers ?? pollers.min
  const maximum = config.MaximumPollers ?? pollers.minMax
  if (minimum < pollers.min || minimum > pollers.minMax || maximum < minimum || maximum > pollers.max) {
    throw invalid(
      'MinimumPollers should be between [2, 200] and MaximumPollers should be between [MinimumPollers, 10000]',
    )
  }
  if (scaling !== undefined) {
    throw invalid(
      'Provisioned mode for SQS ESM does not support maximum concurrency feature. ' +
        'Use MaximumPollers as the control mechanism and remove maximum concurrency.',
    )
  }
}

function checkStream(parameters: MappingParameters, { nowMs }: RuleContext): void {
  checkStart(parameters, nowMs)
  const age = parameters.MaximumRecordAgeInSeconds ?? -1
  if (age !== -1 && age < recordAgeSecondsMin) {
    throw invalid('MaximumRecordAgeInSeconds must be either -1 (forever) or between 60 and 604800 (inclusive)')
  }
  checkTumbling(parameters)
  const target = parameters.DestinationConfig?.OnFailure?.Destination
  if (target !== undefined) checkDestination(target)
}

function checkStart(parameters: MappingParameters, nowMs: number): void {
  const { StartingPosition: position, StartingPositionTimestamp: timestamp } = parameters
  if (position === undefined) throw missingPosition()
  if (position !== 'AT_TIMESTAMP') {
    if (timestamp === undefined) return
    throw invalid('StartingPositionTimestamp is taken with StartingPosition AT_TIMESTAMP only.')
  }
  if (timestamp === undefined) throw invalid('Need to specify a timestamp')
  if (timestamp < 0 || timestamp * 1_000 > nowMs) {
    throw invalid(`StartingPositionTimestamp must be a time in the past: ${timestamp} is not.`)
  }
}

/** DynamoDB streams cannot be sought by time. Said before a timestamp that comes along is called foreign. */
export function refusePosition(source: SourceKind, arn: unknown, position: unknown): void {
  if (source !== 'dynamodb' || position !== 'AT_TIMESTAMP') return
  throw invalid(`Unsupported starting position for arn type: ${String(arn)}`)
}

/** A create has to say what an update may leave out: there it ends provisioned mode. */
export function refuseEmptyPollers({ ProvisionedPollerConfig: config }: Readonly<Record<string, unknown>>): void {
  if (typeof config !== 'object' || config === null || Object.keys(config).length > 0) return
  throw invalid('Either MinimumPollers or MaximumPollers are required if ProvisionedPollerConfig is provided.')
}

/** AWS answers this one as an invalid parameter, not as a violation of the shape, and with a full stop. */
function missingPosition(): ApiError {
  return invalid(
    "1 validation error detected: Value null at 'startingPosition' failed to satisfy constraint: Member must not be null.",
  )
}

function checkTumbling(parameters: MappingParameters): void {
  if ((parameters.TumblingWindowInSeconds ?? 0) === 0) return
  if ((parameters.ParallelizationFactor ?? 1) > 1) {
    throw invalid('Parallelization factor must be equal to 1 when tumbling window period is configured')
  }
  if (parameters.FilterCriteria !== undefined) {
    throw invalid('Filter criteria must be empty when tumbling window period is configured')
  }
}

/** Standard queues, standard topics and buckets (Capturing records of failed invocations). */
function checkDestination(target: string): void {
  const arn = parseArn(target)
  const known = arn?.service === 'sqs' || arn?.service === 'sns' || arn?.service === 's3'
  if (arn === undefined || !known) {
    throw invalid(
      `Unsupported OnFailure destination: ${target}. Use the ARN of an SQS queue, an SNS topic or an S3 bucket.`,
    )
  }
  if (arn.service !== 's3' && arn.resource.endsWith('.fifo')) {
    throw invalid(`Unsupported OnFailure destination: ${target}. FIFO queues and FIFO topics are not supported.`)
  }
}

function checkMetrics({ MetricsConfig: config }: MappingParameters): void {
  const other = config?.Metrics?.find((metric) => metric !== 'EventCount')
  if (other !== undefined) throw invalid(`Unsupported metric ${other} for given event source mapping type.`)
}

function checkFilters(
  source: SourceKind,
  { FilterCriteria: criteria }: MappingParameters,
  { checkPattern }: RuleContext,
): void {
  const filters = criteria?.Filters ?? []
  if (filters.length > filtersMax) {
    throw invalid(`FilterCriteria has ${filters.length} filters, a mapping may have at most ${filtersMax}.`)
  }
  for (const { Pattern: pattern } of filters) {
    if (pattern === undefined || !checkPattern(source, pattern)) throw invalid('Invalid filter pattern definition.')
  }
}

/** Throws what AWS answers where one of these is the wanted mapping already. `uuid` is the mapping itself, where it exists. */
export function refuseDuplicate(
  all: readonly MappingDocument[],
  wanted: Pick<MappingDocument, 'source' | 'sourceName' | 'sourceArn' | 'functionArn'>,
  uuid?: string,
): void {
  const other = all.find((document) => document.uuid !== uuid && isSameMapping(document, wanted))
  if (other === undefined) return
  const functionName = parseFunctionName(wanted.functionArn)?.name ?? wanted.functionArn
  const pair = `(" ${wanted.sourceName} ") and function (" ${functionName} ")`
  const rest = `already exists. Please update or delete the existing mapping with UUID ${other.uuid}`
  const text = isStream(wanted.source)
    ? `The event source arn ${pair} provided mapping ${rest}`
    : `An event source mapping with SQS arn ${pair} ${rest}`
  throw new ApiError('ResourceConflictException', text)
}
