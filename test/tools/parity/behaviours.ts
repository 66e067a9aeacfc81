import type { Chapter } from './behaviour.ts'
import { access, functionsAndUpstream } from './behaviours/access.ts'
import { apiErrors } from './behaviours/api-errors.ts'
import { apiMappings } from './behaviours/api-mappings.ts'
import { apiParameters } from './behaviours/api-parameters.ts'
import { filterPatterns } from './behaviours/filters.ts'
import { limitsAndMetrics } from './behaviours/limits-and-metrics.ts'
import { queueBehaviours } from './behaviours/queues.ts'
import { streamBehaviours } from './behaviours/streams.ts'
import { streamFailures } from './behaviours/stream-failures.ts'

export const chapters: readonly Chapter[] = [
  { title: 'Lambda API: operations and mappings', behaviours: apiMappings },
  { title: 'Lambda API: parameters', behaviours: apiParameters },
  { title: 'Lambda API: refusals', behaviours: apiErrors },
  { title: 'Queues', behaviours: queueBehaviours },
  { title: 'Streams', behaviours: streamBehaviours },
  { title: 'Streams: failures, windows, destinations', behaviours: streamFailures },
  { title: 'Filters', behaviours: filterPatterns },
  { title: 'Limits, metrics, functions', behaviours: limitsAndMetrics },
  { title: 'Functions of the config, and the Lambda endpoint behind', behaviours: functionsAndUpstream },
  { title: 'Access to AWS and to what stands in for it', behaviours: access },
]
