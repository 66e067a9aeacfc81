import type { MappingDocument } from '../model/mapping.ts'
import type { SourceKind } from '../model/source.ts'
import type { MappingPace } from '../core/mapping/messages.ts'
import type { Log } from '../observe/log.ts'
import type { SourceOpener } from '../ports.ts'
import type { FlowServices } from './flow-context.ts'
import type { MappingMeter } from '../model/mapping-meter.ts'
import type { ShardCensus } from './shard-census.ts'

/** What all mappings of the process share. */
export interface EngineContext {
  readonly services: FlowServices
  readonly opener: SourceOpener
  readonly census: ShardCensus
  readonly pace: MappingPace
  /** Whether the endpoint of this kind of source is AWS itself. */
  readonly isAws: (kind: SourceKind) => boolean
  readonly meterOf: (document: MappingDocument) => MappingMeter
  /** A mapping is gone: its counters go with it. */
  readonly forgetMeter: (uuid: string) => void
  readonly log: Log
}
