import type { UpstreamMappings } from '../ports.ts'
import { withUpstream } from './adopt-changes.ts'
import { AdoptionWatch, type AdoptionParts } from './adopt.ts'
import type { Mappings } from './mappings.ts'
import type { Registry } from './registry.ts'

/** What the service starts and stops of `--adopt`. */
export interface Adoption extends Pick<AdoptionWatch, 'start' | 'stop' | 'leave'> {
  /** The mappings as the API sees and changes them. */
  readonly mappings: Mappings
}

type Parts = Omit<AdoptionParts, 'upstream' | 'registry'> & {
  readonly registry: Registry
  /** null: there is no Lambda endpoint that has mappings of these sources. */
  readonly upstream: UpstreamMappings | null
}

export function createAdoption(parts: Parts): Adoption {
  const { upstream, registry, log, mode } = parts
  if (upstream !== null) {
    const watch = new AdoptionWatch({ ...parts, upstream })
    return {
      mappings: withUpstream({ registry, upstream, watch, log }),
      start: () => watch.start(),
      stop: () => watch.stop(),
      leave: (signal) => watch.leave(signal),
    }
  }
  return {
    mappings: registry,
    start() {
      if (mode === 'off') return
      log.warn(
        {},
        '--adopt does nothing: the Lambda endpoint is AWS itself and the queues and streams are elsewhere. Set aws.endpoints.lambda.',
      )
    },
    stop: () => Promise.resolve(),
    leave: () => Promise.resolve(),
  }
}
