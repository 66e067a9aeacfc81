import type { RestClient } from './rest-client.ts'
import { shortName } from './short-name.ts'

/** What the operations API says of one mapping: the members that the commands print. */
export interface MappingReport {
  readonly uuid: string
  readonly state: string
  readonly source: string
  readonly functionArn: string
  readonly pauseReasons: readonly string[]
  readonly lastError: { readonly atMs: number; readonly message: string } | null
  readonly flows: readonly FlowReport[]
}

export interface FlowReport {
  readonly flow: string
  readonly phase: string
  readonly held: number
  readonly invoking: number
  readonly waiting: number
  readonly concurrency: number
  readonly watermark: string | null
  readonly behindMs: number | null
  readonly trouble: string | null
}

/** All mappings, as they are at this moment. */
export async function mappingReports(client: RestClient): Promise<readonly MappingReport[]> {
  const { mappings } = (await client.get('/_millrace/mappings')) as { readonly mappings: readonly MappingReport[] }
  return mappings
}

/** One line of a table. */
export const statusHeader = ['UUID', 'STATE', 'SOURCE', 'FUNCTION', 'FLOWS', 'INVOKING', 'WAITING', 'HELD', 'TROUBLE']

export function statusRow(report: MappingReport): readonly string[] {
  const sum = (of: (flow: FlowReport) => number) => String(report.flows.reduce((total, flow) => total + of(flow), 0))
  return [
    report.uuid,
    report.state,
    shortName(report.source),
    shortName(report.functionArn),
    String(report.flows.length),
    sum((flow) => flow.invoking),
    sum((flow) => flow.waiting),
    sum((flow) => flow.held),
    troubleOf(report) ?? '-',
  ]
}

function troubleOf(report: MappingReport): string | undefined {
  const reasons = report.pauseReasons.filter((reason) => reason !== 'disabled')
  const trouble = report.flows.find((flow) => flow.trouble !== null)?.trouble ?? undefined
  return trouble ?? (reasons.length > 0 ? reasons.join(', ') : undefined)
}
