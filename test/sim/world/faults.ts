import type { Prng } from '../prng.ts'
import type { ScenarioKind } from './scenario.ts'

/** Rates of what goes wrong (per call), and how often the larger mishaps happen in a run. Each kind is off in half of the runs. */
export interface Faults {
  readonly readThrottled: number
  readonly readFailed: number
  readonly readExpired: number
  readonly replyOfReadLost: number
  readonly emptyPage: number
  readonly duplicate: number
  readonly settleFailed: number
  readonly extendRefused: number
  readonly notRun: number
  /** An attempt takes nearly as long as it may. */
  readonly slow: number
  readonly transient: number
  readonly timeout: number
  readonly replyLost: number
  readonly spuriousPartial: number
  readonly bigState: number
  readonly undeliverable: number
  readonly crashes: number
  readonly crashBetweenCommands: boolean
  readonly drains: number
  readonly leaseLosses: number
  readonly updates: number
  readonly pressures: number
  readonly wallSteps: number
  readonly advances: number
  readonly outages: number
  readonly functionOutages: number
  readonly trims: number
  readonly recreations: number
}

export const noFaults: Faults = {
  readThrottled: 0,
  readFailed: 0,
  readExpired: 0,
  replyOfReadLost: 0,
  emptyPage: 0,
  duplicate: 0,
  settleFailed: 0,
  extendRefused: 0,
  notRun: 0,
  slow: 0,
  transient: 0,
  timeout: 0,
  replyLost: 0,
  spuriousPartial: 0,
  bigState: 0,
  undeliverable: 0,
  crashes: 0,
  crashBetweenCommands: false,
  drains: 0,
  leaseLosses: 0,
  updates: 0,
  pressures: 0,
  wallSteps: 0,
  advances: 0,
  outages: 0,
  functionOutages: 0,
  trims: 0,
  recreations: 0,
}

export function drawFaults(prng: Prng, kind: ScenarioKind): Faults {
  const rate = (most: number): number => (prng.chance(0.5) ? 0 : Math.round(prng.next() * most * 1_000) / 1_000)
  const times = (probability: number, most: number): number => (prng.chance(probability) ? prng.int(1, most) : 0)
  const shard = kind === 'shard'
  const calm = prng.chance(0.3)
  return {
    readThrottled: rate(0.3),
    readFailed: rate(0.2),
    readExpired: shard ? rate(0.2) : 0,
    replyOfReadLost: shard ? 0 : rate(0.3),
    emptyPage: rate(0.3),
    duplicate: shard ? 0 : rate(0.2),
    settleFailed: shard ? 0 : rate(0.3),
    extendRefused: shard ? 0 : rate(0.5),
    notRun: rate(0.5),
    slow: shard ? 0 : rate(0.5),
    transient: calm ? 0 : rate(0.4),
    timeout: calm ? 0 : rate(0.1),
    replyLost: calm ? 0 : rate(0.2),
    spuriousPartial: calm ? 0 : rate(0.3),
    bigState: calm ? 0 : rate(0.2),
    undeliverable: shard ? rate(0.5) : 0,
    crashes: times(0.3, 2),
    crashBetweenCommands: prng.chance(0.3),
    drains: times(0.3, 2),
    leaseLosses: shard ? times(0.15, 1) : 0,
    updates: times(0.3, 2),
    pressures: times(0.2, 2),
    wallSteps: times(0.3, 2),
    advances: times(0.3, 4),
    outages: times(0.2, 2),
    functionOutages: shard ? 0 : times(0.3, 2),
    trims: shard ? times(0.2, 2) : 0,
    recreations: shard ? times(0.1, 1) : 0,
  }
}
