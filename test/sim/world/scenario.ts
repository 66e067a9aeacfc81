import type { FlowConfig } from '../../../src/core/flow/config.ts'
import { functionTimeoutMsMax } from '../../../src/model/limits.ts'
import type { Terms } from '../checkers/terms.ts'
import type { Prng } from '../prng.ts'
import type { Faults } from './faults.ts'
import { drawFaults } from './faults.ts'
import { drawQueueConfig, drawShardConfig, redraw } from './configs.ts'

/** Where the clocks of a run begin. */
export const epochMs = 1_700_000_000_000

export type ScenarioKind = 'queue' | 'shard'

/** Everything that one seed decides before the run begins. */
export interface Scenario {
  readonly seed: number
  readonly kind: ScenarioKind
  readonly config: FlowConfig
  /** Configs that the run changes to, in order. */
  readonly updates: readonly FlowConfig[]
  readonly records: number
  /** Records arrive within this time. */
  readonly arrivalsMs: number
  readonly safetyMs: number
  readonly keys: number
  readonly unmatchedRate: number
  readonly poisonRate: number
  readonly oversizeRate: number
  readonly recordBytesMax: number
  readonly answers: AnswerStyle
  readonly functionMs: number
  readonly functionTimeoutMs: number
  readonly permits: number
  readonly maxReceives: number
  readonly pageMax: number
  readonly closes: boolean
  readonly sourceOffsetMs: number
  /** Records that arrived before this are none of the mapping's business. */
  readonly startMs: number | null
  readonly timerLateMs: number
  /** What the flow may be charged while nobody else holds much, and while others do. */
  readonly allowedBytes: { readonly usual: number; readonly pressed: number }
  readonly faults: Faults
  readonly poisonStays: boolean
}

/** How the function speaks of poison: by throwing, or by a partial batch response that names it or all from it on. */
export type AnswerStyle = 'throws' | 'names' | 'stops'

export function drawScenario(seed: number, kind: ScenarioKind, prng: Prng): Scenario {
  const sourceOffsetMs = prng.int(-5_000, 5_000)
  const faults = drawFaults(prng, kind)
  const arrivalsMs = prng.pick([0, 1_000, 10_000, 30_000])
  const startMs = prng.chance(0.2) ? epochMs + sourceOffsetMs + prng.int(0, arrivalsMs) : null
  const functionTimeoutMs = prng.pick([2_000, 5_000, kind === 'queue' ? 40_000 : 10_000])
  const drawn = kind === 'queue' ? drawQueueConfig(prng, functionTimeoutMs) : drawShardConfig(prng)
  const config = kind === 'shard' && startMs !== null ? startingAt(drawn, startMs, prng) : drawn
  const updates = Array.from({ length: faults.updates }, () => redraw(prng, config, functionTimeoutMs))
  const finite = [config, ...updates].every((one) => one.retryAttemptsMax !== null)
  return {
    seed,
    kind,
    config,
    updates,
    records: prng.pick([0, 1, 3, 8, 15, 30, 60]),
    arrivalsMs,
    safetyMs: arrivalsMs + prng.int(1_000, 20_000),
    keys: prng.pick([1, 2, 5, 20]),
    unmatchedRate: prng.pick([0, 0, 0.2, 0.6]),
    poisonRate: prng.pick([0, 0, 0.05, 0.2]),
    oversizeRate: kind === 'shard' && finite ? prng.pick([0, 0, 0, 0.05]) : 0,
    recordBytesMax: prng.pick([20, 200, 400]),
    answers: prng.pick(['throws', 'names', 'stops']),
    functionMs: prng.pick([1, 20, 200, 1_000]),
    functionTimeoutMs,
    permits: prng.pick([1, 3, 20]),
    maxReceives: prng.pick([2, 4]),
    pageMax: prng.pick([1, 3, 10, 100]),
    closes: kind === 'shard' && prng.chance(0.4),
    sourceOffsetMs,
    startMs: kind === 'shard' ? startMs : null,
    timerLateMs: prng.pick([0, 0, 5]),
    allowedBytes: { usual: prng.pick([3_000, 20_000, 100_000_000, 100_000_000]), pressed: prng.pick([0, 500, 2_000]) },
    faults,
    poisonStays: kind === 'queue' || (finite && prng.chance(0.5)),
  }
}

/** A source that can seek is read from the moment; of one that cannot, the older records are skipped. */
function startingAt(config: FlowConfig, startMs: number, prng: Prng): FlowConfig {
  return prng.chance(0.5)
    ? { ...config, startFrom: { at: 'time', ms: startMs } }
    : { ...config, startFrom: { at: 'horizon' }, skipBeforeMs: startMs }
}

export function termsOf(scenario: Scenario): Terms {
  const { faults } = scenario
  return {
    functionTimeoutMs: Math.min(scenario.functionTimeoutMs, functionTimeoutMsMax),
    deterministic:
      faults.transient + faults.timeout + faults.replyLost + faults.spuriousPartial + faults.bigState === 0,
    poisonStays: scenario.poisonStays,
    slackMs: scenario.timerLateMs + 5,
  }
}
