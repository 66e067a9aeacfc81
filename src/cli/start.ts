import type { ServiceSettings } from '../model/settings.ts'
import type { SourceKind } from '../model/source.ts'
import type { MillraceHandle } from '../service.ts'

export interface Service {
  readonly start: (settings: ServiceSettings) => Promise<MillraceHandle>
  /** Whether a filter pattern is one that this source's filters understand. */
  readonly checkPattern: (source: SourceKind, pattern: string) => boolean
  /** A look at every endpoint and function that the settings name. Rejects when the trust cannot be used. */
  readonly probeEndpoints: (settings: ServiceSettings) => Promise<readonly Probe[]>
}

export interface Probe {
  readonly what: string
  readonly url: string
  /** null: it can be reached. */
  readonly failure: string | null
}

/** The command line's only way to the service. It is loaded when it is asked for: help and the small commands do without. */
export async function loadService(): Promise<Service> {
  const { startMillrace, checkPattern, probeEndpoints } = await import('../service.ts')
  return { start: (settings) => startMillrace({ settings }), checkPattern, probeEndpoints }
}
