import { backoffMs, pauseAskedMs } from './backoff.ts'
import type { FlowEnv, ReadOutcome } from './flow/messages.ts'
import type { PaceConfig } from './flow/config.ts'

/** When a reader may ask its source again. */
export interface PaceState {
  /** Not before this moment (monotonic). */
  nextMs: number
  /** Failed reads in a row. */
  failures: number
  /** Empty reads in a row. */
  empties: number
  /** When the last record came, or the first page (monotonic); null: neither did yet. */
  recordMs: number | null
}

/** Empty pages before the tip are normal (behaviour §13.4); after so many in a row reading goes on at the five reads a second that AWS allows. */
const emptiesAtFullSpeed = 20
const slowedReadMs = 200

/** A shard of which nothing came for so long is looked at no sooner than this, or than its config says of idle ones. */
const idleStages = [
  { afterMs: 60_000, pauseMs: Number.POSITIVE_INFINITY },
  { afterMs: 10_000, pauseMs: 100 },
]

/** Passing faults are retried soon, a source that is not there or not ours slowly (behaviour §2.3: the mapping stays Enabled). */
const passing = { baseMs: 200, capMs: 5_000 }
const lasting = { baseMs: 1_000, capMs: 10_000 }

export function createPace(): PaceState {
  return { nextMs: 0, failures: 0, empties: 0, recordMs: null }
}

/** After a page of a shard. Returns nothing: the pause is in `pace.nextMs`. */
export function paceAfterPage(
  pace: PaceState,
  config: PaceConfig,
  page: { count: number; tip: boolean },
  nowMs: number,
): void {
  pace.failures = 0
  pace.empties = page.count > 0 ? 0 : pace.empties + 1
  if (page.count > 0 || pace.recordMs === null) pace.recordMs = nowMs
  const quietMs = nowMs - pace.recordMs
  pace.nextMs = nowMs + Math.max(config.readIntervalMs, tipPauseMs(pace, config, { ...page, quietMs }))
}

function tipPauseMs(
  pace: PaceState,
  config: PaceConfig,
  page: { count: number; tip: boolean; quietMs: number },
): number {
  if (page.tip) return Math.max(pauseMs(Math.max(pace.empties, 1), config), idlePauseMs(page.quietMs, config))
  return pace.empties > emptiesAtFullSpeed ? slowedReadMs : 0
}

function pauseMs(empties: number, config: PaceConfig): number {
  return Math.min(config.tipMsMax, config.tipMsMin * 2 ** Math.min(empties - 1, 20))
}

function idlePauseMs(quietMs: number, { idleMs }: PaceConfig): number {
  const stage = idleStages.find(({ afterMs }) => quietMs >= afterMs)
  return stage === undefined ? 0 : Math.min(stage.pauseMs, idleMs)
}

/** After a read that brought no page. Returns the pause, for the log. */
export function paceAfterTrouble(
  pace: PaceState,
  result: Exclude<ReadOutcome, { kind: 'records' }>,
  env: FlowEnv,
): number {
  pace.failures += 1
  const retryMs = troublePauseMs(pace.failures, result, env.jitter)
  pace.nextMs = env.monoMs + retryMs
  return retryMs
}

function troublePauseMs(failures: number, result: Exclude<ReadOutcome, { kind: 'records' }>, jitter: number): number {
  switch (result.kind) {
    case 'throttled':
      return pauseAskedMs(result.retryAfterMs, backoffMs(failures, passing, jitter))
    case 'failed':
      return backoffMs(failures, passing, jitter)
    // The first of these is mended by reading again from the right place; a run of them is a fault like any other.
    case 'expired':
    case 'trimmed':
    case 'recreated':
      return failures === 1 ? 1 : backoffMs(failures, passing, jitter)
    case 'missing':
    case 'denied':
      return backoffMs(failures, lasting, jitter)
    default:
      return result satisfies never
  }
}

/** The first of several moments; null where there is none. */
export function earliest(moments: readonly number[]): number | null {
  let first: number | null = null
  for (const moment of moments) if (first === null || moment < first) first = moment
  return first
}
