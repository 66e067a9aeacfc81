import type { SourceKind } from '../../../../src/model/source.ts'
import type { Prng } from '../../prng.ts'

/** The body of a create or an update, as a user writes it. */
export type Body = Readonly<Record<string, unknown>>

const destinationArn = 'arn:aws:sqs:us-east-1:000000000000:failures'

export function drawParameters(prng: Prng, kind: SourceKind): Body {
  const { FunctionResponseTypes, ...rest } = { FunctionResponseTypes: reports(prng), ...drawChanges(prng, kind) }
  return {
    ...rest,
    FunctionResponseTypes,
    Enabled: prng.chance(0.85),
    ...(isQueue(kind) ? {} : { StartingPosition: prng.pick(['TRIM_HORIZON', 'TRIM_HORIZON', 'LATEST']) }),
  }
}

/** What an update may bring. What belongs together is drawn together, so that AWS's own rules accept it. */
export function drawChanges(prng: Prng, kind: SourceKind): Body {
  const changes = isQueue(kind) ? drawQueueChanges(prng, kind) : drawStreamChanges(prng)
  // AWS takes no filters beside a tumbling window.
  const isWindowed = 'TumblingWindowInSeconds' in changes && changes.TumblingWindowInSeconds !== 0
  return {
    ...changes,
    ...(isWindowed ? { FilterCriteria: { Filters: [] } } : prng.chance(0.2) ? filters(prng, kind) : {}),
    ...(prng.chance(0.2) ? { FunctionResponseTypes: reports(prng) } : {}),
  }
}

function isQueue(kind: SourceKind): boolean {
  return kind === 'sqs' || kind === 'sqs-fifo'
}

function reports(prng: Prng): readonly string[] {
  return prng.chance(0.5) ? ['ReportBatchItemFailures'] : []
}

function drawQueueChanges(prng: Prng, kind: SourceKind): Body {
  const extension = prng.chance(0.8) ? { extendVisibility: prng.chance(0.8) } : {}
  const limit = prng.chance(0.3) ? { ScalingConfig: { MaximumConcurrency: prng.int(2, 5) } } : {}
  const concurrency = { ...limit, ...extension }
  if (kind === 'sqs-fifo') return { BatchSize: prng.int(1, 10), ...concurrency }
  return {
    BatchSize: prng.pick([1, 2, 5, 10, 50]),
    MaximumBatchingWindowInSeconds: prng.pick([1, 1, 2]),
    ...(prng.chance(0.6) ? { BatchSize: prng.int(1, 10), MaximumBatchingWindowInSeconds: 0 } : {}),
    ...concurrency,
  }
}

function drawStreamChanges(prng: Prng): Body {
  const isLimited = prng.chance(0.45)
  const isWindowed = prng.chance(0.15)
  return {
    BatchSize: prng.pick([1, 2, 3, 5, 10, 100]),
    MaximumBatchingWindowInSeconds: prng.pick([0, 0, 0, 1]),
    ParallelizationFactor: isWindowed ? 1 : prng.pick([1, 1, 2, 4]),
    TumblingWindowInSeconds: isWindowed ? prng.pick([1, 5]) : 0,
    BisectBatchOnFunctionError: prng.chance(0.5),
    MaximumRetryAttempts: isLimited ? prng.int(0, 3) : -1,
    MaximumRecordAgeInSeconds: isLimited && prng.chance(0.3) ? 60 : -1,
    DestinationConfig: { OnFailure: isLimited && prng.chance(0.7) ? { Destination: destinationArn } : {} },
  }
}

function filters(prng: Prng, kind: SourceKind): Body {
  const pattern = JSON.stringify({ [isQueue(kind) ? 'body' : 'data']: { skip: [false] } })
  // DynamoDB's records have no data; here they look like those of Kinesis, so nothing of them could match.
  return { FilterCriteria: { Filters: prng.chance(0.7) && kind !== 'dynamodb' ? [{ Pattern: pattern }] : [] } }
}
