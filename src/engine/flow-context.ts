import type { FlowConfig } from '../core/flow/config.ts'
import type { FlowEnd } from '../core/mapping/messages.ts'
import type { OptionSettings } from '../model/settings.ts'
import type { SourceKind } from '../model/source.ts'
import type { Log } from '../observe/log.ts'
import type { Clock, Destination, Source, Store, Target } from '../ports.ts'
import type { Activity } from './activity.ts'
import type { FlowHealth } from './flow-health.ts'
import type { StartMachine } from './flow-machine.ts'
import type { Results } from './last-result.ts'
import type { MemoryBudget } from './memory-budget.ts'
import type { MappingMeter } from '../model/mapping-meter.ts'
import type { MovableClock } from './movable-clock.ts'
import type { Permits } from './permits.ts'
import type { RecordFilter } from './record-sieve.ts'

/** What all flows of the process share. */
export interface FlowServices {
  readonly clock: Clock
  /** What Millrace itself waits for runs on this one (SPEC §5b). */
  readonly workClock: MovableClock
  readonly store: Store
  readonly target: Target
  readonly destination: Destination
  readonly permits: Permits
  readonly memory: MemoryBudget
  readonly startMachine: StartMachine
  readonly settings: OptionSettings
}

/** Which flow this is; never changes. */
export interface FlowIdentity {
  readonly uuid: string
  /** Shard id, or `queue`. */
  readonly flow: string
  readonly kind: SourceKind
  readonly incarnation: string
  /** False: a shard that the listing names only as a parent. */
  readonly listed: boolean
}

/** What a mapping tells its flows. An update replaces it whole; attempts that are out keep what they were sent with. */
export interface FlowSettings {
  readonly config: FlowConfig
  /** As the mapping has it: what is invoked. */
  readonly functionName: string
  readonly functionArn: string
  /** Attempts that the function takes at once where Millrace hosts it. */
  readonly capacity: number | null
  readonly reportsFailures: boolean
  /** The ARN that records carry. */
  readonly sourceArn: string
  /** The queue's redrive policy takes a message that was received so often; null: it has none. */
  readonly maxReceiveCount: number | null
  /** ARN of the failure destination; null: there is none. */
  readonly destination: string | null
  readonly matches: RecordFilter
}

/** Where a flow reports to. */
export interface FlowListener {
  ended(end: FlowEnd): void
  /** The source refuses the shard as missing, or lets it be read again. */
  refused(refused: boolean): void
  readonly results: Results
  failed(message: string): void
}

export interface FlowContext {
  readonly services: FlowServices
  readonly identity: FlowIdentity
  readonly source: Source
  readonly meter: MappingMeter
  readonly log: Log
  readonly health: FlowHealth
  /** What happens to the mapping's records is counted here. */
  readonly activity: Activity
  readonly listener: FlowListener
}
