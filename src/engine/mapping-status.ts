import type { MappingMachine } from '../core/mapping-machine.ts'
import { inspectMapping } from '../core/mapping.ts'
import type { MappingDocument } from '../model/mapping.ts'
import { isStream } from '../model/source.ts'
import type { FlowStatus, MappingStatus } from './mappings.ts'

interface Seen {
  readonly stopping: boolean
  readonly trouble: string | null
  readonly lastError: MappingStatus['lastError']
  readonly flows: readonly FlowStatus[]
  readonly machine: MappingMachine
}

/** A mapping as the operations API shows it. */
export function statusOf(document: MappingDocument, seen: Seen): MappingStatus {
  const waiting = inspectMapping(seen.machine).waiting.map(waitingShard)
  return {
    uuid: document.uuid,
    state: document.state,
    source: document.sourceName,
    functionArn: document.functionArn,
    pauseReasons: [...pauseReasons(document, seen)],
    lastProcessingResult: isStream(document.source) ? document.lastProcessingResult : null,
    lastError: seen.lastError,
    flows: [...seen.flows, ...waiting],
  }
}

function pauseReasons({ state }: MappingDocument, { stopping, trouble, flows }: Seen): ReadonlySet<string> {
  const reasons = new Set<string>()
  if (stopping || state === 'Disabling' || state === 'Deleting') reasons.add('drain')
  if (state === 'Disabled') reasons.add('disabled')
  if (trouble !== null) reasons.add(trouble)
  for (const flow of flows) if (flow.trouble !== null) reasons.add(flow.trouble)
  return reasons
}

/** A child whose parents are not done. */
function waitingShard(flow: string): FlowStatus {
  const nothing = { held: 0, heldBytes: 0, invoking: 0, waiting: 0, concurrency: 0 }
  return { flow, phase: 'waiting for its parents', ...nothing, watermark: null, behindMs: null, trouble: null }
}
