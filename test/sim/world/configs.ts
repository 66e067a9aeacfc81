import type { FlowConfig } from '../../../src/core/flow/config.ts'
import { sourceTraits } from '../../../src/model/source.ts'
import type { Prng } from '../prng.ts'

/** Six megabytes, and sizes at which a few of the small records of a run already fill an event. */
const plentyBytes = 6_000_000
/** The members of a window, its state when it has counted every record, and one record: more makes an event too large. */
const tightBytes = 2_000

const common = {
  pace: { readIntervalMs: 0, tipMsMin: 10, tipMsMax: 200, idleMs: 250 },
  retryBackoff: { baseMs: 1_000, capMs: 30_000 },
  throttleBackoff: { baseMs: 1_000, capMs: 10_000 },
  skipBeforeMs: null,
  receiveVisibilityMs: null,
  extendsReceipts: false,
  receiptMsMax: 43_200_000,
} as const

/** A quiet configuration for tests that only care about one or two members. */
export function plainConfig(kind: keyof typeof sourceTraits, changes: Partial<FlowConfig> = {}): FlowConfig {
  return {
    ...common,
    traits: sourceTraits[kind],
    batchSize: 10,
    windowMs: 0,
    batchBytesMax: plentyBytes,
    heldRecordsMax: 10_000,
    scaling: { policy: 'eager', flightsMax: 10, receivesMax: 5 },
    visibilityMs: 30_000,
    timeoutMs: 3_000,
    unreachable: false,
    slots: 1,
    startFrom: { at: 'horizon' },
    retryAttemptsMax: null,
    recordAgeMsMax: null,
    retentionMs: null,
    bisect: false,
    tumblingMs: 0,
    windowIdleCloseMs: 120_000,
    ...changes,
  }
}

/** `functionTimeoutMs`: what the function takes at most. */
export function drawQueueConfig(prng: Prng, functionTimeoutMs: number): FlowConfig {
  const fifo = prng.chance(0.5)
  const batchSize = fifo ? prng.int(1, 10) : prng.pick([1, 2, 3, 5, 10, 10, 25, 100])
  const visibilityMs = prng.pick([4_000, 10_000, 30_000, 60_000])
  const windowMs = fifo ? 0 : batchSize > 10 ? prng.pick([1_000, 5_000]) : prng.pick([0, 0, 100, 1_000, 5_000])
  // What is prolonged is mostly what nobody knew to last for so long.
  const extendsReceipts = prng.chance(0.4)
  const timeoutMs = prng.chance(extendsReceipts ? 0.7 : 0.3) ? null : functionTimeoutMs
  const receiveVisibilityMs = coverOf(visibilityMs, windowMs + (timeoutMs ?? 0), prng)
  return plainConfig(fifo ? 'sqs-fifo' : 'sqs', {
    batchSize,
    windowMs,
    timeoutMs,
    unreachable: prng.chance(0.1),
    batchBytesMax: prng.pick([500, 1_500, plentyBytes]),
    heldRecordsMax: prng.pick([20, 10_000, 10_000]),
    scaling: {
      policy: prng.pick(['eager', 'aws', 'aws-2022']),
      flightsMax: prng.pick([1, 2, 5, 10, 50]),
      receivesMax: prng.pick([1, 2, 5]),
    },
    visibilityMs,
    receiveVisibilityMs,
    extendsReceipts,
    receiptMsMax: Math.ceil((receiveVisibilityMs ?? visibilityMs) * prng.pick([1.5, 3, 1_000])),
    throttleBackoff: { baseMs: 1_000, capMs: prng.pick([2_000, 10_000]) },
  })
}

/** As the engine names it, now and then more. */
function coverOf(visibilityMs: number, neededMs: number, prng: Prng): number | null {
  const coverMs = Math.max(visibilityMs, Math.ceil(neededMs + Math.min(5_000, neededMs / 4)))
  if (prng.chance(0.2)) return coverMs + 30_000
  return coverMs === visibilityMs && prng.chance(0.5) ? null : coverMs
}

/** No queue hides a message for longer. */
function within(coverMs: number | null, { receiptMsMax }: FlowConfig): number | null {
  return coverMs === null ? null : Math.min(coverMs, receiptMsMax)
}

export function drawShardConfig(prng: Prng): FlowConfig {
  const tumblingMs = prng.pick([0, 0, 0, 1_000, 5_000])
  return plainConfig(prng.chance(0.5) ? 'kinesis' : 'dynamodb', {
    batchSize: prng.pick([1, 2, 3, 4, 5, 10, 100]),
    windowMs: prng.pick([0, 0, 50, 500, 3_000]),
    batchBytesMax: prng.pick(tumblingMs > 0 ? [tightBytes, plentyBytes] : [500, 1_500, plentyBytes]),
    heldRecordsMax: prng.pick([5, 20, 10_000]),
    slots: tumblingMs > 0 ? 1 : prng.pick([1, 1, 2, 4]),
    retryAttemptsMax: prng.pick([null, 0, 1, 2, 3]),
    recordAgeMsMax: prng.pick([null, null, null, 5_000, 20_000]),
    retentionMs: prng.pick([null, null, 8_000, 30_000, 86_400_000]),
    bisect: prng.chance(0.5),
    tumblingMs,
    windowIdleCloseMs: prng.pick([2_000, 10_000]),
    pace: {
      readIntervalMs: prng.pick([0, 0, 200]),
      tipMsMin: 10,
      tipMsMax: prng.pick([20, 200, 1_000]),
      idleMs: 250,
    },
    retryBackoff: { baseMs: prng.pick([200, 1_000]), capMs: prng.pick([2_000, 10_000]) },
    throttleBackoff: { baseMs: prng.pick([200, 1_000]), capMs: 5_000 },
  })
}

/** The same mapping after an update: what may change, changes; what belongs to the source stays. */
export function redraw(prng: Prng, config: FlowConfig, functionTimeoutMs: number): FlowConfig {
  const isQueue = config.traits.progress === 'receipt'
  const drawn = isQueue ? drawQueueConfig(prng, functionTimeoutMs) : drawShardConfig(prng)
  const windowMs = config.traits.windowed ? (drawn.batchSize > 10 && isQueue ? 1_000 : drawn.windowMs) : 0
  return {
    ...drawn,
    traits: config.traits,
    batchSize: config.traits.ordered === 'group' ? Math.min(10, drawn.batchSize) : drawn.batchSize,
    windowMs,
    batchBytesMax: config.batchBytesMax,
    visibilityMs: config.visibilityMs,
    receiveVisibilityMs: isQueue
      ? within(coverOf(config.visibilityMs, windowMs + (drawn.timeoutMs ?? 0), prng), config)
      : null,
    receiptMsMax: config.receiptMsMax,
    retentionMs: config.retentionMs,
    startFrom: config.startFrom,
    skipBeforeMs: config.skipBeforeMs,
    tumblingMs: config.tumblingMs === 0 && config.batchBytesMax < plentyBytes ? 0 : drawn.tumblingMs,
    slots: drawn.tumblingMs > 0 && config.batchBytesMax >= plentyBytes ? 1 : drawn.slots,
  }
}
