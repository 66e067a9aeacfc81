import { probeEndpoints as probe } from './access/endpoint-probe.ts'
import type { EndpointProbe } from './model/endpoint-probe.ts'
import { examineMapping } from './api/examination.ts'
import { probeListening } from './api/listening.ts'
import { connect } from './connections.ts'
import { lookAtDestination } from './destinations/destination-look.ts'
import { systemClock } from './engine/system-clock.ts'
import type { MappingExamination } from './model/examination.ts'
import type { ServiceSettings } from './model/settings.ts'
import { silentLog } from './observe/log.ts'

// What can be said of settings before a service runs by them: `millrace doctor` asks.

/** Looks at every endpoint and function that the settings name, in the service's own way; what throws is the trust. */
export function probeEndpoints(settings: ServiceSettings): Promise<readonly EndpointProbe[]> {
  return probe(settings)
}

/** Looks at source, function and destination of every mapping of the file, in the service's own way. */
export async function examineMappings(settings: ServiceSettings): Promise<readonly MappingExamination[]> {
  const connections = await connect(settings, systemClock, { log: silentLog })
  const { access, opener, target } = connections
  const examiners = {
    opener,
    functions: target,
    lookAtDestination: (arn: string, signal: AbortSignal) => lookAtDestination(access, arn, signal),
  }
  try {
    return await Promise.all(settings.mappings.map((mapping) => examineMapping(mapping, examiners)))
  } finally {
    await connections.close()
  }
}

/** What a start would say of its port; undefined: nothing. */
export function probePort({ server }: ServiceSettings): Promise<string | undefined> {
  return probeListening(server)
}
