import type { FlowRecord } from '../model/record.ts'
import type { FlowSettings } from './flow-context.ts'

/** AWS lets go of records a little late; an emulator that keeps its data over a weekend is days off. */
const lateMsMax = 3_600_000

/** Whether a source gives out what it says it no longer keeps. Then age is no sign of a loss, and what it still has is not lost. */
export function servesBeyond(
  retentionMs: number | null,
  records: readonly Pick<FlowRecord, 'arrivedMs'>[],
  sourceMs: number,
): boolean {
  if (retentionMs === null) return false
  return records.some(({ arrivedMs }) => sourceMs - arrivedMs > retentionMs + lateMsMax)
}

export function withoutRetention(settings: FlowSettings): FlowSettings {
  return { ...settings, config: { ...settings.config, retentionMs: null } }
}
