import type { FlowStatus, MappingStatus } from '../../model/mapping-status.ts'
import type { MappingDocument } from '../../model/mapping.ts'
import type { FunctionSettings } from '../../model/settings.ts'
import type { DepthResult, DescribeResult, FunctionDescription } from '../../ports.ts'
import type { MappingCounts } from '../../model/mapping-status.ts'
import type { Surroundings } from '../api-deps.ts'

/** Everything that a judgement may rest on, as plain data: judging neither asks nor waits. */
export interface Evidence {
  readonly nowMs: number
  readonly document: MappingDocument
  /** undefined: no engine runs it. */
  readonly status: MappingStatus | undefined
  readonly counts: MappingCounts | undefined
  /** The function, where the config hosts it. */
  readonly hosted: FunctionSettings | undefined
  readonly sight: Sight
  readonly surroundings: Surroundings
  /** Why nothing can be written into the store; null: it can. */
  readonly storeTrouble: string | null
  /** What of the mapping is damaged in the store, where it is set aside. */
  readonly damage: string | undefined
}

/** What was seen when `why` was asked. null: it was not looked at, or did not answer in time. */
export interface Sight {
  readonly source: DescribeResult | null
  readonly depth: DepthResult | null
  readonly function: FunctionDescription | null
  /** Messages held or waited for here: the more of before and after the look, since the numbers move meanwhile. */
  readonly heldHere: number
}

export type QueueDepth = Extract<DepthResult, { kind: 'queue' }>

export function depthOf({ sight }: Evidence): QueueDepth | null {
  return sight.depth?.kind === 'queue' ? sight.depth : null
}

export function flowsOf({ status }: Evidence): readonly FlowStatus[] {
  return status?.flows ?? []
}

/** Messages that are ours: held, or let go until their visibility ends. */
export function heldHere(status: MappingStatus | undefined): number {
  return (status?.flows ?? []).reduce((total, { held, detail }) => total + held + detail.hidden.count, 0)
}
