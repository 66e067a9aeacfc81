import type { ServiceSettings } from '../model/settings.ts'
import { startMillrace, type MillraceHandle } from '../service.ts'

/** The command line's only way to the service. */
export function startService(settings: ServiceSettings): Promise<MillraceHandle> {
  return startMillrace({ settings })
}
