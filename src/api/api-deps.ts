import type { MappingActivity, MappingCounts } from '../model/mapping-status.ts'
import type { CreateMapping, Mappings } from '../engine/mappings.ts'
import type { ArnPlace } from '../model/arn.ts'
import type { PlaceHolder } from '../engine/place-holders.ts'
import type { MappingRest } from '../model/mapping-rest.ts'
import type { MappingDocument } from '../model/mapping.ts'
import type { LendingMemory } from '../model/memory.ts'
import type { FunctionSettings, ServerSettings } from '../model/settings.ts'
import type { SourceKind } from '../model/source.ts'
import type { Log } from '../observe/log.ts'
import type { Clock, DepthResult, DescribeResult, Target } from '../ports.ts'
import type { ConnectionLimits } from './connection-limits.ts'
import type { AdmissionLimits } from './gate/admission.ts'
import type { PassPolicy } from './pass-policy.ts'
import type { Upstream } from './upstream.ts'

/** Everything the API acts upon; service.ts makes it. */
export interface ApiDeps {
  readonly server: ServerSettings
  /** Tests make the limits of the gate small. */
  readonly admission?: AdmissionLimits | undefined
  /** The memory of the process: bodies that are held are charged to it. */
  readonly memory?: LendingMemory | undefined
  /** Tests make these small as well. */
  readonly connections?: ConnectionLimits | undefined
  /** Region and account of ARNs that Millrace builds itself. */
  readonly place: ArnPlace
  readonly mappings: Mappings
  readonly functions: Functions
  /** One look at a queue or stream that is to be mapped: does it exist, may we read it, what is its visibility. */
  readonly checkSource: (candidate: SourceCandidate, signal: AbortSignal) => Promise<DescribeResult>
  /** One look at how much waits in a queue. */
  readonly queueDepth: (document: MappingDocument, signal: AbortSignal) => Promise<DepthResult>
  /** Where a mapping's source and function are asked for, and what bounds all mappings together. */
  readonly surroundings: (mapping: Pick<MappingDocument, 'source' | 'sourceName'>) => Surroundings
  /** Whether a filter pattern is one that this source's filters understand. */
  readonly checkPattern: (source: SourceKind, pattern: string) => boolean
  /** The Lambda endpoint behind this one; null: there is none. */
  readonly upstream: Upstream | null
  /** What of the Lambda API may go on to it. */
  readonly passPolicy: PassPolicy
  /** A prom-client registry. */
  readonly metrics: { readonly contentType: string; metrics(): Promise<string> }
  readonly health: Health
  /** What the counters say of one mapping since the process started; `why` reads it. */
  readonly counts: (uuid: string) => MappingCounts | undefined
  /** What a mapping has left to do, as far as it knows; undefined: it does not run here. */
  readonly rest: (uuid: string) => MappingRest | undefined
  /** Whether the endpoint of this kind of source is AWS itself. */
  readonly isAws: (source: SourceKind) => boolean
  /** When a mapping last sent something to its function, and how much it sends. */
  readonly activity: (uuid: string) => MappingActivity | undefined
  /** Takes secrets out of what operations and refusals say. */
  readonly redact: (text: string) => string
  readonly clock: Pick<Clock, 'wallMs' | 'monoMs' | 'uuid' | 'timer'>
  readonly log: Log
}

export interface SourceCandidate extends CreateMapping {
  readonly source: SourceKind
}

/** What a mapping stands in; `why` names it. */
export interface Surroundings {
  readonly sourceEndpoint: string
  /** null: no function is looked for outside the config. */
  readonly functionEndpoint: string | null
  readonly maxInvocations: number
  /** Who holds places for invocations while others wait for one, the longest first. */
  readonly holders: readonly PlaceHolder[]
}

/** All functions: those of the config, everything else upstream. */
export interface Functions extends Target {
  readonly functions: readonly FunctionSettings[]
  /** The function of the config that a name, `name:qualifier` or ARN means. */
  hosted(functionName: string): FunctionSettings | undefined
}

/** Answers at once: neither asks a backend. */
export interface Health {
  /** Why the process takes no work yet, or none any more; empty: it does. */
  notReady(): readonly string[]
  /** Why nothing can be written into the store, and since when; null: it can. */
  storeTrouble(): string | null
  /** What `/_millrace/health` shows beside it. */
  details(): Readonly<Record<string, unknown>>
}
