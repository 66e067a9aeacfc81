import type { ServiceSettings } from '../model/settings.ts'
import type { MillraceHandle } from '../service.ts'

export type ServiceStarter = (settings: ServiceSettings) => Promise<MillraceHandle>

/** The command line's only way to the service. It is loaded when it is asked for: help and the small commands do without. */
export async function loadService(): Promise<ServiceStarter> {
  const { startMillrace } = await import('../service.ts')
  return (settings) => startMillrace({ settings })
}
