import type { ShardFacts } from '../core/mapping/family.ts'
import type { MachineState } from '../core/mapping/state.ts'
import { inspect } from '../core/mapping/step.ts'
import type { MappingDocument } from '../model/mapping.ts'
import { isStream } from '../model/source.ts'
import type { FlowStatus, MappingStatus, Trouble } from '../model/mapping-status.ts'
import type { MappingTroubles } from './mapping-troubles.ts'

interface Seen {
  readonly stopping: boolean
  readonly troubles: Pick<MappingTroubles, 'source' | 'function' | 'lastError'>
  readonly flows: readonly FlowStatus[]
  readonly machine: MachineState
}

/** A mapping as the operations API shows it. */
export function statusOf(document: MappingDocument, seen: Seen): MappingStatus {
  const waiting = inspect(seen.machine).waiting.map(waitingShard)
  const { troubles, flows } = seen
  const sourceTrouble = troubles.source ?? oldest(flows.map((flow) => flow.sourceTrouble))
  const functionTrouble = troubles.function ?? oldest(flows.map((flow) => flow.functionTrouble))
  return {
    uuid: document.uuid,
    state: document.state,
    source: document.sourceName,
    functionArn: document.functionArn,
    pauseReasons: [...pauseReasons(document, seen)],
    lastProcessingResult: isStream(document.source) ? document.lastProcessingResult : null,
    lastError: troubles.lastError,
    sourceTrouble,
    functionTrouble,
    flows: [...flows, ...waiting],
  }
}

function oldest<One extends Trouble>(troubles: readonly (One | null)[]): One | null {
  return troubles
    .filter((trouble) => trouble !== null)
    .reduce<One | null>(
      (first, trouble) => (first !== null && first.sinceMs <= trouble.sinceMs ? first : trouble),
      null,
    )
}

function pauseReasons({ state }: MappingDocument, { stopping, troubles, flows }: Seen): ReadonlySet<string> {
  const reasons = new Set<string>()
  if (stopping || state === 'Disabling' || state === 'Deleting') reasons.add('drain')
  if (state === 'Disabled') reasons.add('disabled')
  if (troubles.source !== null) reasons.add(`source ${troubles.source.kind}`)
  for (const flow of flows) if (flow.trouble !== null) reasons.add(`source ${flow.trouble}`)
  if (troubles.function !== null) reasons.add(`function ${troubles.function.kind}`)
  for (const flow of flows) for (const kind of functionReasons(flow)) reasons.add(`function ${kind}`)
  return reasons
}

/** Why the function of a flow does not run; one that runs and fails holds nothing up. */
function functionReasons({ functionTrouble, outage }: FlowStatus): readonly string[] {
  return [outage, functionTrouble?.kind].filter((kind) => typeof kind === 'string' && kind !== 'failed') as string[]
}

/** A child whose parents are not done. */
function waitingShard({ shardId: flow, parentIds: waitsFor }: ShardFacts): FlowStatus {
  const nothing = { held: 0, heldBytes: 0, invoking: 0, waiting: 0, concurrency: 0, watermark: null }
  const ages = { behindMs: null, iteratorAgeMs: null }
  const untroubled = { trouble: null, sourceTrouble: null, functionTrouble: null, lastFailure: null, outage: null }
  return { flow, phase: 'waiting for its parents', ...nothing, ...ages, ...untroubled, detail: noDetail, waitsFor }
}

const noDetail: FlowStatus['detail'] = {
  batches: [],
  groups: [],
  hidden: { count: 0, firstInMs: null, firstId: null },
  windowEndsInMs: null,
}
