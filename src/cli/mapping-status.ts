import type { MappingOverview } from '../model/mapping-status.ts'
import type { RestClient } from './rest-client.ts'

/** All mappings, as they are at this moment, with what waits in their queues. */
export async function mappingOverviews(client: RestClient): Promise<readonly MappingOverview[]> {
  const path = '/_millrace/mappings?backlog=true'
  const { mappings } = (await client.getWith('mappings', path)) as { readonly mappings: readonly MappingOverview[] }
  return mappings
}
