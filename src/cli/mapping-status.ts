import type { RestClient } from './rest-client.ts'

/** What the operations API says of one mapping: the members that the commands print. */
export interface MappingReport {
  readonly uuid: string
  readonly state: string
  readonly source: string
  readonly functionArn: string
  readonly pauseReasons: readonly string[]
  readonly lastProcessingResult: string
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

export async function mappingReport(client: RestClient, uuid: string): Promise<MappingReport> {
  return (await client.get(`/_millrace/mappings/${encodeURIComponent(uuid)}`)) as MappingReport
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

/** An ARN is long and mostly the same: what differs is its service and its end. */
function shortName(name: string): string {
  const [prefix, , service, , , ...resource] = name.split(':')
  if (prefix !== 'arn') return name
  return `${service}:${resource.join(':').replace(/^(function:|stream\/|table\/)/, '')}`
}

/** Why nothing fires, as sentences; the first is the answer, the others what to look at. */
export function explain(report: MappingReport): readonly string[] {
  const lines = [verdict(report)]
  for (const flow of report.flows) {
    if (flow.trouble !== null) lines.push(`${flow.flow}: ${flow.trouble}`)
    else if (flow.waiting > 0)
      lines.push(`${flow.flow}: ${flow.waiting} batches wait for a permit or their next attempt`)
    if (flow.behindMs !== null && flow.behindMs > 0) {
      lines.push(`${flow.flow}: ${Math.round(flow.behindMs / 1000)} s behind the tip`)
    }
  }
  if (report.lastError !== null) {
    lines.push(`Last error, ${new Date(report.lastError.atMs).toISOString()}: ${report.lastError.message}`)
  }
  if (report.lastProcessingResult !== '') lines.push(`Last processing result: ${report.lastProcessingResult}`)
  return lines
}

function verdict(report: MappingReport): string {
  if (report.state === 'Disabled' || report.state === 'Disabling') {
    return `Nothing is read: the mapping is ${report.state}. \`millrace mappings update ${report.uuid} --enabled\` turns it on.`
  }
  if (report.pauseReasons.length > 0) return `Held up: ${report.pauseReasons.join(', ')}.`
  if (report.state !== 'Enabled') return `The mapping is ${report.state}; it runs once it is Enabled.`
  if (report.flows.length === 0) return 'No queue or shard is open yet: the source has not been reached.'
  const invoking = report.flows.reduce((total, flow) => total + flow.invoking, 0)
  if (invoking > 0) return `It is running: ${invoking} batches are in the function now.`
  return `Nothing is wrong: ${report.source} is being read, and nothing is there that the function has not had.`
}
