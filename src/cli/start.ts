import type { EndpointProbe } from '../model/endpoint-probe.ts'
import type { MappingExamination } from '../model/examination.ts'
import type { ServiceSettings } from '../model/settings.ts'
import type { SourceKind } from '../model/source.ts'
import type { MillraceHandle } from '../service.ts'

export interface Service {
  readonly start: (settings: ServiceSettings) => Promise<MillraceHandle>
  /** Whether a filter pattern is one that this source's filters understand. */
  readonly checkPattern: (source: SourceKind, pattern: string) => boolean
  /** What a start would say of its port; undefined: nothing. */
  readonly probePort: (settings: ServiceSettings) => Promise<string | undefined>
  /** A look at source, function and destination of every mapping of the file. */
  readonly examineMappings: (settings: ServiceSettings) => Promise<readonly MappingExamination[]>
  /** A look at every endpoint and function that the settings name. Rejects when the trust cannot be used. */
  readonly probeEndpoints: (settings: ServiceSettings) => Promise<readonly EndpointProbe[]>
}

/** The command line's only way to the service. It is loaded when it is asked for: help and the small commands do without. */
export async function loadService(): Promise<Service> {
  const { checkPattern, startMillrace } = await import('../service.ts')
  const { examineMappings, probeEndpoints, probePort } = await import('../inspection.ts')
  const start = (settings: ServiceSettings) => startMillrace({ settings })
  return { start, checkPattern, examineMappings, probeEndpoints, probePort }
}
