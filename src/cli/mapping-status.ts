import type { RestClient } from './rest-client.ts'

/** What the operations API says of one mapping: the members that the commands print. */
export interface MappingReport {
  readonly uuid: string
  readonly state: string
  readonly source: string
  readonly functionArn: string
  readonly pauseReasons: readonly string[]
  readonly lastError: { readonly atMs: number; readonly message: string } | null
  readonly sourceTrouble: TroubleReport | null
  readonly functionTrouble: TroubleReport | null
  readonly activity: { readonly lastInvokedMs: number | null; readonly recordsPerSecond: number }
  readonly backlog?: { readonly visible: number; readonly delayed: number } | null
  readonly flows: readonly FlowReport[]
}

export interface TroubleReport {
  readonly kind: string
  readonly message: string
  readonly sinceMs: number
}

export interface FlowReport {
  readonly invoking: number
  readonly behindMs: number | null
}

/** All mappings, as they are at this moment, with what waits in their queues. */
export async function mappingReports(client: RestClient): Promise<readonly MappingReport[]> {
  const path = '/_millrace/mappings?backlog=true'
  const { mappings } = (await client.getWith('mappings', path)) as { readonly mappings: readonly MappingReport[] }
  return mappings
}
