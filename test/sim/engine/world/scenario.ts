import type { SourceKind } from '../../../../src/model/source.ts'
import type { Prng } from '../../prng.ts'
import { drawParameters } from './parameters.ts'
import type { Body } from './parameters.ts'

/** Everything of a run that is drawn before it begins. */
export interface Scenario {
  readonly seed: number
  /** How long things go wrong. */
  readonly safetyMs: number
  readonly sources: readonly SourcePlan[]
  readonly mappings: readonly MappingPlan[]
  readonly faults: Faults
  readonly maxInvocations: number
  readonly budgetBytes: number
  readonly isAws: boolean
  readonly graceMs: number
  /** One healthy mapping beside others whose functions hang. */
  readonly isolation: boolean
}

export interface SourcePlan {
  readonly name: string
  readonly kind: SourceKind
  readonly arn: string
  readonly shards: number
  readonly keys: number
  readonly records: number
  readonly visibilityMs: number
  /** Nothing goes wrong with it. */
  readonly calm: boolean
}

export interface MappingPlan {
  readonly source: SourcePlan
  readonly functionName: string
  readonly createMs: number
  readonly body: Body
  readonly timeoutMs: number
  /** Who describes the function learns of its timeout. */
  readonly tellsTimeout: boolean
  readonly capacity: number | null
  readonly calm: boolean
}

/** Rates per call, times per run. Each kind is off in half of the runs. */
export interface Faults {
  readonly readThrottled: number
  readonly readFailed: number
  readonly readExpired: number
  readonly replyLost: number
  readonly describeFailed: number
  readonly settleRefused: number
  readonly extendRefused: number
  readonly throttled: number
  readonly thrown: number
  readonly partial: number
  readonly lost: number
  readonly hanging: number
  readonly slow: number
  readonly undeliverable: number
  readonly storeRefused: number
  readonly storeSlow: number
  readonly poison: number
  readonly duplicates: number
  readonly lateListing: boolean
  readonly crashes: number
  readonly zombies: number
  readonly stops: number
  readonly calls: number
  readonly reshards: number
  readonly trims: number
  readonly recreations: number
  /** A table's stream is disabled and enabled again. */
  readonly renewals: number
  /** What was disabled can be read no more. */
  readonly forgets: number
  readonly outages: number
  readonly wallSteps: number
  readonly clockMoves: number
}

const noFaults: Faults = {
  readThrottled: 0,
  readFailed: 0,
  readExpired: 0,
  replyLost: 0,
  describeFailed: 0,
  settleRefused: 0,
  extendRefused: 0,
  throttled: 0,
  thrown: 0,
  partial: 0,
  lost: 0,
  hanging: 0,
  slow: 0,
  undeliverable: 0,
  storeRefused: 0,
  storeSlow: 0,
  poison: 0,
  duplicates: 0,
  lateListing: false,
  crashes: 0,
  zombies: 0,
  stops: 0,
  calls: 0,
  reshards: 0,
  trims: 0,
  recreations: 0,
  renewals: 0,
  forgets: 0,
  outages: 0,
  wallSteps: 0,
  clockMoves: 0,
}

export function drawScenario(seed: number, prng: Prng): Scenario {
  const isolation = prng.chance(0.15)
  const sources = Array.from({ length: prng.int(isolation ? 2 : 1, 3) }, (_, index) =>
    drawSource(prng, index, isolation && index === 0),
  )
  const safetyMs = prng.int(10, 40) * 1_000
  const faults = isolation ? hangingOnly(prng) : drawFaults(prng)
  return {
    seed,
    safetyMs,
    sources,
    mappings: drawMappings(prng, sources, safetyMs),
    faults,
    maxInvocations: isolation ? prng.int(8, 12) : prng.pick([1, 2, 4, 10, 50]),
    budgetBytes: isolation ? 10_000_000 : prng.pick([3_000, 10_000_000, 10_000_000]),
    isAws: prng.chance(0.4),
    graceMs: prng.pick([2_000, 8_000]),
    isolation,
  }
}

function drawSource(prng: Prng, index: number, calm: boolean): SourcePlan {
  const kind = calm
    ? prng.pick(['sqs', 'kinesis'])
    : prng.pick(['sqs', 'sqs-fifo', 'kinesis', 'kinesis', 'dynamodb', 'dynamodb'])
  const name = `source-${String(index)}`
  return {
    name,
    kind,
    arn: arnOf(kind, name),
    shards: prng.int(1, 3),
    keys: prng.int(1, 6),
    records: prng.int(5, 60),
    visibilityMs: prng.pick([10_000, 30_000]),
    calm,
  }
}

function arnOf(kind: SourceKind, name: string): string {
  switch (kind) {
    case 'sqs':
      return `arn:aws:sqs:us-east-1:000000000000:${name}`
    case 'sqs-fifo':
      return `arn:aws:sqs:us-east-1:000000000000:${name}.fifo`
    case 'kinesis':
      return `arn:aws:kinesis:us-east-1:000000000000:stream/${name}`
    case 'dynamodb':
      // Followed by its name, as the config file has it.
      return `dynamodb:${name}`
    default:
      return kind satisfies never
  }
}

/** One mapping for each source, and now and then a second one on a stream. */
function drawMappings(prng: Prng, sources: readonly SourcePlan[], safetyMs: number): MappingPlan[] {
  const owners = sources.flatMap((source) => {
    const isShared = !source.calm && (source.kind === 'kinesis' || source.kind === 'dynamodb') && prng.chance(0.3)
    return isShared ? [source, source] : [source]
  })
  // Whoever comes while the places are taken waits for one: those that are to be kept apart are all there before anything hangs.
  const together = sources.some(({ calm }) => calm)
  return owners.map((source, index) => ({
    source,
    functionName: `function-${String(index)}`,
    createMs: together ? index : prng.chance(0.7) ? prng.int(0, 500) : prng.int(0, Math.floor(safetyMs / 2)),
    body: source.calm ? { Enabled: true, ...atHorizon(source) } : drawParameters(prng, source.kind),
    timeoutMs: source.calm ? 3_000 : prng.pick([1_000, 3_000, 10_000, 30_000]),
    tellsTimeout: source.calm || !source.kind.startsWith('sqs') || prng.chance(0.3),
    capacity: source.calm ? null : prng.pick([null, null, 1, 3]),
    calm: source.calm,
  }))
}

function atHorizon({ kind }: SourcePlan): Body {
  return kind === 'kinesis' ? { StartingPosition: 'TRIM_HORIZON' } : {}
}

function hangingOnly(prng: Prng): Faults {
  return { ...noFaults, hanging: 0.7 + prng.next() * 0.3, throttled: prng.pick([0, 0.3]), slow: prng.pick([0, 0.5]) }
}

function drawFaults(prng: Prng): Faults {
  const rate = (most: number): number => (prng.chance(0.5) ? 0 : Math.round(prng.next() * most * 1_000) / 1_000)
  const times = (probability: number, most: number): number => (prng.chance(probability) ? prng.int(1, most) : 0)
  return {
    readThrottled: rate(0.2),
    readFailed: rate(0.2),
    readExpired: rate(0.2),
    replyLost: rate(0.2),
    describeFailed: rate(0.4),
    settleRefused: rate(0.3),
    extendRefused: prng.pick([0, 0.5, 0.7, 0.9]),
    throttled: rate(0.4),
    thrown: rate(0.4),
    partial: rate(0.4),
    lost: rate(0.2),
    hanging: rate(0.1),
    slow: rate(0.5),
    undeliverable: rate(0.95),
    storeRefused: rate(0.3),
    storeSlow: rate(0.3),
    poison: rate(0.2),
    duplicates: rate(0.1),
    lateListing: prng.chance(0.3),
    crashes: times(0.4, 3),
    zombies: times(0.3, 2),
    stops: times(0.4, 2),
    calls: times(0.6, 8),
    reshards: times(0.5, 4),
    trims: times(0.2, 3),
    recreations: times(0.1, 1),
    renewals: times(0.3, 2),
    forgets: times(0.1, 1),
    outages: times(0.2, 2),
    wallSteps: times(0.2, 2),
    clockMoves: times(0.3, 3),
  }
}
