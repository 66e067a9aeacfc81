import type { MappingReadings } from '../observe/metrics.ts'
import { isStream } from '../model/source.ts'
import type { Mappings } from './mappings.ts'
import { identityOf } from './meters.ts'

/** What every mapping holds at this moment, for a scrape. */
export function* readingsOf(mappings: Pick<Mappings, 'list' | 'status'>): Iterable<MappingReadings> {
  for (const document of mappings.list()) {
    const flows = mappings.status(document.uuid)?.flows ?? []
    const behind = flows.flatMap(({ behindMs }) => behindMs ?? [])
    yield {
      ...identityOf(document),
      enabled: document.state === 'Enabled' || document.state === 'Updating',
      heldRecords: flows.reduce((sum, flow) => sum + flow.held, 0),
      heldBytes: flows.reduce((sum, flow) => sum + flow.heldBytes, 0),
      behindMs: behind.length === 0 ? null : Math.max(...behind),
      iteratorAgeMs: isStream(document.source) ? Math.max(0, ...flows.map((flow) => flow.iteratorAgeMs ?? 0)) : null,
    }
  }
}
